"""The conditions of a rehearsal for the report: how they differ from the published experiment."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtest.models import RunSummary
from loadtest.reporting.conditions import Condition
from loadtest.stack.outputs import StackOutputs
from region import usage
from region.machines.instance_types import INSTANCE_TYPES
from region.session import Session
from toolchain import locate


@dataclass(frozen=True)
class StackRun:
    """One stack's run, with the CPU use that the region recorded meanwhile."""

    summary: RunSummary
    outputs: StackOutputs
    cores: Mapping[str, float]
    """Mean CPU, in cores, of each instance that answered, during the load."""


def stack_run(root: Path, summary: RunSummary, outputs: StackOutputs) -> StackRun:
    """Return the run with the CPU use of the instances that answered it."""
    since = (summary.load_began_at or summary.started_at).timestamp()
    until = since + sum(phase.duration_s for phase in summary.profile.phases)
    used = usage.cpu_cores_used(root, since, until)
    answered = {record.instance for record in summary.instances}
    return StackRun(summary, outputs, {name: used[name] for name in sorted(answered & set(used))})


def conditions(session: Session, single: StackRun, ha: StackRun) -> list[Condition]:
    """Return the rows that only the region knows."""
    runs = (single, ha)
    return [
        _row("Where", ("local region",) * 2, "AWS", _machine()),
        _row("An instance", _per_stack(runs, _instance), "t4g.nano", _limits_note(session)),
        _row("CPU used of that, mean under load", _per_stack(runs, _share)),
        _row("Load balancer", ("none", "HAProxy, health checks of the target group"), "none / ALB"),
        _row(
            "Database",
            ("PostgreSQL, not limited",) * 2,
            "RDS db.t4g.micro",
            "one process beside the instances; a db.t4g.micro has 2 vCPU and 1 GiB",
        ),
        _row("Network", ("loopback",) * 2, "internet", "no latency, no packet loss"),
        _row("Clock of the region", (f"{session.speed:g}x",) * 2, "1x"),
    ]


def versions() -> list[Condition]:
    """Return the versions of the region's parts."""
    found = {
        "Pulumi": locate.version_of([str(locate.pulumi()), "version"]),
        "HAProxy": locate.version_of([str(locate.haproxy()), "-v"]),
        "PostgreSQL": locate.version_of([str(locate.postgres_bin() / "postgres"), "--version"]),
    }
    return [_row(name, (str(version),) * 2) for name, version in found.items()]


def _row(
    name: str, values: tuple[str, ...], published: str = "not told", note: str = ""
) -> Condition:
    return Condition(name=name, single=values[0], ha=values[1], published=published, note=note)


def _per_stack(
    runs: tuple[StackRun, StackRun], describe: Callable[[StackRun], str]
) -> tuple[str, str]:
    return describe(runs[0]), describe(runs[1])


def _instance(run: StackRun) -> str:
    kind = INSTANCE_TYPES[run.outputs.instance_type]
    memory = kind.memory_bytes // 2**20
    return f"{run.outputs.instance_type}: {kind.baseline_cpu:g} CPU, {memory} MiB"


def _share(run: StackRun) -> str:
    if not run.cores:
        return "not measured"
    baseline = INSTANCE_TYPES[run.outputs.instance_type].baseline_cpu
    shares = sorted(cores / baseline for cores in run.cores.values())
    if len(shares) == 1:
        return f"{shares[0]:.0%}"
    return f"{shares[0]:.0%} to {shares[-1]:.0%} on {len(shares)} instances"


def _limits_note(session: Session) -> str:
    return (
        f"held by {session.limits} to the type's baseline, as if all CPU credits were spent; boot and "
        "lifecycle hooks are not"
    )


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()} "
        f"{platform.machine()}; everything shares them, the load generator too"
    )
