"""A region that only previews takes every type and property of the package, and nothing else."""

from __future__ import annotations

from typing import Any, cast

import pytest

from region.provider import invokes, lifecycle
from region.provider.lifecycle import CheckTask
from region.provider.operation import Operation, ProviderContext
from region.provider.preview_handlers import PreviewHandlers
from region.provider.resources import all_handlers
from region.provider.values import UNKNOWN, Properties
from tests.region.provider.test_autoname import NoPlace

GROUP = "aws:ec2/securityGroup:SecurityGroup"
QUEUE = "aws:sqs/queue:Queue"
INLINE = [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["0.0.0.0/0"]}]

HANDLERS = PreviewHandlers(all_handlers())


def checked(token: str, inputs: Properties) -> tuple[Properties, list[str]]:
    task = CheckTask(logical_name="it", news=inputs, olds={}, seed=b"0123456789")
    found, failures = lifecycle.check(HANDLERS[token], Operation(NoPlace()), task)
    return found, [failure.path for failure in failures]


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (GROUP, {"vpcId": UNKNOWN, "ingress": INLINE}),
        (QUEUE, {"visibilityTimeoutSeconds": 60}),
        ("aws:ecs/cluster:Cluster", {}),
        ("aws:lambda/function:Function", {"role": UNKNOWN, "runtime": "python3.13"}),
        ("aws:lb/listener:Listener", {"loadBalancerArn": UNKNOWN, "defaultActions": [{"type": "forward"}],
                                      "protocol": "TLS", "port": 443}),
    ],
)  # fmt: skip
def test_what_the_region_does_not_implement_is_taken(token: str, inputs: dict[str, Any]) -> None:
    found, failures = checked(token, inputs)
    assert not failures
    assert found.items() >= inputs.items()


def test_what_only_the_cloud_knows_is_unknown() -> None:
    outputs = lifecycle.preview_create(HANDLERS[QUEUE], {"visibilityTimeoutSeconds": 60})
    assert outputs["arn"] is UNKNOWN
    assert outputs["visibilityTimeoutSeconds"] == 60


def test_a_type_that_the_region_implements_keeps_its_naming() -> None:
    found, _ = checked("aws:lb/targetGroup:TargetGroup", {"port": 80, "protocol": "HTTP"})
    assert found["name"].startswith("it-")


@pytest.mark.parametrize(
    ("inputs", "path"),
    [({"visibilityTimeout": 60}, "visibilityTimeout"), ({"name": ["jobs"]}, "name")],
)
def test_what_the_package_does_not_have_is_refused(inputs: Properties, path: str) -> None:
    assert checked(QUEUE, inputs)[1] == [path]


def test_there_is_nothing_that_the_package_has_not() -> None:
    assert HANDLERS.get("aws:sqs/queue:Stack") is None


def test_nothing_is_created() -> None:
    with pytest.raises(LookupError, match="only previews"):
        HANDLERS[QUEUE].create(Operation(NoPlace()), {})


@pytest.mark.parametrize(
    ("token", "asked", "found"),
    [
        (
            "aws:route53/getZone:getZone",
            {"name": "a.example"},
            {"name": "a.example", "zoneId": "preview-zoneId"},
        ),
        ("aws:acm/getCertificate:getCertificate", {}, {"arn": "preview-arn"}),
        ("aws:lambda/getFunction:getFunction", {"functionName": "f"}, {"functionName": "f"}),
        ("aws:rds/getCluster:getCluster", {}, {"port": 0, "tags": {}}),
    ],
)
def test_a_lookup_of_what_only_aws_knows_is_made_up(
    token: str, asked: Properties, found: Properties
) -> None:
    context = ProviderContext(cast("Any", None), "us-east-1", preview_only=True)
    result, failures = invokes.call(context, token, asked)
    assert not failures
    assert result.items() >= found.items()
    with pytest.raises(LookupError, match="does not implement the function"):
        invokes.call(ProviderContext(cast("Any", None), "us-east-1"), token, asked)


def test_a_lookup_in_another_region_has_several_of_each() -> None:
    context = ProviderContext(cast("Any", None), "us-east-1", preview_only=True)
    result, failures = invokes.call(
        context, "aws:ec2/getSubnets:getSubnets", {"region": "eu-west-1"}
    )
    assert not failures
    assert len(set(result["ids"])) == 3
    refused = invokes.call(
        ProviderContext(cast("Any", None), "us-east-1"),
        "aws:ec2/getSubnets:getSubnets",
        {"region": "eu-west-1"},
    )
    assert [failure.path for failure in refused[1]] == ["region"]


def test_what_somebody_else_has_made_is_there() -> None:
    context = ProviderContext(cast("Any", NoPlace()), "us-east-1", preview_only=True)
    found = lifecycle.read(HANDLERS["aws:ec2/vpc:Vpc"], Operation(context), "vpc-0a", {}, {})
    assert found is not None
    assert (found[0]["id"], found[0]["cidrBlock"], found[1]) == ("vpc-0a", "preview-cidrBlock", {})
