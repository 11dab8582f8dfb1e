"""What a fleet makes of its workers: a common beginning, one run's files, and no missing worker."""

from __future__ import annotations

import errno
import gzip
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from loadtest.engine.generators.base import Load, Turn
from loadtest.engine.workers import clocks, shares
from loadtest.engine.workers.fleet import Fleet, Start, Worker
from loadtest.errors import ResultsError
from loadtest.profiles import Phase, Profile
from loadtest.runs import journal, paths
from loadtest.runs.recording import Usage

LOAD = Profile("ours", (Phase("ramp", 4, 1, 9), Phase("hold", 3, 8)))


class Played:
    """A worker's process, as far as a fleet sees it."""

    def __init__(self, number: int) -> None:
        self.pids: Sequence[int] = (1000 + number,)
        self.complaint: str | None = None
        self.script_errors: Mapping[str, int] = {"no such URL": number}
        self.status: int | None = None
        self.stopped = False

    def poll(self) -> int | None:
        return self.status

    def usage(self) -> Usage | None:
        return None if self.status is not None else Usage(0, 1.5, 100)

    def stop(self) -> None:
        self.stopped = True

    def last_lines(self) -> str:
        return "  the end"


def request(user: str, *, sent: bool = True) -> str:
    """A line of a worker's recorder."""
    times = {"arrived": 1000.0, "start": 1001.0, "ttfb": 2.5, "total": 3.0}
    answer = {"status": 200, "expected": True, "error": None}
    return json.dumps({"vu": user, "endpoint": "/", **times, **answer, "sent": sent}) + "\n"


class Stage:
    """A fleet of three, and what its workers would write."""

    def __init__(self, directory: Path, start: Start | None = None) -> None:
        self.directory = directory
        self.played = [Played(number) for number in (1, 2, 3)]
        self.workers = [self._worker(number, one) for number, one in enumerate(self.played, 1)]
        self.fleet = Fleet(directory, LOAD, self.workers, start)

    def _worker(self, number: int, played: Played) -> Worker:
        mine = self.directory / f"worker-{number}"
        mine.mkdir()
        share = shares.share(LOAD, number, 3)
        load = Load(mine, "http://127.0.0.1", cast("Any", None), share, cast("Any", None))
        return Worker(load, Turn(number, mine / "ready", mine / "begin"), played)

    def all_ready(self) -> list[float]:
        """Let all be ready, and return when each was told to begin, epoch ms."""
        for one in self.workers:
            one.turn.ready.write_text("1.0")
        told = [one.turn.begin for one in self.workers]
        await_until(lambda: all(file.exists() for file in told))
        return [float(file.read_text()) for file in told]

    def record(self, number: int, *users: str) -> None:
        """A worker records a request of each user, and its phases."""
        mine = self.workers[number - 1].load
        lines = "".join(request(user) for user in users)
        journal.append(mine.directory / f"{paths.REQUESTS}.gz", lines)
        events = [
            {"event": "phase", "index": index, "name": phase.name, "at": 1000.0 * index}
            for index, phase in enumerate(mine.profile.phases)
        ]
        text = "".join(f"{json.dumps(one)}\n" for one in [*events, {"event": "beat"}])
        (mine.directory / paths.GENERATOR).write_text(text)

    def report(self, number: int, started: int, requests: int = 0) -> None:
        """A worker ends well, with Artillery's report."""
        mine = self.workers[number - 1].load.directory
        counters = {"vusers.created": started, "http.requests": requests}
        (mine / paths.ARTILLERY_REPORT).write_text(
            json.dumps({"aggregate": {"counters": counters}})
        )
        self.played[number - 1].status = 0

    def planned(self, number: int) -> int:
        return self.workers[number - 1].load.profile.planned_users


def await_until(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def stage(tmp_path: Path) -> Any:
    made = Stage(tmp_path)
    yield made
    made.fleet.stop()


def test_nobody_begins_before_all_are_ready_and_then_a_visitor_apart(stage: Stage):
    stage.workers[0].turn.ready.write_text("1.0")
    time.sleep(0.2)
    assert not stage.workers[0].turn.begin.exists()

    first, second, third = stage.all_ready()

    assert first > time.time() * 1000
    assert (second - first, third - first) == pytest.approx((1000 / 9, 2000 / 9), abs=0.01)


def test_the_run_s_files_are_the_workers_together(stage: Stage):
    stage.all_ready()
    stage.record(1, "a", "b")
    stage.record(2, "c")
    stage.record(3, "d")
    for number, requests in ((1, 2), (2, 1), (3, 1)):
        stage.report(number, stage.planned(number), requests)

    assert stage.fleet.poll() == 0
    assert stage.fleet.complaint is None
    with gzip.open(stage.directory / f"{paths.REQUESTS}.gz", "rt") as file:
        assert sorted(json.loads(line)["vu"] for line in file) == ["a", "b", "c", "d"]
    events = [json.loads(line) for line in (stage.directory / paths.GENERATOR).open()]
    # The phases are the load's, once; the beats are everybody's.
    phases = [(one["index"], one["name"]) for one in events if one["event"] == "phase"]
    assert phases == [(0, "ramp"), (1, "hold")]
    assert sum(one["event"] == "beat" for one in events) == 3
    totals = json.loads((stage.directory / paths.TOTALS).read_text())["counters"]
    assert totals == {"vusers.created": LOAD.planned_users, "http.requests": 4}


def test_a_worker_that_started_other_than_its_share_is_named(stage: Stage):
    stage.all_ready()
    stage.report(1, stage.planned(1) + 1)
    stage.report(2, stage.planned(2) - 1)
    stage.report(3, stage.planned(3))

    assert stage.fleet.poll() == 0
    planned = stage.planned(1)
    assert stage.fleet.complaint == f"worker-1 started {planned + 1} of its {planned} visitors"


def test_a_killed_worker_ends_the_load(stage: Stage):
    stage.played[1].status = -9

    assert stage.fleet.poll() == -9
    assert stage.fleet.complaint == "worker-2 of 3 ended with status -9"
    stage.fleet.stop()
    assert all(one.stopped for one in stage.played)


def test_why_a_worker_ended_is_said_where_it_is_known(stage: Stage):
    stage.played[1].status, stage.played[1].complaint = 137, "its task ended: OutOfMemory"

    assert stage.fleet.poll() == 137
    assert stage.fleet.complaint == "worker-2: its task ended: OutOfMemory"


def test_a_worker_that_left_no_report_is_named(stage: Stage):
    stage.all_ready()
    for number in (1, 2):
        stage.report(number, stage.planned(number))
    stage.played[2].status = 0

    stage.fleet.poll()
    assert stage.fleet.complaint == f"worker-3 started 0 of its {stage.planned(3)} visitors"


@pytest.mark.parametrize(
    ("recorded", "counted"),
    [
        (["a", "a"], 1),  # one record twice
        (["a"], 2),  # one is missing
    ],
)
def test_a_worker_whose_records_are_not_what_it_counted_is_named(
    stage: Stage, recorded: list[str], counted: int
):
    stage.all_ready()
    stage.record(2, *recorded)
    for number, requests in ((1, 0), (2, counted), (3, 0)):
        stage.report(number, stage.planned(number), requests)

    assert stage.fleet.poll() == 0
    assert stage.fleet.complaint == (
        f"worker-2 recorded {len(recorded)} requests, of {counted} that it counted"
    )


def test_a_file_of_records_that_ends_in_the_middle_of_a_piece_is_noticed(stage: Stage):
    stage.all_ready()
    stage.record(2, "a", "b")
    stage.record(2, "c")
    file = stage.workers[1].load.directory / f"{paths.REQUESTS}.gz"
    os.truncate(file, file.stat().st_size - 40)
    for number, requests in ((1, 0), (2, 3), (3, 0)):
        stage.report(number, stage.planned(number), requests)

    assert stage.fleet.poll() == 0
    assert stage.fleet.complaint == "worker-2 recorded 2 requests, of 3 that it counted"


def test_a_record_that_stands_for_another_is_noticed(stage: Stage):
    """One twice and one missing are as many as were counted."""
    stage.all_ready()
    stage.record(2, "a", "a")
    for number, requests in ((1, 0), (2, 2), (3, 0)):
        stage.report(number, stage.planned(number), requests)

    assert stage.fleet.poll() == 0
    assert stage.fleet.complaint == "worker-2 recorded a request twice: /"


def test_two_workers_that_are_the_same_one_are_noticed(stage: Stage):
    stage.all_ready()
    for number, users in ((1, "ab"), (2, "c"), (3, "db")):
        stage.record(number, *users)
        stage.report(number, stage.planned(number), len(users))

    assert stage.fleet.poll() == 0
    assert stage.fleet.complaint == "worker-1 and worker-3 recorded the same visitor"


@pytest.mark.parametrize("line", ["[]", '{"event": "phase"}', '{"at": 1', "7", "null"])
def test_an_event_of_another_form_is_a_complaint(stage: Stage, line: str):
    stage.all_ready()
    (stage.workers[0].load.directory / paths.GENERATOR).write_text(f"{line}\n")
    await_until(lambda: stage.fleet.complaint)
    assert "a worker recorded something unreadable" in str(stage.fleet.complaint)


@pytest.mark.parametrize(
    "report", ["{", "[]", "{}", '{"aggregate": null}', '{"aggregate": {"counters": [1]}}']
)
def test_a_worker_whose_report_is_damaged_is_named(stage: Stage, report: str):
    stage.all_ready()
    for number in (1, 2, 3):
        stage.report(number, stage.planned(number))
    (stage.workers[1].load.directory / paths.ARTILLERY_REPORT).write_text(report)

    assert stage.fleet.poll() == 0
    assert stage.fleet.complaint == f"worker-2 started 0 of its {stage.planned(2)} visitors"


def test_a_full_disk_of_the_run_is_a_complaint(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    stage.all_ready()
    monkeypatch.setattr(journal, "append", full)
    own = stage.workers[0].load.directory / f"{paths.REQUESTS}.gz"
    own.write_bytes(gzip.compress(request("a").encode()))
    await_until(lambda: stage.fleet.complaint)
    file = stage.directory / f"{paths.REQUESTS}.gz"
    assert stage.fleet.complaint == f"cannot write {file}: No space left on device"


def test_what_is_no_record_is_a_complaint(stage: Stage):
    stage.all_ready()
    (stage.workers[2].load.directory / f"{paths.REQUESTS}.gz").write_bytes(b"not gzip")
    await_until(lambda: stage.fleet.complaint)
    assert "a worker recorded something unreadable" in str(stage.fleet.complaint)


def test_a_request_that_was_not_sent_is_in_no_count(stage: Stage):
    stage.all_ready()
    lines = "".join(request("a", sent=sent) for sent in (True, False))
    journal.append(stage.workers[0].load.directory / f"{paths.REQUESTS}.gz", lines)
    for number, requests in ((1, 1), (2, 0), (3, 0)):
        stage.report(number, stage.planned(number), requests)

    assert stage.fleet.poll() == 0
    assert stage.fleet.complaint is None


def test_a_worker_that_ends_well_before_anything_began_ends_the_load(stage: Stage):
    stage.played[2].status = 0

    assert stage.fleet.poll() != 0
    assert stage.fleet.complaint == "worker-3 of 3 ended before the load began"


@pytest.mark.parametrize(("ahead_ms", "said"), [(3_000, "ahead of"), (-3_000, "behind")])
def test_a_worker_with_another_clock_lets_nobody_begin(stage: Stage, ahead_ms: int, said: str):
    for one in stage.workers:
        now_ms = time.time() * 1000 + (ahead_ms if one.turn.worker == 2 else 0)
        one.turn.dated.touch()
        one.turn.ready.write_text(f"{now_ms} {now_ms + 5}")
    await_until(lambda: stage.fleet.complaint)

    assert str(stage.fleet.complaint).startswith("worker-2: its clock is ")
    assert f"{said} this computer's" in str(stage.fleet.complaint)
    assert not any(one.turn.begin.exists() for one in stage.workers)


def test_a_worker_that_was_kept_waiting_has_no_wrong_clock(stage: Stage):
    turn = stage.workers[0].turn
    turn.dated.touch()
    now_ms = turn.dated.stat().st_mtime * 1000
    # It was not let run for two seconds before, and for three after it wrote the file.
    turn.ready.write_text(f"{now_ms - 2_000} {now_ms + 3_000}")
    assert clocks.offset_ms(turn) == 0.0
    turn.ready.write_text("1.0")  # of a worker elsewhere
    assert clocks.offset_ms(turn) == 0.0


def test_a_worker_that_hangs_is_named(tmp_path: Path):
    stage = Stage(tmp_path, Start(head_start_s=0.0, silent_s=0.5))
    stage.all_ready()
    files = [one.load.directory / paths.GENERATOR for one in stage.workers]

    def beat() -> str | None:
        for number in (0, 2):
            with files[number].open("a") as file:
                file.write(json.dumps({"event": "beat"}) + "\n")
        return stage.fleet.complaint

    await_until(beat)
    assert stage.fleet.complaint == "worker-2 hangs: nothing was heard of it for 0.5 s"
    stage.fleet.stop()


def test_a_full_disk_before_the_beginning_is_a_complaint(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Path, text: str) -> None:
        raise ResultsError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(paths, "write_text", full)
    for one in stage.workers:
        one.turn.ready.write_text("1.0")
    await_until(lambda: stage.fleet.complaint)
    assert "No space left on device" in str(stage.fleet.complaint)


def test_what_workers_used_and_said_is_added_up(stage: Stage):
    assert stage.fleet.poll() is None
    used = stage.fleet.usage()
    assert used is not None
    assert (used.cpu_seconds, used.rss_bytes) == (4.5, 300)
    assert stage.fleet.pids == [1001, 1002, 1003]
    assert stage.fleet.script_errors == {"no such URL": 6}
    stage.played[2].complaint = "cannot write"
    assert stage.fleet.complaint == "worker-3: cannot write"
