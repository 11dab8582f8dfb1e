"""The blast radius of an experiment in words: what it does, to what, the price, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from loadtest.experiments.models import ExperimentFile, Hypothesis
from loadtest.experiments.session import Planned
from loadtest.stack.clients import endpoint
from loadtest.stack.outputs import MonthlyCost, StackOutputs

HOURS_PER_MONTH = 730


def allowance(hypothesis: Hypothesis) -> str:
    """Say what users may notice."""
    allowed = hypothesis.allowed
    noticed = (
        f"at most {allowed.failed_share * 100:g} % of the requests of the first {allowed.window_s:g} s "
        "fail, and none after that"
        if allowed.window_s
        else "no request fails"
    )
    return f"must hold: {noticed}; steady state back within {hypothesis.recovery_s:g} s"


def describe(
    experiment: ExperimentFile,
    outputs: StackOutputs,
    planned: Sequence[Planned],
    rate: int,
    *,
    account: str = "",
    stop_alarms: Sequence[str] = (),
) -> list[str]:
    """Return the lines of a dry run, and of the question before one on AWS: in which `account`."""
    place = endpoint()
    lines = [
        f"{experiment.name} on {outputs.topology} ({outputs.url}), "
        + (f"local region {place}" if place else f"AWS account {account}, {outputs.region}"),
        f"load: {rate} users/s, at most {_minutes(experiment.hypothesis):.0f} min",
        allowance(experiment.hypothesis),
    ]
    for one in planned:
        lines.append(f"would {one.what}")
        lines += [f"  acts on {target.kind} {target.id}" for target in one.targets]
        lines += [f"  put back: {what}" for what in one.reverted] or ["  nothing to put back"]
        lines.append(f"  costs on AWS: {one.costs}")
    lines += [f"ends at once if the alarm {name} goes off" for name in stop_alarms]
    lines.append(_bill(outputs.monthly_cost, outputs))
    return lines


def _minutes(hypothesis: Hypothesis) -> float:
    return (hypothesis.warm_up_s + hypothesis.recovery_s + hypothesis.observe_s) / 60 + 1


def _bill(cost: MonthlyCost | None, outputs: StackOutputs) -> str:
    if cost is None or cost.total is None:
        return "an instance's price is not known: the stack has no cost estimate"
    hour = cost.total / HOURS_PER_MONTH / outputs.instance_count
    return (
        f"one more instance for an hour costs at most {hour:.3f} {cost.currency or 'USD'} "
        "(the whole stack's price, by instance)"
    )
