"""What the Pulumi engine reports while a command runs, as typed records.

The engine sends its events, those of `sdk/go/common/apitype/events.go` in pulumi/pulumi, to the gRPC
service that `--event-log tcp://…` names; the Automation API listens in the same way. The service is
preferred over a log file, which the engine empties between the preview and the update of one `up`.
Unlike the console output, events do not change with the terminal, the language or the version.
"""

from __future__ import annotations

import json
import queue
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import events_pb2_grpc

HEARTBEAT_S = 1.0
"""How long nothing happens before a `Heartbeat` says that the command still runs."""

VARIABLES: Mapping[str, str] = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Without it the engine does not accept `--event-log`."""

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit of a gRPC message (sdk/go/common/util/rpcutil)."""

_WAKE = ""
_COLOR_DIRECTIVE = re.compile(r"<\{%.*?%\}>")
_STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class PhaseStarted:
    """A preview, an update or a deletion begins; an `up` has a preview and an update."""


@dataclass(frozen=True)
class Resource:
    """Which resource an event is about. `type` is the last one of a chain of parents' types."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True)
class StepStarted:
    """The engine begins to work on a resource, or in a preview plans to."""

    resource: Resource | None
    operation: str
    """An `OpType` such as `create`, `same` or `delete-replaced`."""
    preview: bool


@dataclass(frozen=True)
class Message:
    """A diagnostic of the program, a provider or the engine, or a line of the hook after `up`."""

    text: str
    severity: str
    """`debug`, `info`, `info#err`, `warning` or `error`."""
    resource: Resource | None
    """None where it concerns the whole stack."""
    ephemeral: bool
    """Only the newest of these is worth showing."""


@dataclass(frozen=True)
class PolicyViolation:
    """A policy that a resource, or the whole stack, violates."""

    policy: str
    level: str
    text: str
    resource: Resource | None


@dataclass(frozen=True)
class PoliciesApplied:
    """The policies that had something to check, whether they passed or failed.

    `whole_stack`: those over the stack as a whole, which run once every resource is known.
    """

    policies: frozenset[str]
    whole_stack: bool = False


@dataclass(frozen=True)
class Summary:
    """The end of a phase: how many resources of each operation."""

    changes: Mapping[str, int]
    preview: bool


@dataclass(frozen=True)
class Heartbeat:
    """The engine still runs, but has had nothing to report for `HEARTBEAT_S`."""


Event = (
    PhaseStarted | StepStarted | Message | PolicyViolation | PoliciesApplied | Summary | Heartbeat
)
OnEvent = Callable[[Event], object]


# --- reading --------------------------------------------------------------------------------------


def parse(text: str) -> Event | None:
    """Read one event of the engine; return None for damaged ones and kinds that nobody asks for."""
    try:
        event = json.loads(text)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    for kind, payload in event.items():
        if payload is not None and (read := _READERS.get(kind)):
            return read(payload)
    return None


def _step(payload: Mapping[str, Any]) -> StepStarted:
    metadata = payload["metadata"]
    return StepStarted(
        _resource(metadata["urn"]), metadata["op"], bool(payload.get("planning", False))
    )


def _message(payload: Mapping[str, Any]) -> Message:
    return Message(
        text=_plain(payload.get("message", "")),
        severity=payload.get("severity", "info"),
        resource=_resource(payload.get("urn", "")),
        ephemeral=bool(payload.get("ephemeral", False)),
    )


def _violation(payload: Mapping[str, Any]) -> PolicyViolation:
    return PolicyViolation(
        policy=payload["policyName"],
        level=payload.get("enforcementLevel", ""),
        text=_plain(payload.get("message", "")),
        resource=_resource(payload.get("resourceUrn", "")),
    )


def _applied(payload: Mapping[str, Any], *, whole_stack: bool = False) -> PoliciesApplied:
    names = (*(payload.get("passed") or ()), *(payload.get("failed") or ()))
    return PoliciesApplied(frozenset(names), whole_stack)


def _applied_to_stack(payload: Mapping[str, Any]) -> PoliciesApplied:
    return _applied(payload, whole_stack=True)


def _summary(payload: Mapping[str, Any]) -> Summary:
    return Summary(
        dict(payload.get("resourceChanges") or {}), bool(payload.get("isPreview", False))
    )


_READERS: Mapping[str, Callable[[Any], Event]] = {
    "preludeEvent": lambda _: PhaseStarted(),
    "resourcePreEvent": _step,
    "diagnosticEvent": _message,
    "policyEvent": _violation,
    "policyAnalyzeSummaryEvent": _applied,
    "policyAnalyzeStackSummaryEvent": _applied_to_stack,
    "summaryEvent": _summary,
}


def _resource(urn: str) -> Resource | None:
    """Return the resource of a URN (`urn:pulumi:<stack>::<project>::<types>::<name>`), or None."""
    parts = urn.split("::")
    if len(parts) < 4 or parts[2].endswith(_STACK_TYPE):
        return None
    return Resource(parts[2].rpartition("$")[2], "::".join(parts[3:]))


def _plain(text: str) -> str:
    """Return the text without color directives, which older engines leave in with `--color never`."""
    return _COLOR_DIRECTIVE.sub("", text)


# --- receiving ------------------------------------------------------------------------------------


class EventStream:
    """The events of one command, in the order in which the engine sent them."""

    def __init__(self, address: str, received: queue.SimpleQueue[str]) -> None:
        self.arguments = ["--event-log", address]
        """What the command needs on its command line, in addition to `VARIABLES` in its environment."""
        self._received = received

    def wake(self) -> None:
        """Let `follow` ask at once whether the command has ended."""
        self._received.put(_WAKE)

    def follow(self, ended: Callable[[], bool]) -> Iterator[Event]:
        """Yield events as they come until the command has `ended`, and a `Heartbeat` in silence."""
        over = False
        while True:
            try:
                text = self._received.get(timeout=0 if over else HEARTBEAT_S)
            except queue.Empty:
                if over:
                    return
                # The engine waits until everything is received before it ends: one more round.
                over = ended()
                if not over:
                    yield Heartbeat()
                continue
            if text == _WAKE:
                over = over or ended()
            elif event := parse(text):
                yield event


@contextmanager
def event_stream() -> Generator[EventStream]:
    """Listen on a loopback port for the events of one command."""
    received: queue.SimpleQueue[str] = queue.SimpleQueue()
    server = grpc.server(
        futures.ThreadPoolExecutor(2, thread_name_prefix="engine-events"),
        options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)],
    )
    events_pb2_grpc.add_EventsServicer_to_server(_Receiver(received), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield EventStream(f"tcp://127.0.0.1:{port}", received)
    finally:
        server.stop(grace=None)


class _Receiver(events_pb2_grpc.EventsServicer):
    def __init__(self, received: queue.SimpleQueue[str]) -> None:
        self._received = received

    # The method's name is that of the gRPC service.
    def StreamEvents(self, request_iterator: Iterator[Any], context: Any) -> Any:  # noqa: N802, ARG002
        """Take the events of one phase."""
        for request in request_iterator:
            self._received.put(request.event)
        return empty_pb2.Empty()
