"""Messages of SNS topics to HTTP endpoints of this computer, sent by threads of their own.

What an endpoint could not take is sent again as the delivery policy says (`delivery_policy`), by the rounds
of `MessagesController`.
"""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from region.loopback.addresses import GuardError, require_loopback

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
TIMEOUT: Final = 15.0
"""Seconds that an endpoint has for its answer (SNS guide, "HTTP/HTTPS subscriptions")."""
MOST_WAITING: Final = 1000
"""Deliveries that wait to be sent again; beyond it one is given up, as after its last retry."""

_waiting: list[tuple[float, Delivery]] = []
"""What is to be sent again, and when it failed, on the monotonic clock."""
_throttles: dict[str, _Throttle] = {}
"""By subscription."""
_last_round = time.monotonic()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to an endpoint.

    Attributes:
        delays: Before each retry that is left, in seconds of AWS's clock.
        subscription: What it belongs to.
        most_per_second: Deliveries to the subscription in a second of that clock; None: any.
    """

    endpoint: str
    body: bytes
    headers: Mapping[str, str]
    delays: tuple[float, ...] = ()
    subscription: str = ""
    most_per_second: int | None = None


@dataclass(slots=True)
class _Throttle:
    """The deliveries to one subscription, of which only so many may be sent in a second.

    Attributes:
        seen: When `credit` was right, on the monotonic clock.
        credit: How many may be sent at once.
    """

    seen: float
    credit: float
    held: deque[Delivery] = field(default_factory=deque["Delivery"])

    def take(self, now: float, second: float, longest: float) -> list[Delivery]:
        """Return what may be sent now.

        Args:
            now: The monotonic clock.
            second: A second of AWS's on it.
            longest: The time since the last round: a region that looks seldom sends more at once.
        """
        if not self.held:
            return []
        rate = self.held[0].most_per_second or 1
        earned = (now - self.seen) / second * rate if second else float(len(self.held))
        most = rate * max(1.0, longest / second if second else float(len(self.held)))
        self.credit, self.seen = min(self.credit + earned, most), now
        count = min(int(self.credit), len(self.held))
        self.credit -= count
        return [self.held.popleft() for _ in range(count)]


def check(endpoint: str) -> None:
    """Reject an endpoint that messages would leave this computer for.

    Raises:
        GuardError: It is not on a loopback address.
    """
    require_loopback("The subscription's Endpoint", endpoint)


def post(delivery: Delivery) -> None:
    """Send a message to an endpoint soon, or when its subscription's turn comes; a failure is logged."""
    if delivery.most_per_second is None:
        _executor().submit(_post, delivery)
        return
    with _lock:
        own = _throttles.setdefault(
            delivery.subscription, _Throttle(time.monotonic(), delivery.most_per_second)
        )
        if len(own.held) < MOST_WAITING:
            own.held.append(delivery)
        else:
            log.warning("SNS message to %s is given up: too many wait", delivery.endpoint)


def waiting() -> int:
    """Return how many deliveries wait: to be sent again, or for their subscription's turn."""
    with _lock:
        return len(_waiting) + sum(len(one.held) for one in _throttles.values())


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
    for one in _whose_turn_it_is(now, seconds(1.0)):
        _executor().submit(_post, one)


def _whose_turn_it_is(now: float, second: float) -> list[Delivery]:
    """Return what throttled subscriptions may be sent, and forget those that have rested."""
    global _last_round
    found: list[Delivery] = []
    with _lock:
        longest, _last_round = now - _last_round, now
        for name, one in list(_throttles.items()):
            found += one.take(now, second, longest)
            if not one.held and now - one.seen > max(second, longest):
                del _throttles[name]
    return found


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
