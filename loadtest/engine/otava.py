"""Apache Otava, which detects change points in a history of runs (E-divisive, then Student's t).

It reads a CSV file and a configuration, and writes JSON: https://otava.apache.org. It is a program of its
own in an environment of its own, since what it requires is not what this project requires.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from loadtest.errors import LoadTestError

TEST: Final = "history"
LONGEST_S: Final = 300.0


class OtavaError(LoadTestError):
    """Otava failed, or said something that is not understood."""


class ChangePoint(NamedTuple):
    """One figure changed between two runs that follow each other."""

    number: int
    """The first run after the change, from 0."""
    figure: str
    before: float
    """The mean from the change before, or from the first run, up to this one."""
    after: float


def find(
    command: Sequence[str], times: Sequence[datetime], columns: Mapping[str, Sequence[float]]
) -> list[ChangePoint]:
    """Return where the figures changed, the oldest change first.

    Args:
        command: What starts Otava.
        times: When each run began, in ascending order.
        columns: By figure, the value of each run; lower ones are better.

    Raises:
        OtavaError: It failed, took longer than five minutes, or wrote something else.
    """
    with tempfile.TemporaryDirectory(prefix="haproof-otava-") as name:
        directory = Path(name)
        data, config = directory / "history.csv", directory / "otava.yaml"
        _write(data, times, columns)
        config.write_text(yaml.safe_dump(_config(data, list(columns))), encoding="utf-8")
        said = _run([*command, "analyze", TEST, "--config-file", str(config)], directory)
    return _read(said)


def _write(path: Path, times: Sequence[datetime], columns: Mapping[str, Sequence[float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", *columns])
        for number, at in enumerate(times):
            row = [f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"]
            writer.writerow([*row, *(repr(values[number]) for values in columns.values())])


def _config(data: Path, figures: Sequence[str]) -> dict[str, Any]:
    test = {
        "type": "csv",
        "file": str(data),
        "time_column": "time",
        "attributes": [],
        "metrics": {name: {"column": name, "direction": -1, "scale": 1} for name in figures},
        "csv_options": {"delimiter": ",", "quote_char": '"'},
    }
    return {"tests": {TEST: test}}


def _run(command: Sequence[str], directory: Path) -> str:
    # A configuration of the user's own in the home directory would be mixed in.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTAVA_")}
    everything = ("--output", "json", "--since", "1970-01-01 00:00:00")
    try:
        done = subprocess.run(
            [*command, *everything],
            check=False,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            env={**kept, "HOME": str(directory)},
        )
    except subprocess.TimeoutExpired as error:
        raise OtavaError(
            f"Otava took longer than {LONGEST_S:g} s; give fewer runs: --limit"
        ) from error
    except OSError as error:
        raise OtavaError(f"cannot start Otava ({command[0]}): {error.strerror}") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OtavaError(f"Otava ended with exit code {done.returncode}: {last}")
    return done.stdout


def _read(said: str) -> list[ChangePoint]:
    try:
        groups = json.loads(said)[TEST]
        found = [
            ChangePoint(
                int(one["index"]),
                str(one["metric"]),
                float(one["mean_before"]),
                float(one["mean_after"]),
            )
            for group in groups
            for one in group["changes"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise OtavaError(f"Otava's answer is not understood: {said.strip()[:200]!r}") from error
    return sorted(found)
