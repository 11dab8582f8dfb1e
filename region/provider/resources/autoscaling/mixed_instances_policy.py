"""The choice of instance types of an Auto Scaling group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import found, given
from region.provider.operation import Operation
from region.provider.values import Properties

MIXED = "mixedInstancesPolicy"


TEMPLATE = f"{MIXED}.launchTemplate"


SPECIFICATION = {
    "LaunchTemplateId": "launchTemplateId",
    "LaunchTemplateName": "launchTemplateName",
    "Version": "version",
}


DISTRIBUTION = {
    "OnDemandAllocationStrategy": "onDemandAllocationStrategy",
    "OnDemandBaseCapacity": "onDemandBaseCapacity",
    "OnDemandPercentageAboveBaseCapacity": "onDemandPercentageAboveBaseCapacity",
    "SpotAllocationStrategy": "spotAllocationStrategy",
}


NO_SPOT = "the local region has no Spot market; set onDemandPercentageAboveBaseCapacity to 100"


def check_policy(op: Operation, policy: Properties) -> Iterable[CheckFailure]:
    """Check that the policy is a choice of types for On-Demand instances."""
    template: Any = policy.get("launchTemplate")
    if isinstance(template, dict):
        for override in template.get("overrides") or ():
            if isinstance(override, dict):
                path = f"{TEMPLATE}.overrides.instanceType"
                yield from checks.instance_type(op, path, override.get("instanceType"))
    distribution: Any = policy.get("instancesDistribution")
    if isinstance(distribution, dict):
        path = f"{MIXED}.instancesDistribution"
        strategy = distribution.get("onDemandAllocationStrategy")
        yield from checks.one_of(f"{path}.onDemandAllocationStrategy", strategy, ["prioritized"])
        share = distribution.get("onDemandPercentageAboveBaseCapacity", 100)
        if isinstance(share, int) and share != 100:
            yield CheckFailure(f"{path}.onDemandPercentageAboveBaseCapacity", NO_SPOT)


def policy_parameter(policy: Properties) -> dict[str, Any]:
    """Return the `MixedInstancesPolicy` parameter."""
    template = policy["launchTemplate"]
    specification = given(SPECIFICATION, template["launchTemplateSpecification"])
    overrides = [
        {"InstanceType": override["instanceType"]} for override in template.get("overrides") or ()
    ]
    distribution = given(DISTRIBUTION, policy.get("instancesDistribution") or {})
    return {
        "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides},
        **({"InstancesDistribution": distribution} if distribution else {}),
    }


def described_policy(policy: Mapping[str, Any]) -> Properties:
    """Return the input that a group's policy corresponds to; empty without a policy."""
    if not policy:
        return {}
    template = policy["LaunchTemplate"]
    overrides = [{"instanceType": item["InstanceType"]} for item in template.get("Overrides") or ()]
    return {
        MIXED: {
            "launchTemplate": {
                "launchTemplateSpecification": found(
                    SPECIFICATION, template["LaunchTemplateSpecification"]
                ),
                **({"overrides": overrides} if overrides else {}),
            },
            "instancesDistribution": found(DISTRIBUTION, policy.get("InstancesDistribution") or {}),
        }
    }
