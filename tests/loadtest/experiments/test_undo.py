"""The fault journal: on disk before the fault, taken by one at a time, gone when all is back."""

from __future__ import annotations

import contextlib
import fcntl
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
    os.write(journal._file.fileno(), b'{"open": 2, "way_b')
    journal.close()
    taken = FaultJournal.take(tmp_path / "one.ndjson")
    assert taken is not None
    assert len(taken.to_put_back) == 1


def test_what_comes_after_an_unfinished_line_is_a_line_of_its_own(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path, HEADER)
    journal.note(BACK)
    journal.note(BACK)
    os.write(journal._file.fileno(), b'{"open": 3, "way_b')
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


@pytest.mark.parametrize(
    "first",
    ["garbage", '{"header": {"id": "one"}}', '{"header": 5}', '{"header": [1]}',
     '{"header": {"id": "one", "pid": "1", "region": "r", "endpoint": null, "experiment": "e"}}',
     '{"header": {"id": "one", "pid": 1, "region": "r", "endpoint": 5, "experiment": "e"}}'],
)  # fmt: skip
def test_a_journal_that_does_not_say_where_is_left_alone(tmp_path: Path, first: str) -> None:
    journal = FaultJournal.create(tmp_path / "faults", HEADER)
    journal.note(BACK)
    journal._file.close()
    lines = journal.path.read_text().splitlines()
    journal.path.write_text("\n".join([first, *lines[1:]]) + "\n")
    (found,) = recovery.recover(tmp_path)
    assert "does not say where the faults are" in found.left[0]
    assert unfinished_journals(tmp_path) == [journal.path]


def test_what_a_newer_version_writes_into_a_header_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "one.ndjson"
    path.write_text(json.dumps({"header": {**vars(HEADER), "weather": "fine"}}) + "\n")
    taken = FaultJournal.take(path)
    assert taken is not None
    assert taken.header == HEADER


def left_by(results: Path, name: str, header: Header = HEADER) -> Path:
    """A journal of an experiment that was killed, with something to put back."""
    journal = FaultJournal.create(results / "faults", replace(header, id=name))
    journal.note(BACK)
    journal._file.close()
    return journal.path


def answers(monkeypatch: pytest.MonkeyPatch, endpoint: str | None, account: str = "1") -> list[str]:
    """Let calls go there; returns the list of journals that are put back, as they are."""
    done = list[str]()

    def put_back(_clients: Any, journal: FaultJournal) -> tuple[list[str], list[str]]:
        done.append(journal.header.id)
        for number, _ in journal.to_put_back:
            journal.done(number)
        return ["g launches"], []

    if endpoint is None:
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    else:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setattr(recovery.ways_back, "put_all_back", put_back)
    monkeypatch.setattr(recovery, "account_of", lambda _: account)
    return done


def test_a_journal_that_cannot_be_put_back_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = answers(monkeypatch, HEADER.endpoint)
    (tmp_path / "faults" / "a.ndjson").mkdir(parents=True)
    (tmp_path / "faults" / "b.ndjson").write_text("garbage\n")
    left_by(tmp_path, "c", replace(HEADER, endpoint=None))
    left_by(tmp_path, "d", replace(HEADER, endpoint="http://127.0.0.1:10"))
    left_by(tmp_path, "e")
    found = {one.id: one for one in recovery.recover(tmp_path)}
    assert done == ["e"]
    assert found["e"].put_back == ["g launches"]
    said = {name: found[name].left[0] for name in "abcd"}
    assert "cannot read the fault journal" in said["a"]
    assert "does not say where" in said["b"]
    assert "are in AWS" in said["c"]
    assert "are in the local region http://127.0.0.1:10" in said["d"]
    assert [name for name in found if found[name].elsewhere] == ["c", "d"]
    assert [one.stem for one in unfinished_journals(tmp_path)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("there", "here", "account", "elsewhere"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9/", "", False),
        ("http://127.0.0.1:9", "http://127.0.0.1:10", "", True),
        ("http://127.0.0.1:9", None, "", True),
        (None, "http://127.0.0.1:9", "1", True),
        (None, None, "1", False),
        (None, None, "2", True),
        # A journal of an older version does not name the account.
        (None, None, "", False),
    ],
)
def test_what_is_put_back_is_where_it_was_changed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    there: str | None,
    here: str | None,
    account: str,
    elsewhere: bool,
) -> None:
    # Names are the same in every region and account: elsewhere nothing seems to be left.
    left_by(tmp_path, "one", replace(HEADER, endpoint=there, account=account))
    done = answers(monkeypatch, here)
    (found,) = recovery.recover(tmp_path)
    assert found.elsewhere == elsewhere
    assert done == ([] if elsewhere else ["one"])
    assert len(unfinished_journals(tmp_path)) == elsewhere


@pytest.mark.parametrize("region", ["no where", "", "..", "ap-northeast-2\n"])
def test_a_region_that_is_none_leaves_its_journal_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(HEADER.endpoint))
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    left_by(tmp_path, "a", replace(HEADER, region=region))
    (tmp_path / "faults" / "b.ndjson").write_text("")
    first, second = recovery.recover(tmp_path)
    assert "not put back" in first.left[0] or "region" in first.left[0].lower()
    assert (second.id, second.left) == ("b", [])


def test_an_account_that_cannot_be_asked_leaves_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(tmp_path, "one", replace(HEADER, endpoint=None, account="1"))
    answers(monkeypatch, None)

    def refuse(_: Any) -> str:
        raise ExperimentError("no credentials")

    monkeypatch.setattr(recovery, "account_of", refuse)
    (found,) = recovery.recover(tmp_path)
    assert "no credentials" in found.left[0]
    assert len(unfinished_journals(tmp_path)) == 1


def test_what_a_guard_puts_back_is_no_experiment_under_way(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    header = replace(HEADER, pid=ended.pid, stack="ha")
    journal = FaultJournal.create(tmp_path / "faults", header)
    journal.note(BACK)
    (found,) = recovery.recover(tmp_path)
    assert (found.running, found.guarded, found.stack) == (True, True, "ha")
    journal.close()


@contextlib.contextmanager
def full(journal: FaultJournal, room: int) -> Generator[None]:
    """Let the journal have so many bytes of room left, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = journal.path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 5])
def test_on_a_full_disk_nothing_is_changed_and_all_is_put_back(tmp_path: Path, room: int) -> None:
    journal = FaultJournal.create(tmp_path, HEADER)
    first, second = journal.note(BACK), journal.note(BACK)
    before = journal.path.read_bytes()
    with full(journal, room):
        with pytest.raises(ExperimentError, match="nothing was changed"):
            journal.note(BACK)
        journal.done(second)
        assert journal.path.read_bytes() == before
        assert [number for number, _ in journal.to_put_back] == [first]
        journal.done(first)
        journal.close()
    assert not journal.path.exists()


def test_the_guard_goes_on_where_nobody_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(tmp_path, "one")
    tries = list[int]()

    def put_back(journal: FaultJournal) -> tuple[list[str], list[str]]:
        tries.append(1)
        if len(tries) == 1:
            raise ExperimentError("no credentials yet")
        journal.done(1)
        return ["g launches"], []

    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recovery, "put_back", put_back)
    monkeypatch.setattr(guard, "PAUSE_S", 0.0)
    monkeypatch.setattr("builtins.print", no_room)
    assert guard.main(tmp_path / "faults/one.ndjson") == 0
    assert len(tries) == 2


def test_the_guard_does_not_repeat_for_hours_what_takes_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(tmp_path, "one")
    now = [0.0]

    def put_back(_: FaultJournal) -> tuple[list[str], list[str]]:
        now[0] += 70
        return [], ["the deployment has failed"]

    monkeypatch.setattr(recovery, "put_back", put_back)
    monkeypatch.setattr(guard, "PAUSE_S", 0.0)
    monkeypatch.setattr(guard.time, "monotonic", lambda: now[0])
    assert guard.main(tmp_path / "faults/one.ndjson") == 1
    assert now == [140.0]
    assert len(unfinished_journals(tmp_path)) == 1


def test_without_a_guard_no_fault_begins(tmp_path: Path) -> None:
    (tmp_path / guard.LOG).mkdir()
    with pytest.raises(ExperimentError, match="cannot start the guard"):
        guard.start(tmp_path / "one.ndjson")


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
        recovery.put_back(journal)
    (found,) = recovery.recover(tmp_path)
    assert "are in the local region" in found.left[0]
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


def test_actions_in_the_background_lose_no_change_of_each_other(tmp_path: Path) -> None:
    journal = FaultJournal.create(tmp_path, HEADER)

    def note(worker: int) -> None:
        for n in range(20):
            number = journal.note(
                WayBack("start-instances", {"instances": [f"i-{worker}-{n}"]}, "x")
            )
            if n % 2:
                journal.done(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(note, range(4)))
    wanted = sorted(f"i-{worker}-{n}" for worker in range(4) for n in range(0, 20, 2))
    assert sorted(one.arguments["instances"][0] for _, one in journal.to_put_back) == wanted
    journal.close()
    again = FaultJournal.take(journal.path)
    assert again is not None
    assert again.unreadable == []
    assert sorted(one.arguments["instances"][0] for _, one in again.to_put_back) == wanted
    again.close()
