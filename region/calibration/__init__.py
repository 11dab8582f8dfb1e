"""How fast a core of this computer is, in cores of the computer that a region emulates.

Instances are limited to their type's baseline: 0.10 of a vCPU for a t4g.nano. A core of this computer
does not do what a t4g's vCPU does, so at its start the region measures how much of a fixed piece of
work a core does here, and holds each instance to `baseline x factor`; while it runs, it follows how that
changes. docs/calibration.md has the reference, its sources and its uncertainty.
"""

from __future__ import annotations

from region.calibration.describe import describe
from region.calibration.measurement import measure
from region.calibration.meter import SpeedMeter
from region.calibration.record import (
    Calibration,
    CalibrationError,
    as_json,
    calibration_file,
    check_factor,
    chosen,
    factor_in,
    read,
    write,
)

__all__ = [
    "Calibration",
    "CalibrationError",
    "SpeedMeter",
    "as_json",
    "calibration_file",
    "check_factor",
    "chosen",
    "describe",
    "factor_in",
    "measure",
    "read",
    "write",
]
