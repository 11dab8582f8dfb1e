"""A run is its files: what they hold can be read back whatever happened to whoever wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from loadtest.analysis import reading
from loadtest.analysis.summary import Measurements, summarise
from loadtest.cli import main
from loadtest.errors import EXIT_INVALID, ResultsError
from loadtest.models import RunSettings, RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES
from loadtest.runs import events, journal, paths, table
from loadtest.runs.recording import Exchange

SMOKE = PROFILES["smoke"]
BEGAN_MS = 1_790_000_000_000.0
MAGIC = b"\x1f\x8b\x08"
"""What every gzip member begins with."""


def line_of(one: Exchange) -> str:
    """A request as the recorder writes it."""
    raw = {
        "vu": one.user, "endpoint": one.endpoint, "arrived": one.arrived_ms, "start": one.start_ms,
        "ttfb": one.ttfb_ms, "total": one.total_ms, "status": one.status, "expected": one.expected,
        "error": one.error, "sent": one.sent, "instance": one.instance, "zone": one.zone,
        "version": one.version,
    }  # fmt: skip
    return json.dumps(raw) + "\n"


@pytest.fixture
def settings(make_measurements: Callable[..., Measurements]) -> RunSettings:
    return make_measurements([], SMOKE).settings


@pytest.fixture
def killed(
    tmp_path: Path, make_users: Callable[..., list[Exchange]], settings: RunSettings
) -> Path:
    """The files of a run whose program was killed: no run.json, the last request half-written."""
    directory = tmp_path / "killed"
    directory.mkdir()
    (directory / paths.SETTINGS).write_text(settings.model_dump_json())
    exchanges = make_users(SMOKE)
    for begin in range(0, 400, 40):
        piece = "".join(line_of(one) for one in exchanges[begin : begin + 40])
        journal.append(directory / "requests.ndjson.gz", piece)
    file = directory / "requests.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-30])
    lines = [
        {"event": "phase", "index": 0, "name": "ramp", "at": BEGAN_MS},
        {"event": "beat", "at": BEGAN_MS + 1000, "worker": 1, "users": 5, "in_flight": 2,
         "lag_p99": 1.5, "lag_max": 9.0, "busy": 0.4},
        {"event": "usage", "at": BEGAN_MS + 1000, "cpu_s": 4.0, "rss": 1000},
        {"event": "usage", "at": BEGAN_MS + 2000, "cpu_s": 4.75, "rss": 2000},
    ]  # fmt: skip
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (directory / paths.GENERATOR).write_text(text + '{"event": "be')
    probes = '{"at": %f, "total": 2.0, "status": 200, "error": null}\n' % (BEGAN_MS + 500)
    journal.append(directory / "probes.ndjson.gz", probes)
    return directory


def test_a_killed_run_is_read_without_being_written(killed: Path):
    summary = reading.load_summary(killed)
    # The last piece of 40 was not whole; all before it was.
    assert 360 <= summary.requests.total < 400
    assert (summary.cut_short, summary.cut_reason) == (True, reading.RUNNER_DIED)
    assert summary.verdict.outcome == "invalid"
    assert summary.generator.cpu_peak_cores == 0.75
    assert summary.generator.peak_rss_bytes == 2000
    assert summary.probe is not None
    assert summary.probe.sent == 1
    assert len(reading.load_requests(killed)) == summary.requests.total
    assert not (killed / paths.SUMMARY).exists()


def test_recover_writes_it_down(killed: Path, capsys: pytest.CaptureFixture[str]):
    (killed / paths.CREDENTIALS).write_text("username,password\n")
    before = reading.load_summary(killed)
    assert main.main(["recover", str(killed)]) == EXIT_INVALID
    assert "invalid" in capsys.readouterr().out
    assert json.loads((killed / paths.SUMMARY).read_text())["cut_short"] is True
    assert reading.load_summary(killed) == before
    assert not (killed / paths.CREDENTIALS).exists()
    # It is no newest run that a report would take by itself.
    assert not (killed.parent / "latest-ha.json").exists()


@pytest.fixture
def whole(
    tmp_path: Path,
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    settings: RunSettings,
) -> Path:
    """The files of a run that went to its end."""
    directory = tmp_path / "whole"
    directory.mkdir()
    exchanges = make_users(SMOKE, ttfb_ms=996)
    measured = make_measurements(exchanges, SMOKE)
    (directory / paths.SETTINGS).write_text(settings.model_dump_json())
    paths.save_summary(directory, summarise(measured))
    for begin in range(0, len(exchanges), 100):
        piece = "".join(line_of(one) for one in exchanges[begin : begin + 100])
        journal.append(directory / "requests.ndjson.gz", piece)
    return directory


def test_a_table_knows_schedule_and_threshold_of_its_run(whole: Path):
    rows = reading.load_requests(whole)
    summary = reading.load_summary(whole)
    assert len(rows) == summary.requests.total == 466
    # The users of this run arrive to the millisecond when they are planned.
    assert np.allclose(rows.scheduled_ms, rows.start_ms, atol=0.01)
    slow = int(rows.is_(Outcome.SLOW).sum())
    assert slow == summary.requests.count(Outcome.SLOW) > 0
    assert np.all(rows.ttfb_ms[rows.is_(Outcome.SLOW)] > summary.slow_ms)


def test_a_late_users_requests_are_all_late(make_exchange: Callable[..., Exchange]):
    rows = table.from_exchanges(
        [
            make_exchange("b", arrived_ms=1_500.0, start_ms=1_501.0),
            make_exchange("a", arrived_ms=1_010.0, start_ms=1_010.0),
            make_exchange("a", arrived_ms=1_010.0, start_ms=2_000.0),
            make_exchange("c", arrived_ms=9_000.0, start_ms=9_000.0),
        ]
    ).scheduled(np.array([0.0, 0.5]), began_ms=1_000)
    assert rows.scheduled_ms[:3].tolist() == [1_000, 1_501, 1_990]
    # More users than were planned: nobody knows when these were due.
    assert np.isnan(rows.scheduled_ms[3])


def test_a_file_that_lost_its_end_is_not_taken_for_the_whole(whole: Path):
    file = whole / "requests.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(
        ResultsError, match=r"contains 4\d\d requests, but run.json counted 466: .*recover"
    ):
        reading.load_requests(whole)


def test_a_broken_file_is_told_and_what_came_before_is_kept(
    whole: Path, capsys: pytest.CaptureFixture[str]
):
    file = whole / "requests.ndjson.gz"
    pieces = file.read_bytes().split(MAGIC)[1:]
    raw = b"".join(
        [MAGIC + pieces[0], MAGIC + pieces[1], b"rubbish", *(MAGIC + p for p in pieces[2:])]
    )
    file.write_bytes(raw)
    with pytest.raises(ResultsError, match=r"is broken at line \d+: .*recover"):
        reading.load_requests(whole)

    assert main.main(["recover", str(whole)]) == EXIT_INVALID
    summary = reading.load_summary(whole)
    assert summary.requests.total == 200
    assert "is broken at line 200" in str(summary.cut_reason)
    assert len(reading.load_requests(whole)) == summary.requests.total
    assert (whole / "requests.ndjson.gz.broken").read_bytes() == raw
    assert (whole / "run.json.broken").exists()


def test_a_directory_that_is_no_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(ResultsError, match="contains no requests"):
        reading.load_requests(tmp_path)
    assert main.main(["recover", str(tmp_path)]) == 4
    assert "settings.json" in capsys.readouterr().err
    (tmp_path / paths.SETTINGS).write_text('{"id": 1}')
    with pytest.raises(ResultsError, match=r"settings.json is broken"):
        reading.load_settings(tmp_path)


def test_events_are_put_on_the_loads_clock(killed: Path):
    later = {"at": BEGAN_MS + 2_500, "until": BEGAN_MS + 4_000, "kind": "deployment", "name": "d-1"}
    first = {"at": BEGAN_MS + 1_250, "kind": "fault", "name": "terminate i-0a", "detail": "by hand"}
    text = f"{json.dumps(later)}\n{json.dumps(first)}\n"
    (killed / paths.EVENTS).write_text(text + '{"at": 1')
    found = reading.load_summary(killed).events
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
    assert reading.load_summary(directory) == golden[0]
    assert reading.load_summary(directory / "run.json") == golden[0]
    assert paths.latest(tmp_path, "single") == directory
    assert [p.name for p in directory.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "schema version None"),
        ('{"schema_version": 99}', "schema version 99"),
        ('{"schema_version": 1, "id": 3}', "not a run's summary"),
    ],
)
def test_a_broken_summary_is_told(tmp_path: Path, text: str, message: str):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ResultsError, match=message):
        reading.load_summary(tmp_path)
