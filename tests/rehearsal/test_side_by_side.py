"""Work on several stacks at once: results, failures, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from rehearsal import side_by_side
from rehearsal.processes import Interrupted, Processes

WAIT_S = 10


def test_all_run_at_the_same_time_and_return_by_name() -> None:
    meet = threading.Barrier(2, timeout=WAIT_S)

    def work(name: str) -> str:
        meet.wait()
        return name

    done = side_by_side.run({"single": lambda: work("s"), "ha": lambda: work("h")}, pytest.fail)
    assert done == {"single": "s", "ha": "h"}


def test_nothing_to_do() -> None:
    assert side_by_side.run({}, pytest.fail) == {}


def test_the_first_failure_ends_the_others_and_is_what_is_raised() -> None:
    ended = threading.Event()

    def fail() -> None:
        raise ValueError("the reason")

    def other() -> None:
        assert ended.wait(WAIT_S)
        raise RuntimeError("was interrupted")

    with pytest.raises(ValueError, match="the reason"):
        side_by_side.run({"single": other, "ha": fail}, ended.set)


def test_an_interruption_ends_all_of_them() -> None:
    ended, running = threading.Event(), threading.Barrier(3, timeout=WAIT_S)
    over: list[str] = []
    main = threading.main_thread().ident or 0

    def work(name: str) -> None:
        running.wait()
        assert ended.wait(WAIT_S)
        over.append(name)

    def interrupt() -> None:
        running.wait()
        time.sleep(0.1)
        # To the main thread, as the kernel does with a Ctrl-C: within a process it prefers the sender.
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        side_by_side.run({"single": lambda: work("s"), "ha": lambda: work("h")}, ended.set)
    assert sorted(over) == ["h", "s"]


def test_processes_end_with_their_children_and_none_can_follow(tmp_path: Path) -> None:
    processes = Processes()
    script = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True); "
        "print(child.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script]
    environment = dict(os.environ)
    with processes.started(
        command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        threading.Thread(target=processes.interrupt).start()
        assert process.wait(WAIT_S) != 0
    _, alive = psutil.wait_procs(
        [psutil.Process(child)] if psutil.pid_exists(child) else [], timeout=WAIT_S
    )
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    with (
        pytest.raises(Interrupted),
        processes.started(command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL),
    ):
        pass
