"""Requests that take seconds, and an instance that is retired while some of them are in flight.

A request is long because its body arrives slowly: it is in flight at the target from its first byte
on, whatever the service does.
"""

from __future__ import annotations

import http.client
import os
import select
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from loadtest.errors import ExperimentError
from loadtest.experiments.actions.instances import REPLACED, chosen, named
from loadtest.experiments.arguments import Seconds
from loadtest.experiments.observe import speed
from loadtest.experiments.session import Act, Session, current
from loadtest.messages.message import msg
from loadtest.stack.outputs import StackOutputs

PIECES: Final = 10
"""In so many pieces the body of a request is sent, evenly over its time."""
PER_INSTANCE: Final = 2
"""How many are in flight per instance: the service has to serve its users beside them."""
TRIES: Final = 2
"""How many instances are retired, one after the other, until one had a long request in flight."""
CONNECT_S: Final = 5.0
SPARE_S: Final = 10.0
"""How much longer than the request itself its answer may take."""
SERVER_ERROR: Final = 500
INSTANCE_HEADER: Final = "X-Instance-Id"
"""The header in which a service may say which instance answered."""


@dataclass(frozen=True)
class Requests:
    """Long requests that are sent together."""

    count: int
    path: str
    seconds: float
    """How long each takes."""


@dataclass(frozen=True)
class Long:
    """How one long request ended."""

    error: str = ""
    """Why the service itself did not answer: a 5xx, or a connection that broke."""
    instance: str = ""
    """Who answered; empty where the service does not say."""


def retire(request_s: Seconds = 8, path: str = "/login") -> list[str]:
    """Let the Auto Scaling group terminate an instance while long requests are in flight everywhere.

    The group takes it out of the target group first, so that its requests may end within the
    deregistration delay. Which instance a request is at shows in its answer: if none was at the one
    that was terminated, another one is.

    Args:
        request_s: How long each of the requests takes, on AWS; a faster region has a shorter delay.
        path: Where they are sent, by POST; whoever serves it has to read the body before it answers.

    Returns:
        The instances that were terminated; the group replaces them.

    Raises:
        ExperimentError: None of the requests was long, or none was at an instance that was retired.
    """
    session = current()
    candidates = chosen(session, TRIES)
    count = PER_INSTANCE * len(session.stack.instances())
    requests = Requests(count, path, request_s / speed(os.environ))
    what = f"retire {named(session, candidates[:1])} with {count} long requests in flight"
    retired = list[str]()
    with session.act(what, [one.target for one in candidates], costs=REPLACED) as act:
        if act is None:
            return [candidates[0].id]
        for one in candidates:
            ended = _terminate_beside(act, session, one.id, requests)
            retired.append(one.id)
            act.over()
            if _judged(session, ended, one.id):
                return retired
    raise ExperimentError(f"none of the long requests was at {' or '.join(retired)}")


def _terminate_beside(act: Act, session: Session, instance: str, requests: Requests) -> list[Long]:
    """Terminate an instance once the requests are in flight; return how these ended."""
    begun = threading.Barrier(requests.count + 1)
    outputs = session.stack.outputs
    with ThreadPoolExecutor(requests.count) as pool:
        sent = [pool.submit(hold, outputs, requests, begun) for _ in range(requests.count)]
        _await(begun)
        act.takes_effect()
        session.clients["autoscaling"].terminate_instance_in_auto_scaling_group(
            InstanceId=instance, ShouldDecrementDesiredCapacity=False
        )
        return [one.result() for one in sent]


def _judged(session: Session, ended: list[Long], instance: str) -> bool:
    """Note what became of long requests; return whether one was at the instance, or may have been."""
    lost = [one for one in ended if one.error]
    session.notes["long requests"] = f"{len(ended) - len(lost)} of {len(ended)} were answered"
    if lost:
        session.notes["long requests lost"] = lost[0].error
        session.found.append(msg("experiment.long-lost", n=len(lost), all=len(ended)))
    return any(one.error or one.instance in {"", instance} for one in ended)


def _await(begun: threading.Barrier) -> None:
    try:
        begun.wait(CONNECT_S)
    except threading.BrokenBarrierError as error:
        raise ExperimentError("the long requests could not be begun: nobody answers") from error


def hold(outputs: StackOutputs, requests: Requests, begun: threading.Barrier) -> Long:
    """Send one of these requests, and return how it ended.

    It passes the barrier once its first piece is on the way.

    Raises:
        ExperimentError: The service answered before it had the whole body.
    """
    parts, seconds = urlsplit(outputs.url), requests.seconds
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=seconds + SPARE_S)
    try:
        connection.putrequest("POST", parts.path + requests.path)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(PIECES))
        connection.endheaders()
        _await(begun)
        whole = _send_slowly(connection, seconds)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException) as error:
        begun.abort()
        return Long(error=str(error) or type(error).__name__)
    finally:
        connection.close()
    if response.status >= SERVER_ERROR:
        return Long(error=f"status {response.status}")
    if not whole:
        raise ExperimentError(
            f"POST {requests.path} was answered with {response.status} before its body had arrived: name "
            "a path whose handler reads the body (`path`)"
        )
    return Long(instance=response.headers.get(INSTANCE_HEADER, ""))


def _send_slowly(connection: http.client.HTTPConnection, seconds: float) -> bool:
    """Send the body piece by piece; return False once there is an answer before its end."""
    for _ in range(PIECES):
        if select.select([connection.sock], [], [], seconds / PIECES)[0]:
            return False
        connection.send(b" ")
    return True
