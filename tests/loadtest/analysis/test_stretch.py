"""A stretch of a run is a run of its own: its requests, its computer, its clock."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from loadtest.analysis import run_loading, stretch
from loadtest.analysis.measurements import STOPPED
from loadtest.experiments import load
from loadtest.runs import paths

BEGAN_MS = 1_790_000_000_000.0


@pytest.fixture
def run(killed: Path) -> Path:
    """A run with every kind of file that a stretch takes a part of."""
    for name in (paths.SCRIPT, paths.OUTPUTS):
        (killed / name).write_text(name)
    return killed


def test_a_stretch_has_what_was_recorded_in_its_time(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "own"
    target.mkdir()
    began, ended = BEGAN_MS + 1000, BEGAN_MS + 3000
    made = stretch.cut(run, target, load.hold(20, 2.0), began_ms=began, ended_ms=ended)

    whole, part = run_loading.load_requests(run), run_loading.load_requests(target)
    inside = (whole.start_ms >= began) & (whole.start_ms < ended)
    assert 0 < len(part) == int(inside.sum()) < len(whole)
    assert np.array_equal(part.start_ms, whole.start_ms[inside])
    assert run_loading.load_summary(target) == made
    assert (made.id, made.load_began_at.timestamp() * 1000) == ("own", began)
    assert made.requests.total == len(part)
    assert made.cut_reason is not None
    assert made.cut_reason.id == STOPPED
    assert made.profile.planned_users == 40
    # The probe was before it.
    assert made.probe is None
    assert (target / paths.SCRIPT).read_text() == paths.SCRIPT


def test_stretches_share_no_request(run: Path, tmp_path: Path) -> None:
    counts: list[int] = []
    for number in range(2):
        target = tmp_path / str(number)
        target.mkdir()
        began = BEGAN_MS + number * 2000
        times = {"began_ms": began, "ended_ms": began + 2000}
        counts.append(stretch.cut(run, target, load.hold(20, 2.0), **times).requests.total)
    whole = run_loading.load_requests(run)
    assert sum(counts) == int((whole.start_ms < BEGAN_MS + 4000).sum())


def test_a_run_without_requests_has_stretches_without_any(run: Path, tmp_path: Path) -> None:
    (run / f"{paths.REQUESTS}.gz").unlink()
    target = tmp_path / "own"
    target.mkdir()
    made = stretch.cut(run, target, load.hold(20, 2.0), began_ms=BEGAN_MS, ended_ms=BEGAN_MS + 2000)
    assert made.requests.total == 0
    shutil.rmtree(target)
