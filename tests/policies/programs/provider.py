"""What the AWS provider answers in a preview, for any resource type and the lookups of the programs."""

from __future__ import annotations

import functools
import importlib
import json
import keyword
import threading
import typing
from collections.abc import Callable, Mapping
from typing import Any

from tests.components.templates import ACCOUNT, INVOKES

_LOADING = threading.Lock()
REGION = "eu-west-1"


def left_open(kind: str) -> Mapping[str, Any]:
    """Return what a preview does not know of a type unless the program sets it: name -> type.

    The SDK says which: an output that is never absent, although the program need not set it, comes
    from the provider (`Computed` in the Terraform schema).
    """
    # The SDK's modules load themselves when they are first read, which two threads must not do at once.
    with _LOADING:
        return _computed(kind)


@functools.cache
def _computed(kind: str) -> Mapping[str, Any]:
    package, module, name = kind.split(":")
    if package != "aws":
        return {}
    area = module.split("/")[0]
    area = f"{area}_" if keyword.iskeyword(area) else area
    cls = getattr(importlib.import_module(f"pulumi_aws.{area}"), name)
    return {
        getattr(member.fget, "_pulumi_name", None) or attribute: _result(member.fget)
        for attribute, member in vars(cls).items()
        if isinstance(member, property) and not _is_optional(member.fget)
    }


def _result(getter: Callable[..., Any] | None) -> Any:
    returned = getattr(getter, "__annotations__", {}).get("return")
    (inner,) = typing.get_args(returned) or (returned,)
    return inner


def _is_optional(getter: Callable[..., Any] | None) -> bool:
    return type(None) in typing.get_args(_result(getter))


def with_unknowns(kind: str, inputs: dict[str, Any], unknown: Any) -> dict[str, Any]:
    """Return the outputs of a resource that is still to be created."""
    return {**dict.fromkeys(left_open(kind), unknown), **inputs}


# --- lookups --------------------------------------------------------------------------------------

VPC = "vpc-0a1b2c3d4e5f60718"
SUBNETS = {f"subnet-0{letter}00000000000000{letter}": f"{REGION}{letter}" for letter in "abc"}
"""Subnets of the account that no program here creates: id -> zone."""


def _collapsed(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else sorted(values)


def _statement(given: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": given.get("effect", "Allow")}
    if "sid" in given:
        statement["Sid"] = given["sid"]
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
    ):
        if key in given:
            statement[name] = _collapsed(given[key])
    if "principals" in given:
        kinds = {one["type"]: one["identifiers"] for one in given["principals"]}
        statement["Principal"] = (
            "*" if kinds == {"*": ["*"]} else {kind: _collapsed(ids) for kind, ids in kinds.items()}
        )
    conditions: dict[str, dict[str, Any]] = {}
    for one in given.get("conditions", ()):
        conditions.setdefault(one["test"], {})[one["variable"]] = _collapsed(one["values"])
    if conditions:
        statement["Condition"] = conditions
    return statement


def _document(args: dict[str, Any]) -> dict[str, Any]:
    """Render a policy document as the provider's data source does."""
    statements = [_statement(one) for one in args.get("statements", ())]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)
    return {"json": text, "minifiedJson": text, "id": "1234567890"}


LOOKUPS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    **INVOKES,
    "aws:index/getRegion:getRegion": lambda _: {"id": REGION, "region": REGION, "name": REGION},
    "aws:index/getPartition:getPartition": lambda _: {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
    },
    "aws:ec2/getVpc:getVpc": lambda _: {"id": VPC, "cidrBlock": "10.0.0.0/16"},
    "aws:ec2/getSubnets:getSubnets": lambda _: {"id": REGION, "ids": list(SUBNETS)[:2]},
    "aws:ec2/getSubnet:getSubnet": lambda args: {
        "id": args.get("id", next(iter(SUBNETS))),
        "availabilityZone": SUBNETS.get(args.get("id", ""), f"{REGION}a"),
        "vpcId": VPC,
    },
    "aws:ec2/getSecurityGroup:getSecurityGroup": lambda _: {"id": "sg-0123456789abcdef0"},
    "aws:ec2/getAmi:getAmi": lambda _: {
        "id": "ami-0fedcba9876543210",
        "architecture": "arm64",
        "rootDeviceName": "/dev/xvda",
    },
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": lambda args: {
        "id": "pl-22a6434b",
        "name": args.get("name"),
    },
    "aws:lb/getLoadBalancer:getLoadBalancer": lambda args: {
        "arn": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/{args['name']}/1a2b",
        "arnSuffix": f"app/{args['name']}/1a2b",
        "name": args["name"],
        "securityGroups": ["sg-0fedcba9876543210"],
        "subnets": list(SUBNETS)[:2],
        "vpcId": VPC,
    },
    "aws:lb/getListener:getListener": lambda args: {
        "arn": f"{args['loadBalancerArn']}/3c4d".replace(":loadbalancer/", ":listener/"),
        "loadBalancerArn": args["loadBalancerArn"],
        "port": args["port"],
        "protocol": "HTTPS",
    },
    "aws:ec2/getLaunchTemplate:getLaunchTemplate": lambda args: {
        "id": "lt-0123456789abcdef0",
        "name": args["name"],
        "latestVersion": 4,
        "defaultVersion": 4,
    },
    "aws:iam/getRole:getRole": lambda args: {
        "arn": f"arn:aws:iam::{ACCOUNT}:role/{args['name']}",
        "name": args["name"],
    },
    "aws:iam/getPolicyDocument:getPolicyDocument": _document,
    "aws:iam/getPolicy:getPolicy": lambda args: {
        "arn": f"arn:aws:iam::aws:policy/{args.get('name')}",
        "name": args.get("name"),
    },
    "aws:iam/getInstanceProfile:getInstanceProfile": lambda args: {
        "name": args["name"],
        "arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/{args['name']}",
        "roleName": args["name"],
    },
    "aws:route53/getZone:getZone": lambda args: {"zoneId": "Z0123456789ABC", "name": args["name"]},
    "aws:acm/getCertificate:getCertificate": lambda args: {
        "arn": f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/{'1' * 36}",
        "domain": args["domain"],
    },
    "aws:elb/getServiceAccount:getServiceAccount": lambda _: {
        "id": "600734575887",
        "arn": "arn:aws:iam::600734575887:root",
    },
    "aws:secretsmanager/getSecretVersion:getSecretVersion": lambda args: {
        "secretId": args["secretId"],
        "secretString": "token-that-only-the-manager-has-2931",
        "versionId": "0b1c",
    },
    "aws:sns/getTopic:getTopic": lambda args: {
        "arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{args['name']}",
        "name": args["name"],
    },
}

STACK_OUTPUTS = {
    "vpcId": VPC,
    "publicSubnetIds": list(SUBNETS)[:2],
    "privateSubnetIds": list(SUBNETS)[1:],
    "instanceProfile": "platform-instances",
}
"""The outputs of the stack that programs with a stack reference refer to."""

CONFIG = {"programs:alarmMail": "operations@example.com", "programs:databaseUser": "shop"}
"""The stack's configuration."""

SECRETS = {
    "programs:partnerKey": "a-very-long-key-of-a-partner",
    "programs:login": json.dumps({"user": "shop", "password": "word-of-the-mail-7391"}),
}
"""What the stack's configuration keeps secret."""
