"""The recorder's lines are read back exactly, and the classes of requests are complete."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import ResultsError
from loadtest.outcomes import TIMEOUT_CODES, Outcome, classify
from loadtest.recording import (
    Beat,
    Exchange,
    PhaseStart,
    Tail,
    WorkerError,
    parse_event,
    parse_exchange,
    read_exchanges,
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


def test_a_line_becomes_an_exchange():
    one = parse_exchange(json.dumps(LINE))
    assert (one.user, one.ttfb_ms, one.outcome) == ("1-17", 3.125, Outcome.GOOD)
    assert one.ended_ms == 1006.25


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"vu": 1}', "not json"])
def test_other_text_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        parse_exchange(text)


@pytest.mark.parametrize("code", sorted(TIMEOUT_CODES))
def test_every_name_of_a_timeout_is_a_timeout(code: str):
    assert classify(None, None, code) is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("status", "expected", "error", "outcome"),
    [
        (200, True, None, Outcome.GOOD),
        (404, True, None, Outcome.GOOD),
        (503, False, None, Outcome.SERVER_ERROR),
        (401, False, None, Outcome.CLIENT_ERROR),
        (302, False, None, Outcome.OTHER),
        (None, None, "ECONNREFUSED", Outcome.REFUSED),
        (None, None, "ECONNRESET", Outcome.RESET),
        (None, None, "EAI_AGAIN", Outcome.OTHER),
        # A 200 whose body never ended is no answer.
        (200, True, "ERR_SOCKET_TIMEOUT", Outcome.TIMEOUT),
    ],
)
def test_classes(status: int | None, expected: bool | None, error: str | None, outcome: Outcome):
    assert classify(status, expected, error) is outcome


def test_events_of_the_generator():
    beat = {"event": "beat", "at": 1.0, "worker": 1, "users": 5, "in_flight": 2}
    beat |= {"lag_p99": 1.5, "lag_max": 9.0, "busy": 0.4}
    assert parse_event(json.dumps(beat)) == Beat(1.0, 1, 5, 2, 1.5, 9.0, 0.4)
    phase = '{"event": "phase", "index": 1, "name": null, "at": 7}'
    assert parse_event(phase) == PhaseStart(7.0, 1, "phase 2")
    assert parse_event('{"event": "error", "at": 7, "message": "m"}') == WorkerError(7.0, "m")
    with pytest.raises(ValueError, match="unknown event"):
        parse_event('{"event": "surprise"}')


def test_tail_hands_out_whole_lines_only(tmp_path: Path):
    file = tmp_path / "requests.ndjson"
    tail = Tail(file)
    assert tail.lines() == []
    file.write_bytes(b"one\ntw")
    assert tail.lines() == ["one"]
    assert tail.lines() == []
    with file.open("ab") as sink:
        sink.write("o ä\n".encode()[:-2])
    assert tail.lines() == []
    with file.open("ab") as sink:
        sink.write("ä\n".encode()[-2:])
    assert tail.lines() == ["two ä"]


def saved(path: Path, text: str) -> Path:
    file = path / "requests.ndjson.gz"
    file.write_bytes(gzip.compress(text.encode()))
    return file


def test_a_saved_run_is_read_up_to_an_unfinished_last_line(
    tmp_path: Path, make_exchange: Callable[..., Exchange]
):
    whole = json.dumps(LINE)
    found = read_exchanges(saved(tmp_path, f"{whole}\n{whole}\n{whole[:40]}"))
    assert len(found) == 2
    assert found[0].endpoint == make_exchange(endpoint="login").endpoint


def test_a_broken_saved_run_names_the_line(tmp_path: Path):
    with pytest.raises(ResultsError, match="line 2"):
        read_exchanges(saved(tmp_path, f"{json.dumps(LINE)}\nrubbish\n"))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 1000)[:-9])
    with pytest.raises(ResultsError, match="cannot read"):
        read_exchanges(tmp_path / "cut.gz")
