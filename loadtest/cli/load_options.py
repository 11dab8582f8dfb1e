"""The options that say how many users arrive when: `--profile`, or `--ramp`, `--hold` and `--pause`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand

from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES, Phase, Profile, pause
from loadtest.scenario.durations import whole_seconds
from loadtest.scenario.own_load import LONGEST_S, MOST_VISITORS

NAME = "own"
"""The profile that such options make."""
KINDS = ("ramp", "hold", "pause")
"""The options that are phases; a phase is named like its option."""
_ORDER = "loadtest.order"

Ramp = Annotated[
    list[str] | None,
    typer.Option(
        "--ramp",
        metavar="LOW:HIGH:TIME",
        help="A phase in which arrivals go from LOW to HIGH a second, such as 5:125:300s.",
    ),
]
Hold = Annotated[
    list[str] | None,
    typer.Option(
        "--hold",
        metavar="[RATE:]TIME",
        help="A phase of RATE arrivals a second, by default as many as there were last.",
    ),
]
Pause = Annotated[
    list[str] | None, typer.Option("--pause", metavar="TIME", help="A phase without arrivals.")
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        help=f"Load profile: {', '.join(PROFILES)}. By default the script's own phases, then the stack's."
    ),
]


class InOrder(TyperCommand):
    """A command that remembers in which order its options were given: phases follow each other."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as usual, and keep the order of the options."""
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        ctx.meta[_ORDER] = [one.name for one in order]
        return super().parse_args(ctx, args)


def own_profile(
    context: typer.Context,
    named: str | None,
    ramp: Sequence[str] | None,
    hold: Sequence[str] | None,
    still: Sequence[str] | None,
) -> Profile | None:
    """Return the profile that `--ramp`, `--hold` and `--pause` make; None without any of them.

    `named` is the profile that `--profile` names.

    Raises:
        LoadTestError: One cannot be read, or both ways are used; the message says what to write.
    """
    given = (list(ramp or ()), list(hold or ()), list(still or ()))
    left: dict[str, list[str]] = dict(zip(KINDS, given, strict=True))
    order = cast("list[str]", context.meta.get(_ORDER, []))
    phases = list[Phase]()
    for kind in (one for one in order if one in KINDS):
        phases.append(_phase(kind, left[kind].pop(0), phases))
    if not phases:
        return None
    if named is not None:
        raise LoadTestError(
            f"--profile {named} and --{phases[0].name} are two loads: give one of them"
        )
    profile = Profile(NAME, tuple(phases))
    _check(profile)
    return profile


def _check(profile: Profile) -> None:
    if all(phase.pauses for phase in profile.phases):
        raise LoadTestError("nobody arrives: add a phase with arrivals, such as `--hold 50:60s`")
    if profile.duration_s > LONGEST_S:
        raise LoadTestError(
            f"the load lasts {profile.duration_s:,} s; at most {LONGEST_S:,} s are run"
        )
    if (users := sum(one.peak_rate * one.duration_s for one in profile.phases)) > MOST_VISITORS:
        raise LoadTestError(
            f"the load starts up to {users:,.0f} visitors; at most {MOST_VISITORS:,} are run"
        )


def _phase(kind: str, text: str, before: Sequence[Phase]) -> Phase:
    parts = text.split(":")
    if kind == "pause":
        return pause(kind, _seconds(kind, text, parts[0] if len(parts) == 1 else ""))
    if kind == "ramp":
        if len(parts) != 3:
            raise _wrong(
                kind, text, "from 5 to 125 arrivals a second over 300 s is `--ramp 5:125:300s`"
            )
        low, high = (_rate(kind, text, part) for part in parts[:2])
        seconds = _seconds(kind, text, parts[2])
        if seconds < 2:
            raise _wrong(kind, text, "a ramp lasts at least 2 s")
        if max(low, high) < 1:
            raise _wrong(kind, text, "a ramp reaches at least 1 arrival a second")
        return Phase(kind, seconds, low, high)
    if len(parts) > 2:
        raise _wrong(kind, text, "50 arrivals a second for 60 s are `--hold 50:60s`")
    rate = _rate(kind, text, parts[0]) if len(parts) == 2 else _last_rate(text, before)
    if rate < 1 or rate % 1:
        raise _wrong(kind, text, "it needs a whole number of at least 1 arrival a second")
    return Phase(kind, _seconds(kind, text, parts[-1]), rate)


def _last_rate(text: str, before: Sequence[Phase]) -> float:
    for phase in reversed(before):
        if not phase.pauses:
            return phase.arrival_rate if phase.ramp_to is None else phase.ramp_to
    raise _wrong("hold", text, f"no phase before it says how many arrive; write `--hold 50:{text}`")


def _rate(kind: str, text: str, part: str) -> float:
    try:
        rate = float(part)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= MOST_VISITORS:
        raise _wrong(kind, text, f"{part!r} is no number of arrivals a second, such as `125`")
    return int(rate) if rate % 1 == 0 else rate


def _seconds(kind: str, text: str, part: str) -> int:
    found = whole_seconds(part)
    if not found:
        raise _wrong(kind, text, f"{part!r} is no length in whole seconds, such as `60s` or `5m`")
    return found


def _wrong(kind: str, text: str, why: str) -> LoadTestError:
    return LoadTestError(f"--{kind} {text}: {why}")
