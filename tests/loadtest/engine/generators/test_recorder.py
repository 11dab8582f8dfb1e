"""What a generator prints becomes the run's records."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from loadtest.engine.generators import recorder as recorders
from loadtest.engine.generators.recorder import Recorder
from loadtest.outcomes import Outcome
from loadtest.profiles import Phase, Profile
from loadtest.runs import paths
from loadtest.runs.journal import Journal
from loadtest.runs.recording import Beat, PhaseStart, Usage, events, exchanges

PROFILE = Profile("tiny", (Phase("ramp", 2, 1, 5), Phase("hold", 1, 5)))
LINE = {
    "vu": "1-1", "endpoint": "a", "arrived": 1000.0, "start": 1001.0, "ttfb": 5.0, "total": 6.0,
    "status": 200, "expected": True, "error": None, "sent": True, "instance": "i-0a", "zone": None,
    "version": None,
}  # fmt: skip


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def recorder(tmp_path: Path, complaints: list[str], monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setattr(recorders, "FLUSH_S", 0.01)
    monkeypatch.setattr(recorders, "BEAT_S", 0.05)
    used = iter(range(1000))

    def usage() -> Usage:
        return Usage(time.time() * 1000, float(next(used)) * 0.01, 1)

    made = Recorder(tmp_path, PROFILE, 2, usage, complaints.append)
    made.start()
    return made


def test_lines_become_requests_beats_and_phases(recorder: Recorder, tmp_path: Path):
    began = time.time() * 1000 - 2_500
    assert recorder.take(f"began {began}\n".encode())
    for late in (0.0, 2.0, 40.0):
        assert recorder.take(f"a {late}\n".encode())
    assert recorder.take(json.dumps(LINE, separators=(",", ":")).encode() + b"\n")
    refused = {**LINE, "vu": "1-2", "status": None, "expected": None, "error": "ECONNREFUSED"}
    assert recorder.take(json.dumps(refused, separators=(",", ":")).encode() + b"\n")
    assert recorder.take(b"e 1\n")
    assert recorder.take(b"s Invalid think time: x\n")
    assert not recorder.take(b"level=warning something else\n")
    assert not recorder.take(b"haproof: a request went to x\n")
    time.sleep(0.2)
    recorder.close()

    found = list(exchanges(Journal(tmp_path / f"{paths.REQUESTS}.gz")))
    assert [one.outcome for one in found] == [Outcome.GOOD, Outcome.REFUSED]
    assert [one.user for one in found] == ["1-1", "1-2"]
    happened = list(events(Journal(tmp_path / paths.GENERATOR)))
    phases = [one for one in happened if isinstance(one, PhaseStart)]
    assert [(one.index, one.name) for one in phases] == [(0, "ramp"), (1, "hold")]
    assert phases[1].at_ms == pytest.approx(began + 2000, abs=1)
    beats = [one for one in happened if isinstance(one, Beat)]
    assert (beats[0].users, beats[0].in_flight) == (3, 2)
    assert (beats[0].lag_p99_ms, beats[0].lag_max_ms) == (40.0, 40.0)
    assert any(0 < one.busy <= 1 for one in beats[1:])
    assert recorder.script_errors == {"Invalid think time: x": 1}


def test_users_that_end_during_a_beat_are_not_fewer_than_none(
    tmp_path: Path, complaints: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recorders, "FLUSH_S", 0.01)
    monkeypatch.setattr(recorders, "BEAT_S", 0.05)

    def usage() -> Usage:
        made.take(b"a 0.0\n")
        made.take(b"e 1\n")
        return Usage(time.time() * 1000, 0.01, 1)

    made = Recorder(tmp_path, PROFILE, 2, usage, complaints.append)
    made.start()
    time.sleep(0.3)
    made.close()
    beats = [one for one in events(Journal(tmp_path / paths.GENERATOR)) if isinstance(one, Beat)]
    assert {one.in_flight for one in beats} == {0}


def test_a_phase_is_noted_only_once_it_has_begun(recorder: Recorder, tmp_path: Path):
    recorder.take(f"began {time.time() * 1000}\n".encode())
    time.sleep(0.1)
    recorder.close()
    happened = list(events(Journal(tmp_path / paths.GENERATOR)))
    assert [one.name for one in happened if isinstance(one, PhaseStart)] == ["ramp"]


def test_what_cannot_be_written_is_complained_about(
    recorder: Recorder, tmp_path: Path, complaints: list[str]
):
    (tmp_path / f"{paths.REQUESTS}.gz").mkdir()
    recorder.take(b'{"vu": 1}\n')
    time.sleep(0.1)
    recorder.close()
    assert complaints == [f"cannot write {tmp_path / paths.REQUESTS}.gz: Is a directory"]
