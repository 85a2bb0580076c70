"""``python -m exporter`` is the command ``oran-mano-exporter``."""

import sys

from exporter.cli import main

sys.exit(main())
