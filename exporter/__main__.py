"""``python -m exporter`` is the command ``oran-mano-exporter``."""

import sys

from exporter.commands.main import main

sys.exit(main())
