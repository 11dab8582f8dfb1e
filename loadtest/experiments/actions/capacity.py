"""Faults and changes of capacity: EC2 has none, or the group scales out."""

from __future__ import annotations

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import fis
from loadtest.experiments.session import current
from loadtest.experiments.undo import WayBack


def no_capacity(seconds: float = 120) -> str:
    """Let every launch of the group fail for want of capacity, in all of its zones, by AWS FIS."""
    session = current()
    group = session.stack.group()
    zones = sorted(group["AvailabilityZones"])
    what = f"no capacity for {group['AutoScalingGroupName']} in {', '.join(zones)}"
    back = fis.way_back(session, f"{group['AutoScalingGroupName']} can launch instances")
    targets, costs = [fis.target_of_group(session)], fis.costs(seconds)
    with session.act(what, targets, back, costs=costs, condition=True) as act:
        if act is not None:
            parameters = {"availabilityZoneIdentifiers": ",".join(zones), "percentage": "100"}
            arns = [str(group["AutoScalingGroupARN"])]
            fis.run(session, act, fis.NO_CAPACITY, arns, parameters=parameters, seconds=seconds)
    return str(group["AutoScalingGroupName"])


def scale_out(by: int = 1) -> int:
    """Ask the group for more instances; returns its new desired capacity.

    Raises:
        ExperimentError: Its maximum size does not allow it.
    """
    session = current()
    group = session.stack.group()
    before, most = int(group["DesiredCapacity"]), int(group["MaxSize"])
    wanted = before + by
    if wanted > most:
        raise ExperimentError(
            f"the group has {before} instances and at most {most}: it cannot get {by} more"
        )
    name = str(group["AutoScalingGroupName"])
    back = WayBack(
        "desired-capacity",
        {"group": name, "before": before, "set": wanted},
        f"{name} has a desired capacity of {before}",
    )
    what = f"scale {name} out from {before} to {wanted}"
    costs = f"{by} more instance(s) until the end of the experiment"
    with session.act(
        what, [fis.target_of_group(session)], back, costs=costs, kind="scaling"
    ) as act:
        if act is not None:
            act.takes_effect()
            session.clients["autoscaling"].set_desired_capacity(
                AutoScalingGroupName=name, DesiredCapacity=wanted, HonorCooldown=False
            )
    return wanted
