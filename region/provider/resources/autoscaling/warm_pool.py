"""A group's warm pool: `warmPool`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import MINUTE, found, given
from region.provider.operation import Operation
from region.provider.values import Properties

_POOL = {
    "MaxGroupPreparedCapacity": "maxGroupPreparedCapacity",
    "MinSize": "minSize",
    "PoolState": "poolState",
}
_REUSE = "instanceReusePolicy"
PATHS = frozenset(
    {
        *(f"warmPool.{name}" for name in _POOL.values()),
        f"warmPool.{_REUSE}.reuseOnScaleIn",
        "forceDeleteWarmPool",
    }
)
"""The supported input paths."""


def check(inputs: Properties) -> Iterable[CheckFailure]:
    """Check what a program asks for."""
    pool: Any = inputs.get("warmPool")
    if isinstance(pool, dict):
        yield from checks.one_of(
            "warmPool.poolState",
            pool.get("poolState"),  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            ["Stopped", "Running"],
        )


def apply(op: Operation, identity: str, new: Properties, old: Properties) -> None:
    """Create, change or delete the pool."""
    pool, known = new.get("warmPool"), old.get("warmPool")
    if pool is not None and pool != known:
        reuse: dict[str, Any] = {}
        if _REUSE in pool or _REUSE in (known or {}):
            reused = bool((pool.get(_REUSE) or {}).get("reuseOnScaleIn"))
            reuse = {"InstanceReusePolicy": {"ReuseOnScaleIn": reused}}
        op.aws.autoscaling.put_warm_pool(
            AutoScalingGroupName=identity, **given(_POOL, pool), **reuse
        )
    elif pool is None and known is not None:
        delete(op, identity, force=bool(new.get("forceDeleteWarmPool")))


def delete(op: Operation, identity: str, *, force: bool) -> None:
    """Delete a group's warm pool and wait until it is gone."""
    scaling = op.aws.autoscaling
    scaling.delete_warm_pool(AutoScalingGroupName=identity, ForceDelete=force)

    def probe() -> tuple[bool | None, str]:
        answer = scaling.describe_warm_pool(AutoScalingGroupName=identity)
        left = len(answer.get("Instances") or ())
        return (None if answer.get("WarmPoolConfiguration") else True), f"{left} instances left"

    op.wait(f"the warm pool of {identity} to be gone", probe, default_timeout=10 * MINUTE)


def described(group: Mapping[str, Any]) -> Properties:
    """Return the pool of a group that the API describes."""
    configuration = group.get("WarmPoolConfiguration") or {}
    pool = found(_POOL, configuration)
    if (configuration.get("InstanceReusePolicy") or {}).get("ReuseOnScaleIn"):
        pool[_REUSE] = {"reuseOnScaleIn": True}
    return {
        **({"warmPool": pool} if pool else {}),
        "warmPoolSize": int(group.get("WarmPoolSize") or 0),
    }
