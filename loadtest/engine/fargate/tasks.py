"""The workers' tasks on ECS: start, inspect, stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from loadtest.engine.fargate import aws, documents
from loadtest.engine.fargate.ledger import OpenLedger
from loadtest.engine.fargate.store import Store
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.stack.clients import Clients, error_code
from loadtest.stack.clock_offset import OffsetEstimator, TimedCalls

ENDED: Final = "STOPPED"
MISSING: Final = "MISSING"
"""ECS does not know the task: not any more, or not yet, as its answers may be older than a start."""
_NO_TASK: Final = "InvalidParameterException"
DESCRIBED: Final = 100
"""Tasks that one call describes."""
GONE_S: Final = documents.STOP_TIMEOUT_S + 30.0
POLL_S: Final = 1.0


@dataclass(frozen=True)
class TaskState:
    """A task as ECS sees it."""

    status: str
    reason: str
    exit_code: int | None

    @property
    def ended(self) -> bool:
        """Whether it has stopped, as far as ECS knows."""
        return self.status in (ENDED, MISSING)


def register(clients: Clients, ledger: OpenLedger, definition: Mapping[str, Any]) -> str:
    """Register the task definition and return its ARN.

    Raises:
        LoadTestError: ECS refused.
    """
    answer = aws.call(
        "register the workers' task definition",
        clients["ecs"].register_task_definition,
        **definition,
    )
    arn: str = answer["taskDefinition"]["taskDefinitionArn"]
    ledger.update(definition=arn)
    return arn


def run(clients: Clients, ledger: OpenLedger, worker: int, arguments: Mapping[str, Any]) -> None:
    """Start one worker's task.

    Raises:
        GeneratorError: ECS started none; the message has its reason.
        LoadTestError: ECS refused.
    """
    answer = aws.call(f"start worker-{worker}", clients["ecs"].run_task, **arguments)
    for failure in answer.get("failures", ()):
        why = failure.get("detail") or failure.get("reason")
        raise GeneratorError(f"ECS did not start worker-{worker}: {why}")
    task = answer["tasks"][0]["taskArn"]
    ledger.update(tasks={**ledger.content.tasks, str(worker): task})


def states(clients: Clients, cluster: str, tasks: Mapping[str, str]) -> dict[str, TaskState]:
    """Return the state of each worker's task.

    Raises:
        LoadTestError: ECS did not answer.
    """
    by_arn = {arn: worker for worker, arn in tasks.items()}
    arns = list(by_arn)
    found = dict[str, TaskState]()
    for first in range(0, len(arns), DESCRIBED):
        answer = aws.call(
            "look at the workers' tasks",
            clients["ecs"].describe_tasks,
            cluster=cluster,
            tasks=arns[first : first + DESCRIBED],
        )
        for one in answer["tasks"]:
            found[by_arn[one["taskArn"]]] = _state(one)
        for one in answer.get("failures", ()):
            if (arn := one.get("arn")) in by_arn:
                found[by_arn[arn]] = TaskState(MISSING, "ECS does not know it", None)
    return found


def _state(task: Mapping[str, Any]) -> TaskState:
    container = next(
        (one for one in task.get("containers", ()) if one.get("name") == documents.CONTAINER), {}
    )
    reasons = [task.get("stoppedReason"), container.get("reason")]
    return TaskState(
        str(task.get("lastStatus")),
        "; ".join(one for one in reasons if one),
        container.get("exitCode"),
    )


def stop_all(clients: Clients, ledger: OpenLedger, why: str) -> list[str]:
    """Stop every task of a run and remove all that it has left; return what could not be.

    Looks for tasks by what they were started by: one that was started just before its starter was killed
    is in no ledger. What fails for one task is tried for the others all the same.
    """
    content, failures = ledger.content, list[str]()

    def attempted(work: Callable[[], object]) -> bool:
        try:
            work()
        except LoadTestError as error:
            failures.append(str(error))
            return False
        return True

    left = set(content.tasks.values())
    attempted(lambda: left.update(_started_by(clients, content.cluster, content.token)))
    named, known = {arn: arn for arn in sorted(left)}, dict[str, TaskState]()
    attempted(lambda: known.update(states(clients, content.cluster, named) if named else {}))
    for arn in named:
        attempted(partial(_stop, clients, content.cluster, arn, why, known.get(arn)))
    gone = attempted(lambda: _await_end(clients, content.cluster, named))
    if content.definition:
        attempted(
            partial(
                aws.call,
                f"deregister {content.definition}",
                clients["ecs"].deregister_task_definition,
                taskDefinition=content.definition,
            )
        )
    if gone:
        # Only now: a worker that still runs would write again.
        place = Store(clients["s3"], content.bucket, content.prefix, TimedCalls(OffsetEstimator()))
        attempted(place.clear)
    if failures:
        ledger.release()
    else:
        ledger.close()
    return failures


def _stop(clients: Clients, cluster: str, arn: str, why: str, known: TaskState | None) -> None:
    if known is not None and known.status == ENDED:
        return
    try:
        aws.call(f"stop {arn}", clients["ecs"].stop_task, cluster=cluster, task=arn, reason=why)
    except LoadTestError as error:
        # ECS forgets a task some time after its end.
        if known is None or known.status != MISSING or error_code(error.__cause__) != _NO_TASK:
            raise


def _started_by(clients: Clients, cluster: str, token: str) -> list[str]:
    answer = aws.call(
        "list the workers' tasks", clients["ecs"].list_tasks, cluster=cluster, startedBy=token
    )
    return list(answer["taskArns"])


def _await_end(clients: Clients, cluster: str, named: Mapping[str, str]) -> None:
    deadline = time.monotonic() + GONE_S
    while named:
        found = states(clients, cluster, named)
        running = sorted(arn for arn, one in found.items() if not one.ended)
        if not running:
            return
        if time.monotonic() > deadline:
            raise LoadTestError(f"still running {GONE_S:g} s after it was stopped: {running[0]}")
        time.sleep(POLL_S)
