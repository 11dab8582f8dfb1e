"""Artillery in several tasks on Fargate, as one load generator."""

from __future__ import annotations

import dataclasses
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from loadtest.engine.fargate import documents, ledger, package, store, tasks
from loadtest.engine.fargate.aws import default_subnets
from loadtest.engine.fargate.ledger import OpenLedger
from loadtest.engine.fargate.messages import Plan
from loadtest.engine.fargate.plan import FargatePlan
from loadtest.engine.fargate.remote import LOST_S, Link, RemoteWorker
from loadtest.engine.fargate.store import Store
from loadtest.engine.generators.base import Generator, Installation, Load, Running, Turn
from loadtest.engine.generators.translation import parts
from loadtest.engine.workers.fleet import Fleet, Start, Worker
from loadtest.engine.workers.generator import Workers
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.scenario import validation
from loadtest.scenario.scenario import Scenario
from loadtest.stack.clients import Clients
from loadtest.stack.clock_offset import OffsetEstimator, TimedCalls
from loadtest.yaml_positions import Problem

_OWN = "workers elsewhere get no functions of yours: run it with `--workers` on this computer"
_FILES = "workers elsewhere get no files but payloads: run it with `--workers` on this computer"
REFUSED: Final[Mapping[str, str]] = {
    "config.processor": _OWN,
    "request.formData": _FILES,
    "script.before": "every worker would send it: run it with one generator",
    "script.after": "every worker would send it: run it with one generator",
}
"""Parts of a script that workers on other computers do not run, and why."""
POLL_S: Final = 0.5


class FargateWorkers(Workers):
    """A generator whose workers are tasks on Fargate."""

    def __init__(
        self, generator: Generator, plan: FargatePlan, clients: Clients, say: Callable[[str], None]
    ) -> None:
        """Split what `generator` would do as planned; `say` takes what somebody who waits should know."""
        super().__init__(generator, plan.workers, portable=True)
        self._plan, self._clients, self._say = plan, clients, say

    def inspect(self, command: Sequence[str]) -> Installation:
        """Look at this computer's Artillery, whose version the workers have to have."""
        found = self._generator.inspect(command)
        size, workers = self._plan.size, self._plan.workers
        return dataclasses.replace(
            found, cpus=workers * size.vcpu, workers=workers * size.threads, elsewhere=str(size)
        )

    def refused(self, scenario: Scenario) -> list[Problem]:
        """Return what needs more than the script and its payloads."""
        return parts.refused(scenario, REFUSED)

    def prepare(self, load: Load) -> None:
        """Write each worker's share of the load.

        Raises:
            LoadTestError: The script needs what workers do not get, or the load cannot be split.
        """
        if problems := self.refused(load.scenario):
            lines = validation.listing(load.scenario.file, problems)
            raise LoadTestError(
                "\n".join([f"the scenario {load.scenario.file} cannot be run on Fargate:", *lines])
            )
        super().prepare(load)

    def start(self, load: Load) -> Running:
        """Start a task per worker and wait until all of them are ready; they begin together.

        Raises:
            GeneratorError: One was not started or not ready in time.
            LoadTestError: AWS refused something.
        """
        token = f"haproof-{secrets.token_hex(8)}"
        settings, plan = self._plan.settings, self._plan
        prefix = f"{settings.prefix}/{load.directory.name}-{token[-6:]}"
        estimator = OffsetEstimator()
        place = Store(self._clients["s3"], settings.bucket, prefix, TimedCalls(estimator))
        shares = list(self.shares_of(load))
        remote = [RemoteWorker(self._told(one, turn), one.directory, turn) for one, turn in shares]
        written = OpenLedger(
            load.directory,
            ledger.new(token, plan.region, settings.cluster, settings.bucket, prefix),
        )
        link = None
        try:
            self._send(place, remote)
            link = Link(self._clients, place, written, remote)
            self._run_tasks(written, prefix, token)
            link.start()
            self._await_ready(remote)
        except BaseException:
            self._end(written, link)
            raise
        workers = [
            Worker(one, turn, process) for (one, turn), process in zip(shares, remote, strict=True)
        ]
        return _Fleet(load, workers, plan, estimator, lambda: self._end(written, link, estimator))

    def _told(self, load: Load, turn: Turn) -> Plan:
        pace = self._plan.pace
        return Plan(
            worker=turn.worker,
            target=load.base_url,
            artillery=load.installation.version,
            threads=self._plan.size.threads,
            variables={one: os.environ[one] for one in load.pass_env if one in os.environ},
            beat_s=pace.beat_s,
            poll_s=pace.poll_s,
            abandoned_s=pace.abandoned_s,
            limit_s=self._plan.limit_s,
        )

    def _send(self, place: Store, workers: Iterable[RemoteWorker]) -> None:
        for one in workers:
            files = package.directory(one.directory)
            told = {package.PLAN: one.plan.model_dump_json().encode()}
            place.put(store.share(one.number), package.pack({**files, **told}, compress=True))

    def _run_tasks(self, written: OpenLedger, prefix: str, token: str) -> None:
        settings = self._plan.settings
        subnets = settings.subnets or default_subnets(self._clients)
        definition = tasks.register(self._clients, written, self._plan.definition(prefix))
        for worker in range(1, self._plan.workers + 1):
            arguments = documents.run_task(
                settings, definition=definition, worker=worker, token=token, subnets=subnets
            )
            tasks.run(self._clients, written, worker, arguments)
        self._say(f"{self._plan.workers} workers start on Fargate ({written.content.prefix})")

    def _await_ready(self, workers: Sequence[RemoteWorker]) -> None:
        deadline = time.monotonic() + self._plan.pace.ready_s
        while waiting := [one for one in workers if not one.turn.ready.exists()]:
            for one in workers:
                if one.complaint or one.poll() is not None:
                    raise GeneratorError(
                        f"worker-{one.number}: {one.complaint or 'it ended at once'}:\n"
                        f"{one.last_lines()}"
                    )
            if time.monotonic() > deadline:
                names = ", ".join(f"worker-{one.number}" for one in waiting)
                raise GeneratorError(
                    f"not ready after {self._plan.pace.ready_s:g} s: {names}; their subnets need a way to "
                    "the image's registry and to S3"
                )
            time.sleep(POLL_S)
        errors = [one.said.clock.error_ms for one in workers if one.said and one.said.clock]
        sources = {one.said.clock.source for one in workers if one.said and one.said.clock}
        self._say(
            f"all workers are ready; the clock of each is at most {max(errors):.3g} ms off "
            f"({', '.join(sorted(sources))}), so they begin within {2 * max(errors):.3g} ms"
        )

    def _end(
        self, written: OpenLedger, link: Link | None, estimator: OffsetEstimator | None = None
    ) -> None:
        if estimator is not None:
            offset = estimator.offset()
            written.update(coordinator_clock={"low_s": offset.low_s, "high_s": offset.high_s})
        why = "the load test has ended"
        stop = partial(tasks.stop_all, self._clients, written) if link is None else link.close
        failures = stop(why)
        for failure in failures:
            self._say(f"{failure}; `python -m loadtest workers stop` tries again")


class _Fleet(Fleet):
    """A fleet whose workers are stopped all at once, as tasks."""

    def __init__(
        self,
        load: Load,
        workers: Sequence[Worker],
        plan: FargatePlan,
        estimator: OffsetEstimator,
        end: Callable[[], None],
    ) -> None:
        pace = plan.pace
        super().__init__(
            load.directory,
            load.profile,
            workers,
            Start(
                pace.ready_s,
                pace.head_start_s,
                # The workers go by UTC; this computer's clock may be wrong.
                lambda: time.time() + estimator.offset().estimate_s,  # noqa: TID251
                # The link says sooner that it hears nothing; this is for a worker whose generator hangs.
                LOST_S + 3 * pace.beat_s,
            ),
        )
        self._end, self._end_lock, self._gone = end, threading.Lock(), False

    def stop(self) -> None:
        """Stop all tasks, and collect what has come. Idempotent."""
        with self._end_lock:
            if not self._gone:
                self._gone = True
                self._end()
        super().stop()
