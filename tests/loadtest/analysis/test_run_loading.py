"""A run is its files: what they hold can be read back whatever happened to whoever wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from loadtest.analysis import load_windows, run_loading
from loadtest.errors import ResultsError
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES
from loadtest.runs import events, paths

SMOKE = PROFILES["smoke"]
BEGAN_MS = 1_790_000_000_000.0


def test_a_killed_run_is_read_without_being_written(killed: Path):
    summary = run_loading.load_summary(killed)
    # The last piece of 40 was not whole; all before it was.
    assert 360 <= summary.requests.total < 400
    assert (summary.cut_short, summary.cut_reason) == (True, run_loading.RUNNER_DIED)
    assert summary.verdict.outcome == "invalid"
    assert summary.generator.cpu_peak_cores == 0.75
    assert summary.generator.peak_rss_bytes == 2000
    assert summary.probe is not None
    assert summary.probe.sent == 1
    assert len(run_loading.load_requests(killed)) == summary.requests.total
    assert not (killed / paths.SUMMARY).exists()


def test_a_table_knows_schedule_and_threshold_of_its_run(whole: Path):
    rows = run_loading.load_requests(whole)
    summary = run_loading.load_summary(whole)
    assert len(rows) == summary.requests.total == 466
    # The users of this run arrive to the millisecond when they are planned.
    assert np.allclose(rows.scheduled_ms, rows.start_ms, atol=0.01)
    slow = int(rows.is_(Outcome.SLOW).sum())
    assert slow == summary.requests.count(Outcome.SLOW) > 0
    assert summary.slow_ms is not None
    assert np.all(rows.ttfb_ms[rows.is_(Outcome.SLOW)] > summary.slow_ms)


@pytest.mark.parametrize("read", [run_loading.load_requests, load_windows.read])
def test_a_file_that_lost_its_end_is_not_taken_for_the_whole(
    read: Callable[[Path], object], whole: Path
):
    file = whole / "requests.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(
        ResultsError, match=r"contains 4\d\d requests, but run.json counted 466: .*recover"
    ):
        read(whole)


def test_a_directory_without_a_run_is_rejected(tmp_path: Path):
    with pytest.raises(ResultsError, match="contains no requests"):
        run_loading.load_requests(tmp_path)
    (tmp_path / paths.SETTINGS).write_text('{"schema_version": 1}')
    with pytest.raises(
        ResultsError, match=r"settings.json has schema version 1, .* repeat the run"
    ):
        run_loading.load_settings(tmp_path)
    (tmp_path / paths.SETTINGS).write_text('{"schema_version": 2, "id": 1}')
    with pytest.raises(ResultsError, match=r"settings.json is broken"):
        run_loading.load_settings(tmp_path)


def test_events_are_put_on_the_loads_clock(killed: Path):
    later = {"at": BEGAN_MS + 2_500, "until": BEGAN_MS + 4_000, "kind": "deployment", "name": "d-1"}
    first = {"at": BEGAN_MS + 1_250, "kind": "fault", "name": "terminate i-0a", "detail": "by hand"}
    text = f"{json.dumps(later)}\n{json.dumps(first)}\n"
    (killed / paths.EVENTS).write_text(text + '{"at": 1')
    found = run_loading.load_summary(killed).events
    assert [(e.kind, e.at_s, e.until_s, e.detail) for e in found] == [
        ("fault", 1.25, None, "by hand"),
        ("deployment", 2.5, 4.0, ""),
    ]
    (killed / paths.EVENTS).write_text(text + '{"at": "noon", "kind": "fault", "name": "x"}\n')
    with pytest.raises(ResultsError, match=r"events.ndjson, line 3: not an event"):
        events.read(killed)


def save(base: Path, summary: RunSummary) -> Path:
    directory = base / summary.id
    directory.mkdir()
    paths.save_summary(directory, summary)
    return directory


def test_a_summary_survives_the_disk(tmp_path: Path, golden: tuple[RunSummary, RunSummary]):
    directory = save(tmp_path, golden[0])
    assert run_loading.load_summary(directory) == golden[0]
    assert run_loading.load_summary(directory / "run.json") == golden[0]
    assert paths.latest(tmp_path, "single") == directory
    assert [p.name for p in directory.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "schema version None"),
        ('{"schema_version": 99}', "schema version 99"),
        ('{"schema_version": 1}', "schema version 1, this program reads 2; repeat the run"),
        ('{"schema_version": 2, "id": 3}', "not a run's summary"),
        ('{"schema_version": NaN}', "not JSON: NaN is not a number"),
        ("[" * 100_000, "not JSON"),
        (f'{{"schema_version": {"9" * 5000}}}', "not JSON"),
    ],
)
def test_a_broken_summary_is_reported(tmp_path: Path, text: str, message: str):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ResultsError, match=message):
        run_loading.load_summary(tmp_path)


def test_a_summary_without_a_percentile_is_damaged_and_not_a_broken_promise(
    tmp_path: Path, golden: tuple[RunSummary, RunSummary]
):
    content = json.loads(golden[1].model_dump_json())
    del content["latency"]["censored"]["p99"]
    (tmp_path / "run.json").write_text(json.dumps(content))
    with pytest.raises(ResultsError, match="latency lacks p99"):
        run_loading.load_summary(tmp_path)


def test_an_old_run_that_was_too_short_is_not_called_invalid(tmp_path: Path, golden_base: Path):
    raw = json.loads(next(golden_base.glob("*-ha-seed/run.json")).read_text())
    raw["verdict"]["outcome"] = "invalid"
    file = tmp_path / paths.SUMMARY
    file.write_text(json.dumps(raw))
    assert run_loading.load_summary(file).verdict.outcome == "undecided"
    raw["validity"]["checks"][0]["passed"] = False
    file.write_text(json.dumps(raw))
    assert run_loading.load_summary(file).verdict.outcome == "invalid"
