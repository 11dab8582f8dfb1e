"""Messages of SNS topics to HTTP endpoints, sent by threads of their own."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

AT_ONCE = 4
TIMEOUT = 15.0
"""Seconds that an endpoint has for its answer (SNS guide, "HTTP/HTTPS subscriptions")."""


def post(endpoint: str, body: Mapping[str, Any]) -> None:
    """Post a message to an endpoint soon; a failure is logged."""
    _executor().submit(_post, endpoint, json.dumps(body).encode())


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sns-http")


def _post(endpoint: str, body: bytes) -> None:
    request = urllib.request.Request(  # noqa: S310 - SNS allows http and https only
        endpoint,
        data=body,
        headers={
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": "Notification",
        },
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 - as above
            pass
    except OSError as error:
        log.warning("SNS message to %s failed: %s", endpoint, error)
