"""The engine's events: how they are read, and how they are received while a command runs."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import events_pb2, events_pb2_grpc

from rehearsal.engine_events import (
    Event,
    EventStream,
    Heartbeat,
    Message,
    PhaseStarted,
    PoliciesApplied,
    PolicyViolation,
    Resource,
    StepStarted,
    Summary,
    event_stream,
    parse,
)

PARENTS = "haproof:service:X$haproof:data:Postgres"
URN = f"urn:pulumi:ha::haproof::{PARENTS}$aws:rds/instance:Instance::web-database"
STACK = "urn:pulumi:ha::haproof::pulumi:pulumi:Stack::haproof-ha"
DATABASE = Resource("aws:rds/instance:Instance", "web-database")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"preludeEvent": {"config": {}}}, PhaseStarted()),
        (
            {"resourcePreEvent": {"metadata": {"urn": URN, "op": "create"}, "planning": True}},
            StepStarted(DATABASE, "create", preview=True),
        ),
        (
            {"resourcePreEvent": {"metadata": {"urn": STACK, "op": "same"}}},
            StepStarted(None, "same", preview=False),
        ),
        (
            {"diagnosticEvent": {"message": "hello\n", "severity": "info", "urn": STACK}},
            Message("hello\n", "info", None, ephemeral=False),
        ),
        (
            {"diagnosticEvent": {"message": "m", "severity": "error", "urn": URN}},
            Message("m", "error", DATABASE, ephemeral=False),
        ),
        (
            {"diagnosticEvent": {"message": "10 %", "severity": "info", "ephemeral": True}},
            Message("10 %", "info", None, ephemeral=True),
        ),
        (
            {
                "policyEvent": {
                    "policyName": "rds-multi-az",
                    "enforcementLevel": "mandatory",
                    "message": "text",
                    "resourceUrn": URN,
                }
            },
            PolicyViolation("rds-multi-az", "mandatory", "text", DATABASE),
        ),
        (
            {"policyAnalyzeSummaryEvent": {"passed": ["a"], "failed": ["b"]}},
            PoliciesApplied(frozenset({"a", "b"})),
        ),
        (
            {"policyAnalyzeStackSummaryEvent": {"passed": ["c"]}},
            PoliciesApplied(frozenset({"c"}), whole_stack=True),
        ),
        (
            {"summaryEvent": {"resourceChanges": {"create": 2}, "isPreview": True}},
            Summary({"create": 2}, preview=True),
        ),
    ],
)
def test_events_are_read(event: dict[str, Any], expected: Event) -> None:
    assert parse(json.dumps({"sequence": 3, "timestamp": 1, **event})) == expected


@pytest.mark.parametrize("text", ["", "[1]", '{"policyEvent": {"policyNa', '{"sequence": 1}', "{}"])
def test_damaged_and_unknown_events_are_left_out(text: str) -> None:
    assert parse(text) is None


def test_colour_directives_are_removed() -> None:
    message = "<{%reset%}>Monthly cost: about 86.09 USD\n<{%reset%}>"
    event = parse(json.dumps({"diagnosticEvent": {"message": message, "severity": "info"}}))
    assert event == Message("Monthly cost: about 86.09 USD\n", "info", None, ephemeral=False)


def send(stream: EventStream, *events: dict[str, Any]) -> None:
    """Send the events of one phase, as the engine does."""
    address = stream.arguments[1].removeprefix("tcp://")
    with grpc.insecure_channel(address) as channel:
        requests = (events_pb2.EventRequest(event=json.dumps(event)) for event in events)
        events_pb2_grpc.EventsStub(channel).StreamEvents(requests)


def test_the_events_of_both_phases_arrive_in_order_and_completely() -> None:
    phases = [
        [{"preludeEvent": {}}, {"summaryEvent": {"isPreview": True}}],
        [{"preludeEvent": {}}, {"summaryEvent": {"isPreview": False}}],
    ]

    def engine() -> None:
        for phase in phases:
            send(stream, *phase)

    with event_stream() as stream:
        assert stream.arguments[0] == "--event-log"
        thread = threading.Thread(target=engine)
        thread.start()
        found = list(stream.follow(lambda: not thread.is_alive()))
    assert found == [
        PhaseStarted(),
        Summary({}, preview=True),
        PhaseStarted(),
        Summary({}, preview=False),
    ]


def test_silence_is_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.engine_events.HEARTBEAT_S", 0.0)
    over = time.monotonic() + 0.35
    with event_stream() as stream:
        found = list(stream.follow(lambda: time.monotonic() > over))
    assert found
    assert set(found) == {Heartbeat()}
