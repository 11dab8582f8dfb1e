"""The only error of the toolchain."""

from __future__ import annotations

from commandline.errors import UserError


class ToolError(UserError):
    """A tool is missing, too old or cannot be installed; the message names it and the remedy."""
