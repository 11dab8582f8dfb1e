"""Workers in their tasks, as the load test sees them from here."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loadtest.engine.fargate import clock, store, tasks
from loadtest.engine.fargate.ledger import OpenLedger
from loadtest.engine.fargate.messages import Coordinator, Plan, Status
from loadtest.engine.fargate.package import Receiver
from loadtest.engine.fargate.store import Store
from loadtest.engine.fargate.tasks import TaskState
from loadtest.engine.generators.base import Turn
from loadtest.errors import LoadTestError
from loadtest.runs import paths
from loadtest.runs.recording import Usage
from loadtest.stack.clients import Clients

TICK_S: Final = 0.2
LOST_S: Final = 30.0
"""A worker that has begun to speak and is silent for so long is lost, and so is AWS."""
AT_ONCE: Final = 8
"""Workers that are asked at the same time."""
GRACE_S: Final = 15.0
"""For the last piece, once ECS says that a task has ended."""
_MUTE: Final = (
    "it never spoke: its role needs what `python -m loadtest workers policy` prints as `taskRole`, its "
    "subnets a way to S3 and to the image's registry (`logGroup` in the settings keeps what it prints)"
)
WAY_OUT: Final = 1
"""The status of a worker that ended without saying how."""


@dataclass
class RemoteWorker:
    """One worker; a `Running` like a process of this computer."""

    plan: Plan
    directory: Path
    turn: Turn
    last: str | None = None
    """The name of the last piece that came."""
    said: Status | None = None
    heard_at: float = field(default_factory=time.monotonic)
    ended_at: float | None = None
    """When ECS said that its task has ended (monotonic)."""
    complaint: str | None = None
    lost: int | None = None
    pids: Sequence[int] = ()
    script_errors: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def number(self) -> int:
        """From 1."""
        return self.plan.worker

    @property
    def done(self) -> bool:
        """Whether its last piece has come."""
        return self.said is not None and self.said.state == "ended"

    def complain(self, text: str) -> None:
        """Note why the load cannot go on; the first reason stays."""
        self.complaint = self.complaint or text

    def poll(self) -> int | None:
        """Return its generator's exit status; None while it runs."""
        if self.said is not None and self.done:
            return WAY_OUT if self.said.exit_code is None else self.said.exit_code
        return self.lost

    def usage(self) -> Usage | None:
        """Return what its generator has used, as it said last; None once it has ended."""
        used = self.said.use if self.said else None
        if used is None or self.poll() is not None:
            return None
        return Usage(used.at_ms, used.cpu_seconds, used.rss_bytes)

    def stop(self) -> None:
        """Nothing: all of them are stopped together (`Link.close`)."""

    def last_lines(self) -> str:
        """Return the end of what its generator printed."""
        return (self.said.last_lines if self.said else "") or "  (nothing was heard of it)"


class Link:
    """Keeps workers and files of this computer the same: sends the beginning, receives the records."""

    def __init__(
        self, clients: Clients, place: Store, ledger: OpenLedger, workers: Sequence[RemoteWorker]
    ) -> None:
        """Prepare to speak to workers that have not been started yet.

        Raises:
            LoadTestError: The bucket cannot be written to.
        """
        self._clients, self._store, self._ledger = clients, place, ledger
        self._workers = tuple(workers)
        self._beat_s = workers[0].plan.beat_s
        self._receivers = {one.number: Receiver(one.directory) for one in workers}
        self._beat, self._told = 0, dict[int, float]()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link to workers", daemon=True)
        self._say()

    def start(self) -> None:
        """Start speaking."""
        self._thread.start()

    def close(self, why: str) -> list[str]:
        """Receive what is left, stop all workers, remove what they leave; return what could not be."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(60)
        if not all(one.done or one.lost is not None for one in self._workers):
            self._tell_to_stop()
        self._ledger.update(
            workers={
                str(one.number): one.said.model_dump(
                    mode="json", include={"clock", "stolen", "exit_code", "complaint"}
                )
                for one in self._workers
                if one.said is not None
            }
        )
        return tasks.stop_all(self._clients, self._ledger, why)

    def _tell_to_stop(self) -> None:
        try:
            self._say(stop=True)
        except LoadTestError:
            return  # Then ECS stops them.

    def _run(self) -> None:
        due = answered_at = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while not self._stop.wait(TICK_S):
                try:
                    begins = self._beginnings()
                    if begins != self._told or time.monotonic() >= due:
                        self._told = begins
                        self._say()
                    if time.monotonic() < due:
                        continue
                    due = time.monotonic() + self._beat_s
                    list(pool.map(self._receive, self._workers))
                    self._look_at_tasks()
                    answered_at = time.monotonic()
                except LoadTestError as error:
                    # The client has tried several times; a short failure costs no run.
                    if time.monotonic() - answered_at > LOST_S:
                        self._workers[0].complain(str(error))
                except OSError as error:
                    self._workers[0].complain(f"cannot write {error.filename}: {error.strerror}")

    def _beginnings(self) -> dict[int, float]:
        found = [one for one in self._workers if one.turn.begin.exists()]
        return {one.number: float(one.turn.begin.read_text(encoding="utf-8")) for one in found}

    def _say(self, *, stop: bool = False) -> None:
        self._beat += 1
        said = Coordinator(beat=self._beat, begin_ms=self._told, stop=stop)
        self._store.put(store.COORDINATOR, said.model_dump_json().encode())

    def _receive(self, worker: RemoteWorker) -> None:
        if worker.done:
            return
        for name in self._store.after(store.records(worker.number), worker.last):
            try:
                said = self._receivers[worker.number].take(self._store.get(name))
            except ValueError as error:
                worker.complain(f"something unreadable came of it: {error}")
                return
            worker.last, worker.said, worker.heard_at = name, said, time.monotonic()
            self._judge(worker, said)

    @staticmethod
    def _judge(worker: RemoteWorker, said: Status) -> None:
        if said.complaint:
            worker.complain(said.complaint)
        if said.state == "ready" and not worker.turn.ready.exists():
            why = clock.fault(said.clock) if said.clock else "it does not know how its clock is"
            if why:
                worker.complain(why)
            else:
                paths.write_text(worker.turn.ready, f"{time.time() * 1000}")  # noqa: TID251 - a moment

    def _look_at_tasks(self) -> None:
        ledger = self._ledger.content
        found = tasks.states(self._clients, ledger.cluster, ledger.tasks) if ledger.tasks else {}
        now = time.monotonic()
        for worker in self._workers:
            state = found.get(str(worker.number))
            if worker.done or state is None:
                continue
            worker.ended_at = (worker.ended_at or now) if state.ended else None
            if worker.ended_at is not None:
                if now - worker.ended_at > min(GRACE_S, 3 * self._beat_s):
                    worker.complain(f"its task ended before its load: {_reason(worker, state)}")
                    worker.lost = state.exit_code or WAY_OUT
            elif worker.said is not None and now - worker.heard_at > LOST_S:
                worker.complain(f"nothing was heard of it for {now - worker.heard_at:.0f} s")
                worker.lost = WAY_OUT


def _reason(worker: RemoteWorker, state: TaskState) -> str:
    said = [state.reason or "no reason given"]
    if state.exit_code is not None:
        said.append(f"exit code {state.exit_code}")
    if worker.said is None:
        said.append(_MUTE)
    return "; ".join(said)
