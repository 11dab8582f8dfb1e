"""boto3 clients whose errors about the environment become one clear message."""

from __future__ import annotations

import os
from typing import Any

from loadtest.errors import LoadTestError

ENDPOINT = "AWS_ENDPOINT_URL"


def client(service: str, region: str, **options: Any) -> Any:
    """Create the client of a service from the default environment.

    Raises:
        LoadTestError: The environment names an endpoint that is not a URL.
        BotoCoreError: Something else in it is wrong, such as a profile that does not exist.
    """
    # Imported here: whoever only waits to put something back does not need it yet.
    import boto3  # noqa: PLC0415

    try:
        return boto3.client(service, region_name=region, **options)  # pyright: ignore[reportUnknownMemberType]
    except ValueError as error:
        given = os.environ.get(ENDPOINT)
        if given is None:
            raise
        raise LoadTestError(
            f"{ENDPOINT}={given!r} is not a URL ({error}); unset it for AWS, or for a local region: "
            'eval "$(python -m rehearsal env)"'
        ) from error
