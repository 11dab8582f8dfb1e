"""`python -m region`: the local region alone, without the experiment."""

from __future__ import annotations

import sys

from region.cli import main

if __name__ == "__main__":
    sys.exit(main())
