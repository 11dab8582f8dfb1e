"""Messages of SNS topics to HTTP endpoints of this computer, sent by threads of their own.

What an endpoint could not take is sent again as the delivery policy says (`delivery_policy`), by the rounds
of `MessagesController`.
"""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from region.addresses import GuardError, require_loopback

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
TIMEOUT: Final = 15.0
"""Seconds that an endpoint has for its answer (SNS guide, "HTTP/HTTPS subscriptions")."""
MOST_WAITING: Final = 1000
"""Deliveries that wait to be sent again; beyond it one is given up, as after its last retry."""

_waiting: list[tuple[float, Delivery]] = []
"""When each is to be sent again, on the monotonic clock."""
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to an endpoint.

    Attributes:
        delays: Before each retry that is left, in seconds of AWS's clock.
    """

    endpoint: str
    body: bytes
    headers: Mapping[str, str]
    delays: tuple[float, ...] = ()


def check(endpoint: str) -> None:
    """Reject an endpoint that messages would leave this computer for.

    Raises:
        GuardError: It is not on a loopback address.
    """
    require_loopback("The subscription's Endpoint", endpoint)


def post(delivery: Delivery) -> None:
    """Send a message to an endpoint soon; a failure is logged."""
    _executor().submit(_post, delivery)


def waiting() -> int:
    """Return how many deliveries wait to be sent again."""
    with _lock:
        return len(_waiting)


def send_due(seconds: Callable[[float], float]) -> None:
    """Send again what is due; `seconds` converts those of AWS's clock."""
    now = time.monotonic()
    due: list[Delivery] = []
    with _lock:
        later: list[tuple[float, Delivery]] = []
        for since, one in _waiting:
            if now >= since + seconds(one.delays[0]):
                due.append(one)
            else:
                later.append((since, one))
        _waiting[:] = later
    for one in due:
        post(replace(one, delays=one.delays[1:]))


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sns-http")


def _post(delivery: Delivery) -> None:
    try:
        check(delivery.endpoint)
        status = _send(delivery)
    except GuardError as error:
        log.warning("SNS message to %s failed: %s", delivery.endpoint, error)
        return
    except (OSError, http.client.HTTPException) as error:
        _failed(delivery, f"failed: {error}", again=True)
        return
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        # These are the server's fault (SNS guide, "Message delivery retries").
        again = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        _failed(delivery, f"was answered with {status}", again=again)


def _failed(delivery: Delivery, how: str, *, again: bool) -> None:
    left = len(delivery.delays) if again else 0
    log.warning("SNS message to %s %s; %d retries left", delivery.endpoint, how, left)
    with _lock:
        if left and len(_waiting) < MOST_WAITING:
            _waiting.append((time.monotonic(), delivery))


def _send(delivery: Delivery) -> int:
    """Send one request and return its status; a redirect, which could lead off this computer, is none."""
    parts = urlsplit(delivery.endpoint)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=TIMEOUT)
    path = parts.path or "/"
    try:
        connection.request(
            "POST",
            f"{path}?{parts.query}" if parts.query else path,
            delivery.body,
            dict(delivery.headers),
        )
        return connection.getresponse().status
    finally:
        connection.close()
