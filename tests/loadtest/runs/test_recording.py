"""The recorder's lines are read back exactly, up to where a journal is damaged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import ResultsError
from loadtest.outcomes import Outcome
from loadtest.runs.journal import Journal
from loadtest.runs.recording import (
    Beat,
    Exchange,
    PhaseStart,
    Usage,
    WorkerError,
    exchanges,
    parse_event,
    parse_exchange,
)

LINE: dict[str, Any] = {
    "vu": "1-17",
    "endpoint": "login",
    "arrived": 1000.5,
    "start": 1002.25,
    "ttfb": 3.125,
    "total": 4.0,
    "status": 200,
    "expected": True,
    "error": None,
    "sent": True,
    "instance": "i-0a",
    "zone": "ap-northeast-2a",
    "version": "0123",
}
TEXT = json.dumps(LINE)


def test_a_line_becomes_an_exchange():
    one = parse_exchange(json.dumps(LINE))
    assert (one.user, one.ttfb_ms, one.outcome) == ("1-17", 3.125, Outcome.GOOD)
    assert one.ended_ms == 1006.25


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"vu": 1}', "not json"])
def test_other_text_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        parse_exchange(text)


def test_events_of_the_generator():
    beat = {"event": "beat", "at": 1.0, "worker": 1, "users": 5, "in_flight": 2}
    beat |= {"lag_p99": 1.5, "lag_max": 9.0, "busy": 0.4}
    assert parse_event(json.dumps(beat)) == Beat(1.0, 1, 5, 2, 1.5, 9.0, 0.4)
    phase = '{"event": "phase", "index": 1, "name": null, "at": 7}'
    assert parse_event(phase) == PhaseStart(7.0, 1, "phase 2")
    assert parse_event('{"event": "usage", "at": 7, "cpu_s": 1.5, "rss": 9}') == Usage(7.0, 1.5, 9)
    assert parse_event('{"event": "error", "at": 7, "message": "m"}') == WorkerError(7.0, "m")
    with pytest.raises(ValueError, match="unknown event"):
        parse_event('{"event": "surprise"}')


def test_a_slow_answer_is_slow_only_if_it_was_expected(make_exchange: Callable[..., Exchange]):
    assert make_exchange(ttfb_ms=1_000.0).outcome_within(1_000) is Outcome.GOOD
    assert make_exchange(ttfb_ms=1_000.1).outcome_within(1_000) is Outcome.SLOW
    assert make_exchange(ttfb_ms=1_000.1).outcome_within(None) is Outcome.GOOD
    late = make_exchange(ttfb_ms=2_000.0, status=503, expected=False)
    assert late.outcome_within(1_000) is Outcome.SERVER_ERROR


def read(file: Path) -> tuple[list[Exchange], str | None]:
    """The requests of a journal, and why they end early if they do."""
    journal = Journal(file)
    return list(exchanges(journal)), journal.damage


def test_a_saved_run_is_read_up_to_an_unfinished_end(tmp_path: Path):
    file = tmp_path / "requests.ndjson.gz"
    file.write_bytes(gzip.compress(f"{TEXT}\n{TEXT}\n{TEXT[:40]}".encode()))
    assert len(read(file)[0]) == 2
    file.write_bytes(gzip.compress(f"{TEXT}\n".encode()) + gzip.compress(TEXT.encode())[:-9])
    assert len(read(file)[0]) == 1


def test_a_broken_saved_run_names_the_line(tmp_path: Path):
    file = tmp_path / "requests.ndjson.gz"
    file.write_bytes(gzip.compress(f"{TEXT}\nrubbish\n".encode()))
    found, damage = read(file)
    assert len(found) == 1
    assert "broken at line 2" in str(damage)
    with pytest.raises(ResultsError, match="cannot read"):
        read(tmp_path / "absent.gz")
