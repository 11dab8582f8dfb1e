"""The conditions of a rehearsal: how the local region differs from the published experiment."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtest.host_record import HostRecord
from loadtest.messages.message import Message, msg
from loadtest.models import RunSummary
from loadtest.reporting.conditions import Condition, condition, literal
from loadtest.stack.outputs import StackOutputs
from region.calibration import Calibration, reference
from region.machines.instance_types import INSTANCE_TYPES
from region.session import Session
from region.usage.recorder import cpu_cores_used
from toolchain import locate


@dataclass(frozen=True)
class StackRun:
    """One stack's run, with what the region recorded about its instances during the load."""

    summary: RunSummary
    outputs: StackOutputs
    cores: Mapping[str, float]
    """Mean CPU in cores of each instance that answered, under load."""

    def factor(self, calibrated: float) -> float:
        """Return how many CPU seconds of this computer were one of a vCPU under load, on average.

        That is what was `calibrated` at the region's start where nobody recorded how it changed.
        """
        host = self.summary.host
        return (host.vcpu_seconds if host else None) or calibrated


def stack_run(
    root: Path,
    summary: RunSummary,
    outputs: StackOutputs,
    members: Callable[[], Collection[str]] = frozenset,
) -> StackRun:
    """Add the CPU use of the instances that answered this run.

    An application whose answers name no instance says nothing of that: then of the stack's `members`.
    """
    since = (summary.load_began_at or summary.started_at).timestamp()
    until = since + sum(phase.duration_s for phase in summary.profile.phases)
    used = cpu_cores_used(root, since, until)
    answered = {record.instance for record in summary.instances} or set(members())
    return StackRun(summary, outputs, {name: used[name] for name in sorted(answered & set(used))})


def conditions(
    session: Session,
    single: StackRun,
    ha: StackRun,
    speed: Calibration | None = None,
    on_credits: Callable[[StackRun, StackRun], list[Condition]] = lambda *_: [],
) -> list[Condition]:
    """Return the rows that only the region knows.

    Args:
        session: The region.
        single: The run of the single instance.
        ha: The run of the HA stack.
        speed: The region's calibration, if it has one.
        on_credits: Returns the rows about CPU credits, which are asked of the region.
    """
    runs = (single, ha)
    factor = speed.factor if speed else 1.0
    return [
        condition(msg("local.where"), (msg("local.where.value"),) * 2, literal("AWS"), _machine()),
        condition(
            msg("local.instance"),
            tuple(_instance(run, run.factor(factor)) for run in runs),
            literal("t4g.nano"),
            _limits(session),
        ),
        *_calibration(speed, runs),
        condition(msg("local.image"), (literal(session.image),) * 2, literal("Amazon Linux 2023")),
        _disk(session),
        condition(msg("local.cpu"), tuple(_cpu_share(run, run.factor(factor)) for run in runs)),
        *on_credits(single, ha),
        condition(
            msg("local.load-balancer"),
            (msg("local.load-balancer.none"), msg("local.load-balancer.value")),
            msg("local.load-balancer.published"),
        ),
        condition(
            msg("condition.database"),
            (msg("local.database.value"),) * 2,
            literal("RDS db.t4g.micro"),
            msg("local.database.note"),
        ),
        condition(
            msg("local.network"),
            (msg("local.network.value"),) * 2,
            msg("local.network.published"),
            msg("local.network.note"),
        ),
        condition(
            msg("local.clock"),
            (msg("local.clock.value", speed=session.speed),) * 2,
            msg("local.clock.value", speed=1),
        ),
    ]


def _limits(session: Session) -> Message:
    if session.cpu_credits is None:
        return msg("local.instance.note", limits=session.limits)
    return msg("local.instance.credits-note", limits=session.limits)


def _disk(session: Session) -> Condition:
    """Return the row about root volumes: without them nothing inside ever ends in ENOSPC."""
    if session.why_no_volumes:
        note = msg("local.disk.note", reason=session.why_no_volumes)
        return condition(
            msg("local.disk"), (msg("local.disk.shared"),) * 2, msg("local.disk.published"), note
        )
    return condition(msg("local.disk"), (msg("local.disk.own"),) * 2, msg("local.disk.published"))


def versions() -> list[Condition]:
    """Return the versions of the region's parts."""
    found = {
        "local.pulumi": locate.version_of([str(locate.pulumi()), "version"]),
        "local.haproxy": locate.version_of([str(locate.haproxy()), "-v"]),
        "local.postgresql": locate.version_of(
            [str(locate.postgres_bin() / "postgres"), "--version"]
        ),
    }
    return [condition(msg(name), (literal(str(version)),) * 2) for name, version in found.items()]


def _instance(run: StackRun, factor: float) -> Message:
    kind = INSTANCE_TYPES[run.outputs.instance_type]
    return msg(
        "local.instance.value",
        type=run.outputs.instance_type,
        cpu=kind.baseline_cpu,
        here=kind.baseline_cpu * factor,
        memory=kind.memory_bytes // 2**20,
    )


def _cpu_share(run: StackRun, factor: float) -> Message:
    if not run.cores:
        return msg("local.cpu.unknown")
    baseline = INSTANCE_TYPES[run.outputs.instance_type].baseline_cpu * factor
    shares = sorted(cores / baseline for cores in run.cores.values())
    if len(shares) == 1:
        return msg("local.cpu.one", share=shares[0])
    if f"{shares[0]:.0%}" == f"{shares[-1]:.0%}":
        return msg("local.cpu.each", share=shares[0], instances=len(shares))
    return msg("local.cpu.several", low=shares[0], high=shares[-1], instances=len(shares))


def _calibration(speed: Calibration | None, runs: tuple[StackRun, StackRun]) -> list[Condition]:
    """Return the rows about this computer's cores."""
    if speed is None:
        return [condition(msg("local.calibration"), (msg("local.calibration.none"),) * 2)]
    note = msg(
        "local.calibration.note",
        rate=speed.measured_rate,
        reference=speed.reference_rate,
        core=reference.NAME,
        uncertainty=reference.UNCERTAINTY - 1,
    )
    capacity = msg("local.capacity.value", cores=speed.capacity_cores, cpus=speed.cpus)
    return [
        condition(
            msg("local.calibration"),
            tuple(_factor(speed, run.summary.host) for run in runs),
            literal("1"),
            note,
        ),
        condition(msg("local.capacity"), (capacity,) * 2),
    ]


def _factor(speed: Calibration, host: HostRecord | None) -> Message:
    if speed.chosen_factor is not None:
        return msg(
            "local.calibration.set",
            factor=speed.factor,
            measured=speed.measured_factor,
            spread=speed.spread,
        )
    if host is None or host.vcpu_seconds is None or host.vcpu_range is None:
        return msg("local.calibration.measured", factor=speed.factor, spread=speed.spread)
    low, high = host.vcpu_range
    return msg(
        "local.calibration.followed",
        factor=host.vcpu_seconds,
        low=low,
        high=high,
        start=speed.factor,
        spread=speed.spread,
    )


def _machine() -> Message:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return msg(
        "local.where.note",
        cores=os.cpu_count() or 1,
        memory=memory,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
    )
