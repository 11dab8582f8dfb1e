"""All AWS API calls that workers on Fargate need, and how their failures are reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.engine.fargate.settings import FargateSettings
from loadtest.errors import LoadTestError
from loadtest.stack.clients import Clients, endpoint, error_code, is_local

_RIGHTS: Final = (
    "whoever runs the load test needs what `python -m loadtest workers policy` prints as "
    "`coordinator`"
)
_CREDENTIALS: Final = "log in to AWS again (`aws sts get-caller-identity` shows who you are)"
_CLUSTER: Final = (
    "make the cluster (`aws ecs create-cluster --cluster-name NAME`), or name another one as `cluster` in "
    "the settings"
)
_BY_CODE: Final[Mapping[str, str]] = {
    "AccessDenied": _RIGHTS,
    "AccessDeniedException": _RIGHTS,
    "UnauthorizedOperation": _RIGHTS,
    "ClusterNotFoundException": _CLUSTER,
    "NoSuchBucket": "make the bucket, or name another one as `bucket` in the settings",
    "ExpiredToken": _CREDENTIALS,
    "ExpiredTokenException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "UnrecognizedClientException": _CREDENTIALS,
}
"""What helps against an error that AWS has a code for."""
_BY_WORD: Final[Mapping[str, str]] = {
    "cluster not found": _CLUSTER,
    "service linked role": "make it once: `aws iam create-service-linked-role --aws-service-name "
    "ecs.amazonaws.com`",
    "assume the role": "let ECS assume the role: `trust` in `python -m loadtest workers policy`",
    "subnet": "name `subnets` of the workers' region in the settings, all of one VPC",
    "security group": "name `securityGroups` of the same VPC as the subnets",
    "limit on the number of vcpu": "take fewer workers, or ask for more (Service Quotas, L-3032A538)",
    "capacity is unavailable": "try again later, or name `subnets` in other zones",
    "unable to locate credentials": _CREDENTIALS,
    "no identity-based policy": _RIGHTS,
}
"""What helps against one that AWS tells in words only, in lower case."""
_ZONES: Final[Mapping[str, frozenset[str]]] = {
    "apne1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"}),
    "cnn1": frozenset({"cnn1-az1", "cnn1-az2"}),
    "usw1": frozenset({"usw1-az1", "usw1-az3"}),
}
"""The zones of Fargate in regions where it is not in all: their ids by how these begin
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html)."""


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
        raise LoadTestError(f"cannot {what}: {error}{_remedy(error)}") from error


def _remedy(error: Exception) -> str:
    told = str(error).lower()
    by_word = (text for word, text in _BY_WORD.items() if word in told)
    found = _BY_CODE.get(error_code(error)) or next(by_word, None)
    return "" if found is None else f"; {found}"


def require_places(clients: Clients, settings: FargateSettings) -> None:
    """Require that bucket, cluster and subnets are there before anything is started.

    Raises:
        LoadTestError: One is not, or may not be used; the message says what to do.
    """
    call(
        f"use the bucket {settings.bucket}",
        clients["s3"].list_objects_v2,
        Bucket=settings.bucket,
        Prefix=f"{settings.prefix}/",
        MaxKeys=1,
    )
    call(
        f"use the cluster {settings.cluster}",
        clients["ecs"].list_tasks,
        cluster=settings.cluster,
        maxResults=1,
    )
    if not settings.subnets:
        default_subnets(clients)


def default_subnets(clients: Clients) -> list[str]:
    """Return the default VPC's subnets, one for each zone that has Fargate.

    Raises:
        LoadTestError: There is no default VPC.
    """
    found = call(
        "look up the default VPC's subnets",
        clients["ec2"].describe_subnets,
        Filters=[{"Name": "default-for-az", "Values": ["true"]}],
    )
    subnets = sorted(
        one["SubnetId"]
        for one in found["Subnets"]
        if _has_fargate(one.get("AvailabilityZoneId", ""))
    )
    if not subnets:
        raise LoadTestError(
            "there is no default VPC for the workers: name `subnets` in the settings (public ones, or with "
            "a way out)"
        )
    return subnets


def _has_fargate(zone: str) -> bool:
    those = _ZONES.get(zone.partition("-")[0])
    return those is None or zone in those
