"""What the reference core does: one vCPU of a t4g, an AWS Graviton2 core at 2.5 GHz.

The sources and the arithmetic are in docs/calibration.md; `python -m benchmarks.reference_core`
repeats it.
"""

from __future__ import annotations

from typing import Final

RATE: Final = 5_300.0
"""Units of the fixed work per CPU second, by CPython 3.12 built with profile and link-time optimization."""

UNCERTAINTY: Final = 1.20
"""The true rate is between RATE / UNCERTAINTY and RATE x UNCERTAINTY."""

NAME: Final = "t4g vCPU (Graviton2, Neoverse N1, 2.5 GHz)"
"""The reference core, in reports."""
