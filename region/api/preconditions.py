"""Preconditions in a request, checked against its target: types of tags, the owner of a bucket.

Both are checks that a caller asks for, and moto passes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from region.api.calls import Call
from region.api.constraints import Violation
from region.config import ACCOUNT

_TAGGED: Final[Mapping[str, frozenset[str]]] = {
    "AllocateAddress": frozenset({"elastic-ip"}),
    "AuthorizeSecurityGroupEgress": frozenset({"security-group-rule"}),
    "AuthorizeSecurityGroupIngress": frozenset({"security-group-rule"}),
    "CreateInternetGateway": frozenset({"internet-gateway"}),
    "CreateKeyPair": frozenset({"key-pair"}),
    "CreateLaunchTemplate": frozenset({"launch-template"}),
    "CreateManagedPrefixList": frozenset({"prefix-list"}),
    "CreateNatGateway": frozenset({"natgateway"}),
    "CreateNetworkAcl": frozenset({"network-acl"}),
    "CreateNetworkInterface": frozenset({"network-interface"}),
    "CreateRouteTable": frozenset({"route-table"}),
    "CreateSecurityGroup": frozenset({"security-group"}),
    "CreateSubnet": frozenset({"subnet"}),
    "CreateVpc": frozenset({"vpc"}),
    "CreateVpcEndpoint": frozenset({"vpc-endpoint"}),
    "ImportKeyPair": frozenset({"key-pair"}),
    "RunInstances": frozenset(
        {"instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"}
    ),
}
"""What each operation of EC2's makes, by the types of its TagSpecifications (API reference)."""
_OWNER: Final = "ExpectedBucketOwner"


def violation(call: Call) -> Violation | None:
    """Return the error for tags of a type that an operation of EC2's does not make, None if there are none.

    Raises:
        ValueError: The parameters cannot be read.
    """
    known = _TAGGED.get(call.operation) if call.service == "ec2" else None
    given = call.parameters.get("TagSpecifications")
    if known is None or not isinstance(given, list):
        return None
    for one in cast("list[dict[str, Any]]", given):
        kind = one.get("ResourceType")
        if kind is not None and kind not in known:
            return Violation(
                "InvalidParameterValue",
                f"'{kind}' is not a valid taggable resource type for this operation.",
            )
    return None


def is_of_another_owner(call: Call) -> bool:
    """Return whether a call expects a bucket to be another account's: all buckets here are the user's.

    API reference of S3: the request fails with 403 Forbidden then.
    """
    expected = call.parameters.get(_OWNER) if call.service == "s3" else None
    return expected not in {None, ACCOUNT}
