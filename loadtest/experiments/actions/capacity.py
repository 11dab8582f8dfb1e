"""Faults and changes of capacity: EC2 has no capacity, or the group scales out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadtest.experiments.actions import fis
from loadtest.experiments.arguments import Seconds
from loadtest.experiments.session import Session, current
from loadtest.experiments.undo import WayBack


def no_capacity(seconds: Seconds = 120) -> str:
    """Let every launch of the group fail for want of capacity, in all of its zones, by AWS FIS."""
    session = current()
    group = session.stack.group()
    zones = sorted(group["AvailabilityZones"])
    what = f"no capacity for {group['AutoScalingGroupName']} in {', '.join(zones)}"
    step = fis.new_step()
    back = fis.way_back(session, f"{group['AutoScalingGroupName']} can launch instances", step)
    targets, costs = [fis.target_of_group(session)], fis.costs(seconds)
    with session.act(what, targets, back, costs=costs, condition=True) as act:
        if act is not None:
            parameters = {"availabilityZoneIdentifiers": ",".join(zones), "percentage": "100"}
            arns = [str(group["AutoScalingGroupARN"])]
            fis.run(
                session,
                act,
                fis.NO_CAPACITY,
                arns,
                step=step,
                parameters=parameters,
                seconds=seconds,
            )
    return str(group["AutoScalingGroupName"])


def scale_out(by: int = 1) -> int:
    """Ask the group for more instances, and raise its maximum size where that is in the way.

    Returns:
        Its new desired capacity.
    """
    session = current()
    group = session.stack.group()
    before = int(group["DesiredCapacity"])
    wanted = before + by
    _make_room(session, group, wanted)
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


def _make_room(session: Session, group: Mapping[str, Any], wanted: int) -> None:
    """Raise the group's maximum size to what is wanted: earlier loads may have used it up."""
    name, most = str(group["AutoScalingGroupName"]), int(group["MaxSize"])
    if wanted <= most:
        return
    back = WayBack(
        "largest-size",
        {"group": name, "before": most, "set": wanted},
        f"{name} has a maximum size of {most}",
    )
    what = f"let {name} have {wanted} instances instead of {most}"
    with session.act(what, [fis.target_of_group(session)], back, kind="scaling") as act:
        if act is not None:
            session.clients["autoscaling"].update_auto_scaling_group(
                AutoScalingGroupName=name, MaxSize=wanted
            )
