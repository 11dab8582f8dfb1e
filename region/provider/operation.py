"""What a handler works with: clients, region, progress messages, and waiting for a state."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from region.provider.clients import Clients
from region.provider.errors import Cancelled, ProviderError, error_code
from region.provider.sessions import Session

POLL_SECONDS: Final = 0.2
REPORT_AFTER_SECONDS: Final = 3.0
REPORT_EVERY_SECONDS: Final = 5.0
RELEASE_SECONDS: Final = 60.0
"""How long a deletion is retried while something else still uses the resource."""

T = TypeVar("T")


class ProviderContext:
    """Where a provider works: its clients, its region and its account.

    With `preview_only`, what it cannot do is nothing that it refuses: it will not be done.
    """

    def __init__(self, aws: Clients, region: str, *, preview_only: bool = False) -> None:
        self.aws = aws
        self.region = region
        self.preview_only = preview_only

    @cached_property
    def account(self) -> str:
        """The account's id, as the region's STS reports it."""
        return str(self.aws.sts.get_caller_identity()["Account"])


@dataclass(slots=True)
class Operation:
    """One request of the engine about one resource. `timeout` is the user's, in seconds, or 0."""

    context: ProviderContext
    session: Session = field(default_factory=Session)
    urn: str = ""
    timeout: float = 0.0

    @property
    def aws(self) -> Clients:
        """The clients of the local region."""
        return self.context.aws

    @property
    def region(self) -> str:
        """The region's name."""
        return self.context.region

    @property
    def account(self) -> str:
        """The account's id."""
        return self.context.account

    def arn(self, service: str, resource: str, *, partition_only: bool = False) -> str:
        """Return an ARN; `partition_only` omits region and account, as S3 does."""
        if partition_only:
            return f"arn:aws:{service}:::{resource}"
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def wait(
        self, what: str, probe: Callable[[], tuple[T | None, str]], *, default_timeout: float
    ) -> T:
        """Poll until `probe` returns a value; its second item describes the progress.

        Raises:
            ProviderError: The user's timeout, or the default one (in seconds), has passed.
            Cancelled: The engine asked to stop.
        """
        limit = self.timeout or default_timeout
        started = time.monotonic()
        next_report = started + REPORT_AFTER_SECONDS
        while True:
            value, progress = probe()
            if value is not None:
                return value
            now = time.monotonic()
            if now - started > limit:
                raise ProviderError(
                    f"waited {limit:.0f} s for {what} and it is {progress}; "
                    "see `python -m rehearsal status`, or allow more with customTimeouts"
                )
            if now >= next_report:
                self.session.status(self.urn, f"waiting for {what}: {progress}")
                next_report = now + REPORT_EVERY_SECONDS
            if self.session.cancelled.wait(POLL_SECONDS):
                raise Cancelled(f"cancelled while waiting for {what}, which is {progress}")

    def release(self, what: str, delete: Callable[[], Any], *busy: str) -> None:
        """Call `delete` again for up to a minute while the service says that others use it.

        `busy` are the error codes that say so.
        """

        def probe() -> tuple[bool | None, str]:
            try:
                delete()
            except ClientError as error:
                if error_code(error) not in busy:
                    raise
                return None, f"still in use ({error_code(error)})"
            return True, "deleted"

        self.wait(f"{what} to be free", probe, default_timeout=RELEASE_SECONDS)
