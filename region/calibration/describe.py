"""A calibration in words, for terminals and logs. Reports have texts of their own."""

from __future__ import annotations

from region.calibration import reference
from region.calibration.record import Calibration

NOTICEABLE_CORES = 0.1
"""Less than that of others' CPU is what any computer has."""


def describe(found: Calibration) -> str:
    """Return one or two sentences about what was measured, and what disturbed it."""
    text = (
        f"{found.factor:.2f} CPU seconds here do the work of one of a {reference.NAME}: "
        f"{found.measured_rate:,.0f} units/s in bursts, {found.busy_rate:,.0f} without a pause, "
        f"spread {found.spread:.1%}, "
        f"{found.capacity_cores:.2f} of {found.cpus} CPUs available"
    )
    if found.chosen_factor is not None:
        text += f" (factor set by --cpu-factor; measured {found.measured_factor:.2f})"
    disturbances = [
        f"{what} {cores:.2f}"
        for what, cores in (
            ("other programs used", found.others_cores),
            ("the hypervisor took", found.stolen_cores),
        )
        if cores >= NOTICEABLE_CORES
    ]
    if disturbances:
        text += f". Meanwhile {' and '.join(disturbances)} of {found.cpus} CPUs"
    return text
