"""What a calibration found, its arithmetic, and the file that keeps it."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from commandline import files
from commandline.errors import UserError
from region import private
from region.calibration import reference

LEAST_FACTOR = 0.02
MOST_FACTOR = 50.0


class CalibrationError(UserError):
    """This computer could not be calibrated, or its calibration cannot be read."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What one worker of the measurement did on its CPU.

    Attributes:
        slices: Units of the fixed work and CPU seconds of each slice of uninterrupted work.
        cpu_s: CPU seconds of all slices.
        wall_s: How long these took, in seconds.
        bursts: Units and CPU seconds of work in bursts, as requests come.
    """

    slices: tuple[tuple[int, float], ...]
    cpu_s: float
    wall_s: float
    bursts: tuple[tuple[int, float], ...]


def _rates(measured: Sequence[tuple[int, float]]) -> list[float]:
    """Return units per CPU second, one by one."""
    return [units / seconds for units, seconds in measured]


def middle_mean(values: Sequence[float]) -> float:
    """Return the mean of the values without the smallest and the largest fifth of them.

    A core whose sibling works for another guest now and then has two speeds: their mean says how much it
    does, which a median does not. A single burst that an interrupt has hit says nothing.
    """
    left_out = len(values) // 5
    return statistics.fmean(sorted(values)[left_out : len(values) - left_out])


def _several(rates: Sequence[float]) -> Sequence[float]:
    """Return the rates, a single one twice: quantiles need two values."""
    return rates if len(rates) > 1 else [*rates, *rates]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How fast this computer's cores are, all of them at work.

    Attributes:
        measured_rate: Units of the fixed work per CPU second of a core of this computer, in bursts of
            a request's length: what an instance does.
        busy_rate: The same without interruption.
        spread: Half the distance between the 10th and the 90th percentile of slices of 60 ms, as a
            share of `busy_rate`.
        capacity_cores: CPU seconds per second that this process can get on all CPUs together, now.
        cpus: How many CPUs it may use.
        others_cores: What other processes used of them meanwhile, in cores.
        stolen_cores: What the hypervisor gave to other guests meanwhile, in cores.
        reference_rate: Units per CPU second of the reference core.
        chosen_factor: The factor that the user set instead, or None.
        at: When it was measured, in epoch seconds.
    """

    measured_rate: float
    busy_rate: float
    spread: float
    capacity_cores: float
    cpus: int
    others_cores: float = 0.0
    stolen_cores: float = 0.0
    reference_rate: float = reference.RATE
    chosen_factor: float | None = None
    at: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        """Reject what cannot have been measured."""
        numbers = asdict(self)
        factor = numbers.pop("chosen_factor")
        positive = ("measured_rate", "busy_rate", "capacity_cores", "cpus", "reference_rate")
        wrong = [
            f"{name} = {value!r}"
            for name, value in numbers.items()
            if not isinstance(value, int | float)
            or not math.isfinite(value)
            or value < 0
            or (name in positive and value == 0)
        ]
        if wrong:
            raise CalibrationError(
                f"A calibration with {', '.join(wrong)} is impossible: start the region again, which "
                "measures again."
            )
        if factor is not None:
            check_factor(factor)

    @property
    def measured_factor(self) -> float:
        """CPU seconds here that do what one CPU second of the reference core does."""
        return self.reference_rate / self.measured_rate

    @property
    def factor(self) -> float:
        """The factor that holds: the user's, else the measured one."""
        return self.chosen_factor if self.chosen_factor is not None else self.measured_factor


def check_factor(factor: object) -> None:
    """Check a factor that a user chose.

    Raises:
        CalibrationError: It is not a number, or none that a computer can have.
    """
    if not isinstance(factor, int | float) or not LEAST_FACTOR <= factor <= MOST_FACTOR:
        raise CalibrationError(
            f"CPU factor {factor!r} is impossible: give CPU seconds of this computer per CPU second of "
            f"a {reference.NAME}, {LEAST_FACTOR:g} to {MOST_FACTOR:g}, or let the region measure it."
        )


def evaluate(workers: Sequence[Worker], others_cores: float, stolen_cores: float) -> Calibration:
    """Return the calibration that follows from what each CPU's worker did.

    Rates are means over the CPUs, because an instance may run on any of them.

    Raises:
        CalibrationError: No worker measured anything.
    """
    measured = [w for w in workers if w.slices and w.bursts and w.wall_s > 0]
    if not measured:
        raise CalibrationError(
            "This computer's cores could not be measured: no process got any CPU time. Check the CPU "
            "limits of the session (`cat /proc/self/cgroup`), or set the factor: `--cpu-factor 1`."
        )
    busy = statistics.fmean(statistics.median(_rates(worker.slices)) for worker in measured)
    rates = [rate for worker in measured for rate in _rates(worker.slices)]
    tenths = statistics.quantiles(_several(rates), n=10, method="inclusive")
    return Calibration(
        measured_rate=statistics.fmean(middle_mean(_rates(w.bursts)) for w in measured),
        busy_rate=busy,
        spread=(tenths[-1] - tenths[0]) / 2 / busy,
        capacity_cores=sum(worker.cpu_s / worker.wall_s for worker in measured),
        cpus=len(workers),
        others_cores=others_cores,
        stolen_cores=stolen_cores,
    )


def chosen(calibration: Calibration, factor: float | None) -> Calibration:
    """Return the calibration with the user's factor, if there is one."""
    return replace(calibration, chosen_factor=factor)


def calibration_file(root: Path) -> Path:
    """Return the file in which the region in `root` keeps its calibration."""
    return root / "calibration.json"


def as_json(calibration: Calibration) -> dict[str, object]:
    """Return the content of the file; `factor` is in it for those who only read it."""
    return {**asdict(calibration), "factor": calibration.factor, "reference": reference.NAME}


def write(root: Path, calibration: Calibration) -> None:
    """Keep the calibration, atomically."""
    private.write(calibration_file(root), json.dumps(as_json(calibration), indent=2))


def read(root: Path) -> Calibration | None:
    """Return the calibration of the region in `root`; None if none was made.

    Raises:
        CalibrationError: The file is damaged.
    """
    file = calibration_file(root)
    try:
        content: dict[str, Any] = files.parse_json(files.read_text(file))
        fields = {name: content[name] for name in Calibration.__dataclass_fields__}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"{file} is damaged ({type(error).__name__}: {error}): stop the region and start it again, "
            "which measures again."
        ) from error
    return Calibration(**fields)


def factor_in(root: Path) -> float:
    """Return the factor of the region in `root`; 1 where nothing was measured.

    Raises:
        CalibrationError: The file is damaged.
    """
    found = read(root)
    return found.factor if found else 1.0
