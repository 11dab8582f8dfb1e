"""`python -m rehearsal`: the local region by hand, and the whole experiment in one command."""

from __future__ import annotations

import sys

from rehearsal.cli import main

if __name__ == "__main__":
    sys.exit(main())
