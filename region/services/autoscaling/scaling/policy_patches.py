"""Calls about scaling policies."""

from __future__ import annotations

from moto.autoscaling.models import FakeScalingPolicy

from region.api.patching import Original, Patches
from region.services.autoscaling.scaling.records import PolicyRecord

patches = Patches()


@patches.around(FakeScalingPolicy, "__init__")
def _new_policy(moto: Original, self: FakeScalingPolicy, *args: object, **kwargs: object) -> None:
    PolicyRecord().attach(self)
    moto(self, *args, **kwargs)


def _arn(self: FakeScalingPolicy) -> str:
    backend = self.autoscaling_backend
    return (
        f"arn:aws:autoscaling:{backend.region_name}:{backend.account_id}:scalingPolicy:"
        f"{PolicyRecord.of(self).identity}:autoScalingGroupName/{self.auto_scaling_group_name}:"
        f"policyName/{self.name}"
    )


for _name in ("arn", "policy_arn"):
    patches.value(FakeScalingPolicy, _name)(_arn)
