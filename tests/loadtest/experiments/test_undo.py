"""The fault journal: on disk before the fault, taken by one at a time, gone when all is back."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import ExperimentError
from loadtest.experiments import guard, recovery
from loadtest.experiments.undo import FaultJournal, Header, WayBack, unfinished_journals

HEADER = Header("one", 1, "ap-northeast-2", "http://127.0.0.1:9", "instance-dies")
BACK = WayBack("resume-processes", {"group": "g", "processes": ["Launch"]}, "g launches")


def test_what_is_noted_is_on_disk_and_read_back_by_another(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    first = journal.note(BACK)
    journal.note(WayBack("start-instances", {"instances": ["i-1"]}, "i-1 runs"))
    journal.done(first)
    journal.close()

    taken = FaultJournal.take(tmp_path / "faults/one.ndjson")

    assert taken is not None
    assert taken.header == HEADER
    assert [(number, one.what) for number, one in taken.to_put_back] == [(2, "i-1 runs")]
    taken.done(2)
    taken.close()
    assert unfinished_journals(tmp_path) == []


def test_the_latest_change_is_put_back_first(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path, HEADER)
    journal.note(BACK)
    journal.note(BACK)
    assert [number for number, _ in journal.to_put_back] == [2, 1]


def test_a_line_that_was_not_finished_announced_nothing_that_was_done(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path, HEADER)
    journal.note(BACK)
    journal._file.write('{"open": 2, "way_b')
    journal.close()
    taken = FaultJournal.take(tmp_path / "one.ndjson")
    assert taken is not None
    assert len(taken.to_put_back) == 1


def test_what_comes_after_an_unfinished_line_is_a_line_of_its_own(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path, HEADER)
    journal.note(BACK)
    journal.note(BACK)
    journal._file.write('{"open": 3, "way_b')
    journal.close()
    taken = FaultJournal.take(tmp_path / "one.ndjson")
    assert taken is not None
    taken.done(2)
    taken.close()
    again = FaultJournal.take(tmp_path / "one.ndjson")
    assert again is not None
    assert ([number for number, _ in again.to_put_back], again.unreadable) == ([1], [])


@pytest.mark.parametrize(
    "line",
    ["garbage", "[]", "5", '{"open": 1}', '{"open": "x", "way_back": 1}', '{"done": null}', "{}",
     '{"open": 7, "way_back": "resume-processes", "arguments": 5, "what": "w"}', "\udcff\udcfe"],
)  # fmt: skip
def test_of_a_damaged_journal_the_rest_is_put_back_and_the_damage_is_said(
    tmp_path: Path, line: str
) -> None:
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    os.write(journal._file.fileno(), line.encode("utf-8", "surrogateescape") + b"\n")
    journal.note(BACK)
    number = journal.note(WayBack("start-instances", {"instances": ["i-1"]}, "i-1 runs"))
    journal.done(number)
    journal._file.close()

    taken = FaultJournal.take(journal.path)

    assert taken is not None
    assert [one.what for _, one in taken.to_put_back] == ["g launches"]
    taken.done(1)
    taken.close()
    # It stays until somebody has looked: nobody may take it for an experiment that left nothing.
    assert unfinished_journals(tmp_path) == [journal.path]
    (found,) = recovery.recover(tmp_path)
    (said,) = found.left
    assert "line 2" in said
    assert str(journal.path) in said


@pytest.mark.parametrize("first", ["garbage", '{"header": {"id": "one"}}', '{"header": 5}'])
def test_a_journal_that_does_not_say_where_is_left_alone(tmp_path: Path, first: str) -> None:
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    journal.note(BACK)
    journal._file.close()
    lines = journal.path.read_text().splitlines()
    journal.path.write_text("\n".join([first, *lines[1:]]) + "\n")
    with pytest.raises(ExperimentError, match="does not say where the faults are"):
        recovery.recover(tmp_path)
    assert unfinished_journals(tmp_path) == [journal.path]


def test_a_journal_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faults" / "one.ndjson").mkdir(parents=True)
    with pytest.raises(ExperimentError, match="cannot read the fault journal"):
        recovery.recover(tmp_path)


def test_a_journal_without_room_on_disk_lets_no_fault_begin(tmp_path: Path) -> None:
    (tmp_path / "faults").write_text("a file, not a directory")
    with pytest.raises(ExperimentError, match="nothing was done"):
        FaultJournal.create(tmp_path / "faults", HEADER)


def test_nobody_takes_the_journal_of_an_experiment_under_way(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    journal.note(BACK)
    assert FaultJournal.take(journal.path) is None
    (found,) = recovery.recover(tmp_path)
    assert found.running


def _die_with_an_open_journal(directory: Path) -> None:
    journal = FaultJournal.create(directory, HEADER)
    journal.note(BACK)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_journal_that_another_removes_before_it_is_locked_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, removed = fcntl.flock, list[str]()

    def late(file: Any, how: int) -> None:
        if not removed:
            removed.append(file.name)
            recovery.remove_unfinished(tmp_path)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    assert unfinished_journals(tmp_path) == [journal.path]
    assert FaultJournal.take(journal.path) is None


def test_the_journal_of_a_killed_process_can_be_taken(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(
        target=_die_with_an_open_journal, args=(tmp_path,)
    )
    process.start()
    process.join()
    taken = FaultJournal.take(tmp_path / "one.ndjson")
    assert taken is not None
    assert len(taken.to_put_back) == 1


def test_the_guard_waits_for_the_end_and_finds_nothing_to_do(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    number = journal.note(BACK)
    command = [sys.executable, "-m", "loadtest.experiments.guard", str(journal.path)]
    waiting = subprocess.Popen(command)
    time.sleep(0.3)
    assert waiting.poll() is None
    journal.done(number)
    journal.close()
    assert waiting.wait(10) == 0


def test_the_guard_puts_back_what_a_killed_experiment_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    journal.note(BACK)
    journal._file.close()  # as the kernel does
    tries: list[int] = []

    def put_back(journal: FaultJournal) -> tuple[list[str], list[str]]:
        tries.append(1)
        if len(tries) < 2:
            return [], ["the region does not answer"]
        journal.done(1)
        return ["g launches"], []

    monkeypatch.setattr(recovery, "put_back", put_back)
    monkeypatch.setattr(guard, "PAUSE_S", 0.0)
    assert guard.main(tmp_path / "faults/one.ndjson") == 0
    assert len(tries) == 2
    assert unfinished_journals(tmp_path) == []


def test_faults_in_a_local_region_are_not_looked_for_on_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    journal.note(BACK)
    journal.close()
    with pytest.raises(ExperimentError, match="local region"):
        recovery.recover(tmp_path)
    assert len(unfinished_journals(tmp_path)) == 1


def test_a_journal_that_was_never_begun_is_removed_and_one_under_way_is_not(tmp_path: Path) -> None:
    directory = tmp_path / "faults"
    directory.mkdir()
    (directory / "died.part").write_text("")
    under_way = directory / "begins.part"
    with under_way.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert recovery.recover(tmp_path) == []
    assert list(directory.iterdir()) == [under_way]
