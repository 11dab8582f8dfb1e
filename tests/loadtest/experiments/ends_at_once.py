"""A script that somebody names as a module: it ends the program as it is imported."""

from __future__ import annotations

import sys

sys.exit("of a script")
