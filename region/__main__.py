"""`python -m region`: the local region alone, without the experiment."""

from __future__ import annotations

import sys

from commandline import interpreter

if __name__ == "__main__":
    interpreter.require()
    from region.cli import main

    sys.exit(main())
