"""The one error of the toolchain."""

from __future__ import annotations


class ToolError(Exception):
    """A tool is missing, too old or cannot be installed; the message names it and the remedy."""
