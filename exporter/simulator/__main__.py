"""`python -m exporter.simulator`."""

import sys

from exporter.simulator import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
