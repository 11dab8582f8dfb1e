"""All calls of AWS that workers on Fargate need, and how their failures are told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.errors import LoadTestError
from loadtest.stack.clients import Clients, endpoint, is_local


def connect(region: str) -> Clients:
    """Return clients for that region of AWS.

    Raises:
        LoadTestError: The environment points to a local region that has no ECS.
    """
    clients = Clients(region)
    address = endpoint()
    if is_local(address):
        try:
            clients["ecs"].list_clusters(maxResults=1)
        except (BotoCoreError, ClientError) as error:
            raise LoadTestError(
                f"AWS_ENDPOINT_URL={address} is a local region, and it has no ECS ({error}): leave out "
                "`--workers-on fargate` there, or point to AWS"
            ) from error
    return clients


def require_reachable(url: str) -> None:
    """Require that a worker on AWS could reach a stack.

    Raises:
        LoadTestError: Its address exists on this computer only.
    """
    host = urlsplit(url).hostname or ""
    local = host == "localhost"
    with suppress(ValueError):
        local = ip_address(host).is_loopback
    if local and not is_local(endpoint()):
        raise LoadTestError(
            f"the stack's URL is {url}, an address of this computer: workers on AWS cannot reach it; "
            "leave out `--workers-on fargate`"
        )


def call(what: str, method: Callable[..., dict[str, Any]], /, **parameters: Any) -> dict[str, Any]:
    """Return the answer of a boto3 client's method; `what` says in words what was asked for.

    Raises:
        LoadTestError: AWS refused, or did not answer.
    """
    try:
        return method(**parameters)
    except (BotoCoreError, ClientError) as error:
        raise LoadTestError(f"cannot {what}: {error}") from error


def default_subnets(clients: Clients) -> list[str]:
    """Return the default VPC's subnets, one per zone.

    Raises:
        LoadTestError: There is no default VPC.
    """
    found = call(
        "look up the default VPC's subnets",
        clients["ec2"].describe_subnets,
        Filters=[{"Name": "default-for-az", "Values": ["true"]}],
    )
    subnets = sorted(one["SubnetId"] for one in found["Subnets"])
    if not subnets:
        raise LoadTestError(
            "there is no default VPC for the workers: name `subnets` in the settings (public ones, or with "
            "a way out)"
        )
    return subnets
