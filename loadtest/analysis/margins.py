"""Margins: the largest change of each figure that does not matter, and what an interval says about it.

Two runs are equivalent in a figure if the whole interval of its change lies within the margin: both
one-sided tests (TOST, Schuirmann 1987) reject that the change is as large as the margin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import ValidationInfo, field_validator, model_serializer

from loadtest.analysis.inference import Interval
from loadtest.errors import LoadTestError
from loadtest.models import Record

ChangeOutcome = Literal["better", "worse", "equivalent", "inconclusive"]
MarginUnit = Literal["%", "pp", "ms"]

_DECIDING: Final[tuple[ChangeOutcome, ...]] = ("worse", "inconclusive", "better", "equivalent")
_MARGIN: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%|pp|ms)\s*")
_FORM: Final = (
    "write `10 %` or `2 ms` for a percentile and `0.5 pp` (percentage points) for a share"
)


class MarginError(LoadTestError):
    """A margin that cannot be read."""


class Margin(Record):
    """The largest change that does not matter, to either side; greater than 0.

    `%` is relative to the first run's figure, `pp` are percentage points of a share.
    """

    value: float
    unit: MarginUnit

    def __str__(self) -> str:
        """Return it as it is written in a file: `10 %`."""
        return f"{self.value:g} {self.unit}"

    @property
    def limit(self) -> float:
        """The margin in the unit of its interval: 0.1 for 10 %, 0.005 for 0.5 pp, ms as they are."""
        return self.value if self.unit == "ms" else self.value / 100


class Margins(Record):
    """A margin for each figure of a comparison: shares first, then percentiles of the latency."""

    failed_users: Margin = Margin(value=0.5, unit="pp")
    timeouts: Margin = Margin(value=0.5, unit="pp")
    server_errors: Margin = Margin(value=0.5, unit="pp")
    other_failures: Margin = Margin(value=0.5, unit="pp")
    endpoint_failures: Margin = Margin(value=0.5, unit="pp")
    """Failures of one endpoint, with `--by-endpoint`."""
    p50: Margin = Margin(value=10, unit="%")
    p95: Margin = Margin(value=10, unit="%")
    p99: Margin = Margin(value=10, unit="%")

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Any:
        return (
            _margin(str(info.field_name), value) if isinstance(value, str | int | float) else value
        )

    @model_serializer
    def _written(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in type(self).model_fields}

    def of(self, key: str) -> Margin:
        """Return the margin of a figure, such as `p99`."""
        return getattr(self, key)


PERCENTILES: Final = ("p50", "p95", "p99")


def _margin(name: str, text: str | float) -> Margin:
    """Read one margin.

    Raises:
        ValueError: It has another form, is 0, or its unit is not one of this figure.
    """
    found = _MARGIN.fullmatch(str(text))
    if found is None or float(found[1]) <= 0:
        raise ValueError(_FORM)
    if (found[2] == "pp") != (name not in PERCENTILES):
        raise ValueError(f"{_FORM}; this is a {'percentile' if name in PERCENTILES else 'share'}")
    return Margin.model_validate({"value": float(found[1]), "unit": found[2]})


def changed(margins: Margins, given: Iterable[str]) -> Margins:
    """Return margins with those of `--margin`: `p99=5%`, or `5%` for every figure with that unit.

    Raises:
        MarginError: One has another form, or names an unknown figure.
    """
    values: dict[str, Any] = dict(margins)
    for one in given:
        name, has_name, text = one.rpartition("=")
        key = name.strip().replace("-", "_")
        if has_name and key not in Margins.model_fields:
            known = ", ".join(field.replace("_", "-") for field in Margins.model_fields)
            raise MarginError(f"--margin {one!r}: there is no figure {name!r}; known are {known}")
        try:
            values.update({key: _margin(key, text)} if has_name else dict(_every(text)))
        except ValueError as error:
            raise MarginError(f"--margin {one!r}: {error}") from error
    return Margins.model_validate(values)


def _every(text: str) -> Iterable[tuple[str, Margin]]:
    """Return the margin for all figures that may have its unit."""
    of_share = text.strip().endswith("pp")
    names = [name for name in Margins.model_fields if (name in PERCENTILES) != of_share]
    return ((name, _margin(name, text)) for name in names)


def judge(change: Interval, relative: Interval | None, margin: Margin) -> ChangeOutcome:
    """Return what the interval of a change says; lower figures are better.

    A change that is shown, but is smaller than the margin, is equivalent: it does not matter.

    Args:
        change: In the figure's unit: a share, or ms.
        relative: The same as a share of the first figure; None for shares, whose margins are absolute.
        margin: What does not matter.
    """
    tested = relative if margin.unit == "%" else change
    if tested is not None and -margin.limit < tested.low and tested.high < margin.limit:
        return "equivalent"
    if not change.known or 0 in change:
        return "inconclusive"
    return "worse" if change.low > 0 else "better"


def worst(outcomes: Iterable[ChangeOutcome]) -> ChangeOutcome:
    """Return the outcome that decides about a whole table: worse, else inconclusive, else equivalent."""
    found = set(outcomes)
    known: list[ChangeOutcome] = [one for one in _DECIDING if one in found]
    return known[0] if known else "inconclusive"
