"""What AWS refuses about types, classes and disks of machines: parts of the rules of their families."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.refusals import Find, JointRefusal, Refusal, alone, every, label
from guardrails.resources import Resource
from guardrails.values import dig, items, show

_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/"
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/"
_SIZE = r"(?:nano|micro|small|medium|large|xlarge|\d+xlarge|metal(?:-\d+xl)?)"
_CLASS = rf"(?:serverless|[a-z][a-z0-9-]*\.{_SIZE}(?:\.tpc\d\.mem\dx)?)"
_ROOTS = ("/dev/xvda", "/dev/sda1")


def _of_a_size(path: str, prefix: str = "") -> Find:
    """Find a type or class of machine whose size there is not, such as `m7g.larg`.

    What does not begin with the prefix, or has no size, is left to the row about that.
    """
    pattern = re.compile(re.escape(prefix) + _CLASS)

    def find(resource: Resource) -> Iterator[str]:
        for value in every(resource, path):
            begins = isinstance(value, str) and value.startswith(prefix) and "." in value
            if begins and not pattern.fullmatch(value):
                yield f"{label(path)} is {show(value)}, and there is no such size"

    return find


def _node_type(cache: Resource) -> Iterator[str]:
    given = cache.get("nodeType")
    if isinstance(given, str) and given and not re.fullmatch(rf"cache\.{_CLASS}", given):
        yield f"node_type is {show(given)}"


def _slow_root(template: Resource) -> Iterator[str]:
    for mapping in items(template.get("blockDeviceMappings")):
        device, kind = dig(mapping, "deviceName"), dig(mapping, "ebs", "volumeType")
        if device in _ROOTS and kind in ("st1", "sc1"):
            yield f"the root device {device} is of {kind}"


def _first_serverless(cluster: Resource) -> str | None:
    return 'engine_mode is "serverless"' if cluster.get("engineMode") == "serverless" else None


TEMPLATES = (
    Refusal(
        types=tokens.LAUNCH_TEMPLATE,
        says="InvalidParameterValue: The following supplied instance types do not exist.",
        source=f"{_EC2}instance-types.html",
        remedy='set instance_type to a type that there is, for example "t4g.micro".',
        find=_of_a_size("instanceType"),
    ),
    Refusal(
        types=tokens.LAUNCH_TEMPLATE,
        says="InvalidParameterValue: st1 and sc1 volumes cannot be boot volumes.",
        source="https://docs.aws.amazon.com/ebs/latest/userguide/hdd-vols.html",
        remedy="set volume_type of the root device to gp3.",
        find=_slow_root,
    ),
)

GROUPS = (
    JointRefusal(
        types=tokens.AUTO_SCALING_GROUP,
        says="InvalidParameterValue: The following supplied instance types do not exist.",
        source=f"{_EC2}instance-types.html",
        remedy="set instance_type of the overrides to types that there are.",
        find=alone(_of_a_size("mixedInstancesPolicy.launchTemplate.overrides.*.instanceType")),
    ),
)

DATABASES = (
    Refusal(
        types=(*tokens.DATABASE, *tokens.CLUSTER_INSTANCE),
        says="InvalidParameterValue: Invalid DB Instance class.",
        source=f"{_RDS}UserGuide/Concepts.DBInstanceClass.Types.html",
        remedy='set instance_class to a class that there is, for example "db.t4g.micro".',
        find=_of_a_size("instanceClass", "db."),
    ),
    Refusal(
        types=("aws:rds/cluster:Cluster",),
        says="Aurora Serverless v1 has ended on March 31, 2025.",
        source=f"{_RDS}AuroraUserGuide/aurora-serverless.html",
        remedy=(
            "leave engine_mode out, set serverlessv2_scaling_configuration, and create members of the "
            "class db.serverless."
        ),
        find=_first_serverless,
    ),
    Refusal(
        types=(*tokens.CACHE_GROUP, *tokens.CACHE_CLUSTER),
        says="InvalidParameterValue: the node type is not a cache node type.",
        source="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html",
        remedy='set node_type to a node type that there is, for example "cache.t4g.micro".',
        find=_node_type,
    ),
)
