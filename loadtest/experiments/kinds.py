"""Which prediction applies to an experiment, from the actions of its method. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from loadtest.experiments.faults import Kind

BY_FUNCTION: Mapping[str, Kind] = {
    "instances.terminate": Kind.INSTANCE_DIES,
    "long_requests.retire": Kind.INSTANCE_DIES,
    "instances.hang": Kind.INSTANCE_HANGS,
    "instances.starve": Kind.INSTANCE_SLOW,
    "instances.fill_disk": Kind.DISK_FULL,
    "instances.answer_errors": Kind.INSTANCE_ERRORS,
    "mutable_tag.deploy": Kind.BAD_DEPLOYMENT,
    "database.fail_over": Kind.DATABASE_FAILOVER,
    "network.cut_database": Kind.DATABASE_CUT,
}
"""What one action does to the stack, by module and function of `loadtest.experiments.actions`."""

BY_VARIANT: Mapping[str, Kind] = {
    "good": Kind.DEPLOYMENT,
    "answers-500": Kind.UNHEALTHY_DEPLOYMENT,
    "slow": Kind.STOPPED_DEPLOYMENT,
}
"""What a deployment of a variant is; of the others none gets as far as to users."""

STEADY_STATE: Final = "steady-state-hypothesis"
FIRST = (
    Kind.STOPPED_DEPLOYMENT,
    Kind.UNHEALTHY_DEPLOYMENT,
    Kind.BAD_DEPLOYMENT,
    Kind.DEPLOYMENT,
    Kind.ZONE_WITHOUT_CAPACITY,
    Kind.ZONE_SILENT,
    Kind.ZONE_REFUSED,
)
"""Of several actions, the one that decides when all is well again comes first."""


def of_file(raw: Mapping[str, Any]) -> Kind:
    """Return the kind of an experiment in the Chaos Toolkit's format; OTHER without a known one."""
    found = set(_kinds(raw))
    functions = set(_functions(raw))
    if found & {Kind.ZONE_SILENT, Kind.ZONE_REFUSED} and "capacity.no_capacity" in functions:
        found.add(Kind.ZONE_WITHOUT_CAPACITY)
    ordered = [*FIRST, *(kind for kind in Kind if kind not in FIRST)]
    return next((kind for kind in ordered if kind in found), Kind.OTHER)


def activities(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield all actions and probes of a file, those of its steady state first."""
    yield from (activity for _, activity in placed(raw))


def placed(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Yield `activities` with the keys and indices that lead to each."""
    lists: list[tuple[tuple[str | int, ...], Any]] = [
        ((STEADY_STATE, "probes"), (raw.get(STEADY_STATE) or {}).get("probes") or []),
        (("method",), raw.get("method") or []),
        (("rollbacks",), raw.get("rollbacks") or []),
    ]
    for above, listed in lists:
        for number, one in enumerate(listed):
            yield (*above, number), one


def place_of(raw: Mapping[str, Any], activity: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Return the keys and indices that lead to an activity; none if it is within another one."""
    return next((place for place, one in placed(raw) if one is activity), ())


def nested(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the probes that find a value of the configuration, and those that are tolerances."""
    found = (raw.get("configuration") or {}).values()
    tolerances = (
        one.get("tolerance") for one in activities({**raw, "method": [], "rollbacks": []})
    )
    yield from (one for one in [*found, *tolerances] if isinstance(one, Mapping))


def steps(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the steps of a method; for a `ref`, what it names, there or in the steady state."""
    yield from _referred(raw, raw.get("method") or [])


def steady_state(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what the steady state consists of, as `steps`."""
    yield from _referred(raw, (raw.get("steady-state-hypothesis") or {}).get("probes") or [])


def way_back(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the steps of the rollbacks, as `steps`."""
    yield from _referred(raw, raw.get("rollbacks") or [])


def _referred(
    raw: Mapping[str, Any], listed: Sequence[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    referred = activities({**raw, "rollbacks": []})
    named = {one["name"]: one for one in referred if "name" in one}
    for activity in listed:
        yield named.get(str(activity.get("ref")), activity)


def providers(raw: Mapping[str, Any], kind: str = "action") -> Iterator[Mapping[str, Any]]:
    """Yield what the steps of a method call, of its actions or of its probes."""
    for activity in steps(raw):
        if activity.get("type") == kind:
            yield activity.get("provider") or {}


def function(provider: Mapping[str, Any]) -> str:
    """Return what an activity calls, by the last name of its module and its function."""
    module = str(provider.get("module") or "").rpartition(".")[2]
    return f"{module}.{provider.get('func')}"


def _functions(raw: Mapping[str, Any]) -> Iterator[str]:
    return map(function, providers(raw))


def _kinds(raw: Mapping[str, Any]) -> Iterator[Kind]:
    for provider in providers(raw):
        arguments = provider.get("arguments") or {}
        match function(provider):
            case "network.lose_zone":
                refused = arguments.get("how") == "refused"
                yield Kind.ZONE_REFUSED if refused else Kind.ZONE_SILENT
            case "deployments.deploy":
                yield BY_VARIANT.get(arguments.get("variant", "good"), Kind.BAD_DEPLOYMENT)
            case name if name in BY_FUNCTION:
                yield BY_FUNCTION[name]
            case _:
                pass
