"""Elastic Beanstalk: how many instances, where, and how releases come."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.beanstalk import COMMAND, environment
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def option(namespace, name, value):
    return {"namespace": namespace, "name": name, "value": value}


def of(*more, **changes):
    def change(draft):
        environment(draft, *more, **changes)
        return draft

    return change


def changed(path, value, **changes):
    return lambda draft: of(**changes)(draft).set("environment", path, value)


BREAKS = [
    ("beanstalk-survives-zone-loss", of(option("aws:ec2:vpc", "Subnets", "subnet-0a"))),
    ("beanstalk-survives-zone-loss", of(MinSize=None)),
]

KEEPS = [
    of(),
    of(option("aws:ec2:vpc", "Subnets", "subnet-0a,subnet-0b")),
    of(option(COMMAND, "BatchSize", "30"), DeploymentPolicy="Rolling"),
    changed("settings", UNKNOWN),
    changed("tier", "Worker", MinSize="1", DeploymentPolicy=None),
    changed("templateName", "saved", MinSize="1", DeploymentPolicy=None),
]
