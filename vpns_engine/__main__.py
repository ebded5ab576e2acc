"""`python -m vpns_engine` is `vpns`."""

import sys

from vpns_engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
