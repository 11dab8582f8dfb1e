"""An instance's root volume: a file system of its own, as large as EC2 was asked for."""

from __future__ import annotations

from region.machines.volumes.root_volume import (
    GIBIBYTE,
    LEAST_FREE_BYTES,
    RootVolume,
    require_space,
    why_none,
)

__all__ = ["GIBIBYTE", "LEAST_FREE_BYTES", "RootVolume", "require_space", "why_none"]
