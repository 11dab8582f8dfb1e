"""The error of this package."""

from __future__ import annotations

from region.machines.errors import MachineError


class ImageError(MachineError):
    """An image cannot be found, fetched or prepared; the message names it and the remedy."""
