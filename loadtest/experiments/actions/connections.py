"""Idle connections between load balancer and service: which side closes them first.

A load balancer sends a request on a connection that it has kept. If the service closes that connection
at the same moment, nobody has answered, and the user gets a 502. So the service has to keep idle
connections for longer than the load balancer does (ALB guide, "HTTP 502: Bad gateway").
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import commands, scripts
from loadtest.experiments.actions.instances import chosen, named
from loadtest.experiments.session import Session, current
from loadtest.messages.message import msg
from loadtest.stack.outputs import StackOutputs

IDLE_TIMEOUT: Final = "idle_timeout.timeout_seconds"
LONGER_S: Final = 1.0
"""How much longer than the load balancer a connection is watched."""
TOGETHER: Final = 40
"""How many requests arrive at once: the load balancer keeps as many connections for the next ones."""
ROUNDS: Final = 8
LONGEST_S: Final = 60.0
"""How long users arrive again and again just when the service closes connections."""
BAD_GATEWAY: Final = 502
ANSWER_S: Final = 10.0


def rest(count: int = 1) -> float | None:
    """Let connections rest, and see who closes them first: the load balancer has to.

    A connection from an instance to its own service rests for a second longer than the load balancer
    would keep it. If the service closes it before, requests arrive together again and again just then,
    to show what users have of it. Changes nothing.

    Returns:
        After how many seconds the service closes an idle connection; None: later than the load balancer.

    Raises:
        ExperimentError: The stack has no load balancer.
    """
    session = current()
    picked = chosen(session, count)
    idle_s = idle_timeout(session)
    port, path = session.stack.app_port(), session.stack.outputs.health_path
    what = f"let connections to {named(session, picked)} rest for {idle_s:g} s"
    with session.act(what, [one.target for one in picked], kind="connections") as act:
        if act is None:
            return None
        act.takes_effect()
        most_s = idle_s + LONGER_S
        found = [
            _closed(session, one.id, scripts.closes_idle(one.address, port, path, most_s), most_s)
            for one in picked
        ]
        closed = [one for one in found if one is not None]
        shortest = min(closed, default=None)
        if shortest is not None:
            refused = _arrive_when(session.stack.outputs, shortest, session.wait)
            session.notes["502s"] = str(refused)
            session.found.append(
                msg("experiment.keep-alive", closed=shortest, idle=idle_s, n=refused)
            )
        act.over()
    return shortest


def idle_timeout(session: Session) -> float:
    """Return for how many seconds the stack's load balancer keeps an idle connection.

    Raises:
        ExperimentError: The stack has none.
    """
    arn = session.stack.outputs.target_group_arn
    elbv2 = session.clients["elbv2"]
    groups = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"] if arn else []
    balancers = [name for group in groups for name in group.get("LoadBalancerArns") or []]
    if not balancers:
        raise ExperimentError("the stack has no load balancer that would keep connections")
    attributes = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancers[0])["Attributes"]
    return float(next(one["Value"] for one in attributes if one["Key"] == IDLE_TIMEOUT))


def _closed(session: Session, instance: str, script: str, most_s: float) -> float | None:
    timeout_s = commands.ANSWER_S + most_s
    printed = commands.run(session, [instance], script, timeout_s)
    return scripts.closed_s(printed[instance])


def _arrive_when(outputs: StackOutputs, closed_s: float, wait: Callable[[float], None]) -> int:
    """Send requests together whenever connections have rested for that long; return the 502s."""
    deadline = time.monotonic() + LONGEST_S
    refused = 0
    with ThreadPoolExecutor(TOGETHER) as pool:
        for _ in range(ROUNDS):
            statuses = list(pool.map(_status, [outputs] * TOGETHER))
            refused += statuses.count(BAD_GATEWAY)
            if time.monotonic() + closed_s > deadline:
                break
            wait(closed_s)
    return refused


def _status(outputs: StackOutputs) -> int | None:
    """Request the health path on a connection of its own; return the status, None without an answer."""
    parts = urlsplit(outputs.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=ANSWER_S)
    try:
        connection.request("GET", parts.path + outputs.health_path)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return response.status
