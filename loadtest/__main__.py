"""`python -m loadtest`."""

from __future__ import annotations

import sys

from commandline import interpreter

if __name__ == "__main__":
    interpreter.require()
    from loadtest.cli.main import main

    sys.exit(main())
