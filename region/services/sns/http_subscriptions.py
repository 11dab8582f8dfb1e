"""Messages of SNS topics to HTTP endpoints of this computer, sent by threads of their own."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from region.addresses import GuardError, require_loopback

log = logging.getLogger(__name__)

AT_ONCE = 4
TIMEOUT = 15.0
"""Seconds that an endpoint has for its answer (SNS guide, "HTTP/HTTPS subscriptions")."""


def check(endpoint: str) -> None:
    """Reject an endpoint that messages would leave this computer for.

    Raises:
        GuardError: It is not on a loopback address.
    """
    require_loopback("The subscription's Endpoint", endpoint)


def post(endpoint: str, body: Mapping[str, Any]) -> None:
    """Post a message to an endpoint soon; a failure is logged."""
    _executor().submit(_post, endpoint, json.dumps(body).encode())


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sns-http")


def _post(endpoint: str, body: bytes) -> None:
    """Send one request. It follows no redirect, which could lead off this computer."""
    try:
        check(endpoint)
        parts = urlsplit(endpoint)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(str(parts.hostname), parts.port, timeout=TIMEOUT)
        try:
            connection.request(
                "POST",
                f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
                body,
                {
                    "Content-Type": "text/plain; charset=UTF-8",
                    "x-amz-sns-message-type": "Notification",
                },
            )
            answer = connection.getresponse()
        finally:
            connection.close()
        if answer.status >= http.client.MULTIPLE_CHOICES:
            log.warning("SNS message to %s was answered with %d", endpoint, answer.status)
    except (OSError, http.client.HTTPException, GuardError) as error:
        log.warning("SNS message to %s failed: %s", endpoint, error)
