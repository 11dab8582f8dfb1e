"""Several AWS clients from the default environment: AWS, or a local region."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from loadtest.errors import ExperimentError
from loadtest.stack import aws

CONNECT_S = 5
READ_S = 20
TRIES = 3


class Clients:
    """boto3 clients by the name of their service, made when they are first needed.

    Any thread may ask for one: boto3 makes clients in one thread at a time only.
    """

    def __init__(self, region: str) -> None:
        """Make clients for that AWS region."""
        self._region = region
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __getitem__(self, service: str) -> Any:
        """Return the client of that service, such as `ec2`."""
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def _make(self, service: str) -> Any:
        # Imported here: whoever only waits to put something back does not need it yet.
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"mode": "standard", "total_max_attempts": TRIES},
        )
        return aws.client(service, self._region, config=config)


def endpoint() -> str | None:
    """Return where calls go; None: to AWS."""
    return os.environ.get(aws.ENDPOINT) or None


def is_local(address: str | None) -> bool:
    """Return whether an endpoint is on this computer: a local region."""
    try:
        return address is not None and ip_address(urlsplit(address).hostname or "").is_loopback
    except ValueError:
        return False


@contextmanager
def answering() -> Generator[None]:
    """Let a call that AWS, or a local region, refuses or does not answer end as one message.

    Raises:
        ExperimentError: One was refused, or not answered.
    """
    # Imported here: as above.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ExperimentError(
            f"an AWS API call failed: {error}; check credentials, region and AWS_ENDPOINT_URL, and "
            "whether the stack is still there"
        ) from error


def error_code(error: BaseException | None) -> str:
    """Return the code of an error that AWS answered with; empty for any other one."""
    response = getattr(error, "response", None)
    return str((response or {}).get("Error", {}).get("Code") or "")
