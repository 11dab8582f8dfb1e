"""One worker in its task: gets its share, starts with the others, sends its records, and exits.

    python -m loadtest.engine.fargate.worker

It ends when its load has, when it is told to (SIGTERM, the coordinator's object), when the coordinator has
not been heard of for a while, and at a time limit. `timeout` in the task definition is the second limit.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Final

import psutil

from loadtest.engine.fargate import clock, documents, package, store
from loadtest.engine.fargate.messages import Coordinator, Plan, Status, Use
from loadtest.engine.fargate.store import Store
from loadtest.engine.generators.artillery import generator as artillery
from loadtest.engine.generators.base import Turn
from loadtest.engine.generators.process import GeneratorProcess
from loadtest.errors import LoadTestError
from loadtest.runs import paths
from loadtest.stack.clients import Clients
from loadtest.stack.clock_offset import OffsetEstimator, TimedCalls

COMMAND: Final = "HAPROOF_ARTILLERY"
"""What starts Artillery in the image: Node and Artillery's script."""
TICK_S: Final = 0.1
LATEST_MS: Final = 50.0
"""Whoever learns of the beginning later than so long before it may come too late."""
FAILED, TERMINATED = 1, 143
THREADS: Final = Path(__file__).with_name("threads.cjs")


@dataclass(frozen=True)
class _Task:
    """What a worker has to do, and where."""

    store: Store
    plan: Plan
    directory: Path
    turn: Turn
    estimator: OffsetEstimator


class Worker:
    """A generator at work, and what is said about it."""

    def __init__(self, task: _Task, process: GeneratorProcess, began: float) -> None:
        """Watch a generator that was started; the time limit counts from `began` on (monotonic)."""
        self._task, self._process, self._began = task, process, began
        self._sender = package.Sender(task.directory)
        self._number, self._unsent = 0, list[bytes]()
        self._state: str = "starting"
        self._complaint: str | None = None
        self._sent_at = float("-inf")
        self._heard = (-1, time.monotonic())
        self._looked_at = float("-inf")
        self._cpu_before = psutil.cpu_times()
        self.terminated = False

    def run(self) -> int:
        """Work until the end, and return the exit code."""
        try:
            while self._process.poll() is None:
                if why := self._reason_to_end():
                    self._complaint = self._complaint or why
                    break
                self._look()
                if self._state == "starting" and self._task.turn.ready.exists():
                    self._state, self._sent_at = "ready", float("-inf")
                self._send_if_due()
                time.sleep(TICK_S)
        finally:
            self._process.stop()
            self._end()
        status = self._process.poll()
        return FAILED if self._complaint else (status or 0)

    def _reason_to_end(self) -> str | None:
        plan, now = self._task.plan, time.monotonic()
        if self._complaint or self._process.complaint:
            return self._complaint or self._process.complaint
        if self.terminated:
            return "it was told to end (SIGTERM)"
        if now - self._began > plan.limit_s:
            return f"its time limit of {plan.limit_s:g} s is over"
        if (silent_s := now - self._heard[1]) > plan.abandoned_s:
            return f"nothing was heard of the coordinator for {silent_s:.0f} s"
        return None

    def _look(self) -> None:
        """Look at what the coordinator says."""
        turn, plan = self._task.turn, self._task.plan
        waits = not turn.begin.exists()
        if time.monotonic() < self._looked_at + (plan.poll_s if waits else plan.beat_s):
            return
        self._looked_at = time.monotonic()
        try:
            said = Coordinator.model_validate_json(self._task.store.get(store.COORDINATOR))
        except (LoadTestError, ValueError) as error:
            # Once is no matter; if it stays so, nobody is there.
            print(f"haproof: {error}", flush=True)
            return
        if said.beat != self._heard[0]:
            self._heard = (said.beat, time.monotonic())
        if said.stop:
            self._complaint = "the coordinator stopped it"
        elif waits and self._state != "starting":
            self._begin(said.begin_ms.get(plan.worker))

    def _begin(self, begin_ms: float | None) -> None:
        if begin_ms is None:
            return
        left_ms = begin_ms - time.time() * 1000  # noqa: TID251 - another computer said when
        if left_ms < LATEST_MS:
            self._complaint = f"it learned of the beginning {left_ms:,.0f} ms before it, too late"
            return
        paths.write_text(self._task.turn.begin, f"{begin_ms:.3f}")
        self._state = "running"

    def _send_if_due(self) -> None:
        if time.monotonic() < self._sent_at + self._task.plan.beat_s:
            return
        self._sent_at = time.monotonic()
        self._send(self._status())

    def _send(self, status: Status, *, last: bool = False) -> None:
        self._unsent.append(self._sender.piece(status, last=last))
        try:
            while self._unsent:
                name = store.piece(self._task.plan.worker, self._number)
                self._task.store.put(name, self._unsent[0])
                del self._unsent[0]
                self._number += 1
        except LoadTestError as error:
            if last:
                raise
            # The client has tried several times; the next beat does again.
            print(f"haproof: {error}", flush=True)

    def _status(self) -> Status:
        used = self._process.usage()
        return Status.model_validate(
            {
                "state": self._state,
                "clock": clock.read(self._task.estimator),
                "use": used
                and Use(at_ms=used.at_ms, cpu_seconds=used.cpu_seconds, rss_bytes=used.rss_bytes),
                "complaint": self._complaint or self._process.complaint,
                "last_lines": self._process.last_lines(),
            }
        )

    def _end(self) -> None:
        self._state = "ended"
        ended = self._status().model_copy(
            update={"exit_code": self._process.poll(), "stolen": self._stolen()}
        )
        self._send(ended, last=True)

    def _stolen(self) -> float:
        before, now = self._cpu_before, psutil.cpu_times()
        stolen = getattr(now, "steal", 0.0) - getattr(before, "steal", 0.0)
        return round(stolen / max(sum(now) - sum(before), 1e-9), 4)


def main() -> int:
    """Run one worker."""
    began = time.monotonic()
    number = int(os.environ[documents.WORKER])
    estimator = OffsetEstimator()
    place = Store(
        Clients(os.environ["AWS_DEFAULT_REGION"])["s3"],
        os.environ[documents.BUCKET],
        os.environ[documents.PREFIX],
        TimedCalls(estimator),
    )
    with tempfile.TemporaryDirectory(prefix="haproof-worker-") as name:
        try:
            worker = _start(place, number, Path(name), estimator, began)
        except LoadTestError as error:
            print(f"haproof: {error}", file=sys.stderr, flush=True)
            status = Status(state="ended", complaint=str(error), exit_code=FAILED)
            with suppress(LoadTestError):
                place.put(
                    store.piece(number, 0),
                    package.pack({package.STATUS: status.model_dump_json().encode()}),
                )
            return FAILED

        def terminate(_number: int, _frame: FrameType | None) -> None:
            worker.terminated = True

        signal.signal(signal.SIGTERM, terminate)
        code = worker.run()
        return TERMINATED if worker.terminated else code


def _start(
    place: Store, number: int, directory: Path, estimator: OffsetEstimator, began: float
) -> Worker:
    files = package.unpack(place.get(store.share(number)))
    plan = Plan.model_validate_json(files.pop(package.PLAN))
    for name, content in files.items():
        (directory / name).write_bytes(content)
    installed = shlex.split(os.environ.get(COMMAND, ""))
    if len(installed) < 2:
        raise LoadTestError(f"{COMMAND} does not say what starts Artillery: the image is not ours")
    installation = artillery.inspect(installed)
    if installation.version != plan.artillery:
        raise LoadTestError(
            f"the image has Artillery {installation.version}, this project {plan.artillery}: build it anew"
        )
    turn = Turn(number, directory / "ready", directory / "begin")
    # `--require` stands before the script: Node takes what follows it for the script's.
    node, *rest = installation.command
    variables = {
        **plan.variables,
        **turn.variables,
        "HAPROOF_TARGET": plan.target,
        "HAPROOF_THREADS": str(plan.threads),
    }
    command = (node, "--require", str(THREADS), *rest)
    used = replace(installation, command=command, workers=plan.threads)
    process = artillery.start(used, directory, variables)
    return Worker(_Task(place, plan, directory, turn, estimator), process, began)


if __name__ == "__main__":
    sys.exit(main())
