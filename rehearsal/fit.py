"""Whether this computer is fast and steady enough for a rehearsal, before minutes of work begin.

Only what is certain to fail is refused: less CPU than load generator, load balancer, database and
region need at the profile's highest rate, with what the instances need for the same requests. What may
be too little is said, and the run decides: it watches the computer and is not valid if CPU was short.

The needs below are for one request, in milliseconds of a reference core, so that they hold on any
computer; docs/calibration.md says how they were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from commandline.errors import UserError
from commandline.exit_codes import ExitCode
from loadtest.profiles import PROFILES, Profile
from region import calibration
from region.calibration import Calibration
from region.machines.instance_types import INSTANCE_TYPES, InstanceType
from rehearsal import stack_settings
from toolchain import paths

GENERATOR_MS: Final = 1.0
"""Artillery with the recorder."""
BALANCER_MS: Final = 0.2
"""HAProxy, with its connections to the instances."""
DATABASE_MS: Final = 0.2
"""PostgreSQL."""
REGION_CORES: Final = 0.03
"""The region with both stacks up, whatever the load, in reference cores."""
SERVICE_MS: Final = 1.0
"""The sample service, on an instance."""
REQUESTS_PER_VISITOR: Final = 2
"""Of the built-in scenario."""

BESIDE: Final = 1.5
"""What the ha stack takes during deployments, with those who watch it, by what its requests alone need."""
KEPT_FREE: Final = 0.1
"""Share of the CPUs that has to be left for two loads at a time; without any, neither shows anything."""

UNSTEADY: Final = 0.6
"""Quotas follow the speed of the cores, but not what changes within a second: with a greater spread, a
core does now four times the work of a moment ago."""
NOTICEABLE: Final = 0.1
"""CPUs that others or the hypervisor used, from which on they are a reason."""


class UnfitError(UserError):
    """This computer cannot run the stacks: a run on it would prove nothing."""

    exit_code = ExitCode.NO_VERDICT


@dataclass(frozen=True, slots=True)
class Needs:
    """CPU that a rehearsal needs at its highest rate, in cores of this computer.

    Attributes:
        rate: Requests per second.
        around: Load generator, load balancer, database, region.
        fleet: What the instances need at least for the rate, as far as their quotas allow.
        quotas: What they may use at most.
        what: The fleet, in words.
    """

    rate: float
    around: float
    fleet: float
    quotas: float
    what: str


def needs(
    profile: Profile, kind: InstanceType, instances: int, factor: float, *, sample: bool
) -> Needs:
    """Return what the ha stack needs under `profile`; of an application of the user's, the quotas only."""
    rate = float(profile.peak_rate * REQUESTS_PER_VISITOR)
    around = rate * (GENERATOR_MS + BALANCER_MS + DATABASE_MS) / 1000 + REGION_CORES
    quotas = instances * kind.baseline_cpu
    service = rate * SERVICE_MS / 1000 if sample else 0.0
    return Needs(
        rate=rate,
        around=around * factor,
        fleet=min(service, quotas) * factor,
        quotas=quotas * factor,
        what=f"{instances} × {kind.name}",
    )


def require(root: Path, profile: Profile, config: Mapping[str, str], *, sample: bool) -> list[str]:
    """Return how fast this computer is, in lines to print, unless that is certainly too slow.

    Args:
        root: The directory of the region, which has measured the computer.
        profile: The highest load to come.
        config: Settings that both stacks get.
        sample: Whether the stacks run the sample service.

    Raises:
        UnfitError: The CPU is certainly too little, or the computer is too unsteady.
    """
    found, fleet = calibration.read(root), fleet_of(config)
    if found is None or fleet is None:
        return []
    kind, instances = fleet
    need = needs(profile, kind, instances, found.factor, sample=sample)
    try:
        warning = check(found, need)
    except UnfitError:
        # Whatever used the CPU when the region started may have ended since.
        now = calibration.measure()
        found = replace(
            found,
            spread=now.spread,
            capacity_cores=now.capacity_cores,
            others_cores=now.others_cores,
            stolen_cores=now.stolen_cores,
        )
        warning = check(found, need)
    lines = [f"CPU: {calibration.describe(found)}"]
    return [*lines, f"[yellow]{warning}[/]"] if warning else lines


def carries_two_loads(root: Path, profile: Profile, config: Mapping[str, str]) -> bool:
    """Return whether the ha stack's load leaves room for that of a single instance beside it.

    That one gets the users of one instance of the fleet. True where nothing is known of the computer.
    """
    found, fleet = calibration.read(root), fleet_of(config)
    if found is None or fleet is None:
        return True
    kind, instances = fleet
    need = needs(profile, kind, instances, found.factor, sample=True)
    both = BESIDE * (need.around + need.fleet) * (1 + 1 / instances)
    return both <= (1 - KEPT_FREE) * found.capacity_cores


def fleet_of(config: Mapping[str, str], root: Path = paths.ROOT) -> tuple[InstanceType, int] | None:
    """Return type and number of the ha stack's instances; None for what the preview will refuse."""
    settings = stack_settings.read("ha", config, root)
    kind = INSTANCE_TYPES.get(str(settings.get("instanceType")))
    try:
        instances = int(str(settings.get("desiredCapacity")))
    except ValueError:
        return None
    return (kind, instances) if kind is not None and instances > 0 else None


def check(found: Calibration, need: Needs) -> str | None:
    """Return a warning where the CPU may be too little, or None.

    Raises:
        UnfitError: It is certainly too little, or the computer is too unsteady.
    """
    if found.spread > UNSTEADY:
        raise UnfitError(
            "This computer's cores are too unsteady to run instances: the same work took "
            f"{found.spread:.0%} more or less CPU time from one moment to the next (at most "
            f"{UNSTEADY:.0%} is accepted). "
            f"{_remedy(found, need)}"
        )
    given = f"This computer gives {found.capacity_cores:.2f} of {found.cpus} CPUs"
    around = f"{need.around:.2f} for load generator, load balancer, database and region"
    least = need.around + need.fleet
    if found.capacity_cores < least:
        raise UnfitError(
            f"{given}, and the rehearsal needs {least:.2f} at its {need.rate:.0f} requests/s: {around}, "
            f"{need.fleet:.2f} for the ha stack's {need.what}. {_remedy(found, need)}"
        )
    most = need.around + need.quotas
    if found.capacity_cores < most:
        return (
            f"{given}; at its {need.rate:.0f} requests/s the rehearsal needs {least:.2f} to {most:.2f} "
            f"({around}, up to {need.quotas:.2f} for the ha stack's {need.what}): if it gets too little, "
            "the run will be called not valid"
        )
    return None


def _remedy(found: Calibration, need: Needs) -> str:
    remedies = list[str]()
    if found.stolen_cores >= NOTICEABLE:
        remedies.append(
            f"Run it when the computer's neighbors are quiet (the hypervisor took {found.stolen_cores:.2f} "
            "CPUs meanwhile), or on a computer with CPUs of its own"
        )
    if found.others_cores >= NOTICEABLE:
        remedies.append(f"Close other programs (they used {found.others_cores:.2f} CPUs meanwhile)")
    if not remedies:
        remedies.append("Allow this session more CPU (see `python -m rehearsal calibrate`)")
    smoke = PROFILES["smoke"].peak_rate * REQUESTS_PER_VISITOR
    lighter = (
        "`--profile smoke` (`make rehearse PROFILE=smoke`)"
        if need.rate > smoke
        else "at a lower rate, such as `--hold 10:30s`"
    )
    return f"{'. '.join(remedies)}, or load it less: {lighter}."
