"""`python -m rehearsal`: the local region by hand, and the whole experiment in one command."""

from __future__ import annotations

import sys

from commandline import interpreter

if __name__ == "__main__":
    interpreter.require()
    from rehearsal.cli import main

    sys.exit(main())
