"""The load that a user's own script describes: its `config.phases`.

Artillery (2.0.34, `core/phases` and `dist`) accepts more than it runs: it leaves out a phase with
`arrivalRate: 0`, fails on fractions of visitors, and starts a ramp of fractions of seconds unevenly. What
is planned here is what arrives, so that anything else is refused with its line and remedy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from commandline import files
from loadspec.durations import whole_seconds
from loadspec.phases import LONGEST_S, MOST_VISITORS
from loadtest.errors import LoadTestError
from loadtest.profiles import Phase, Profile, counted, pause
from loadtest.scenario import environment, suggestions
from loadtest.scenario.placeholders import SHELL
from loadtest.yaml_positions import Location

NAME = "script"
"""The profile's name."""
KEYS = ("name", "duration", "arrivalRate", "rampTo", "arrivalCount", "pause", "maxVusers", "mode")
_OF_OTHERS = {"rate": "arrivalRate", "rps": "arrivalRate", "vus": "maxVusers", "wait": "pause"}
"""What other tools call them."""

Found = tuple[Location, str]
"""Where something is wrong, and what."""


class _WrongError(Exception):
    """A phase that cannot be run as it is; `where` is a key of it, if one is to blame."""

    def __init__(self, text: str, where: str | None = None) -> None:
        super().__init__(text)
        self.where = where


@dataclass
class OwnLoad:
    """A script's load: the profile, or what is wrong with it."""

    profile: Profile | None = None
    problems: list[Found] = field(default_factory=list[Found])


def read(phases: Any, let_in: frozenset[str] = frozenset()) -> OwnLoad:
    """Read the value of `config.phases`; `let_in` names the variables that it may take values from."""
    where: Location = ("config", "phases")
    if not isinstance(phases, list) or not phases:
        text = "`phases` is a list of phases, such as `- {duration: 60, arrivalRate: 5}`"
        return OwnLoad(problems=[(where, text)])
    found = OwnLoad()
    made = list[Phase]()
    for index, given in enumerate(cast("list[Any]", phases)):
        wrong = list[_WrongError]()
        try:
            phase = _phase(given, index, let_in, wrong)
        except LoadTestError as error:
            wrong.append(_WrongError(str(error)))
        else:
            made += [] if phase is None else [phase]
        for one in wrong:
            at = (one.where,) if one.where else ()
            found.problems.append(((*where, index, *at), str(one)))
    if made:
        profile = Profile(NAME, tuple(made))
        found.problems += [(where, text) for text in _limits(profile, whole=not found.problems)]
        found.profile = None if found.problems else profile
    return found


def _limits(profile: Profile, *, whole: bool) -> Iterator[str]:
    """Yield what is too much of a load; with `whole`, of one that has all its phases also what lacks."""
    if whole and all(phase.pauses for phase in profile.phases):
        yield "nobody arrives in any of the `phases`: give one an `arrivalRate`"
        return
    if profile.duration_s > LONGEST_S:
        yield f"the `phases` last {profile.duration_s:,} s: at most {LONGEST_S:,} s are run"
    expected = sum(phase.peak_rate * phase.duration_s for phase in profile.phases)
    if expected > MOST_VISITORS:
        yield f"the `phases` start up to {expected:,.0f} visitors: at most {MOST_VISITORS:,} are run"


def _phase(
    given: Any, index: int, let_in: frozenset[str], wrong: list[_WrongError]
) -> Phase | None:
    """Return a phase; None where something was wrong, all of which is added to `wrong`."""
    if not isinstance(given, dict):
        text = f"a phase is a mapping, such as `{{duration: 60, arrivalRate: 5}}`, not {given!r}"
        wrong.append(_WrongError(text))
        return None
    entry = dict[str, Any]()
    for key, value in cast("dict[str, Any]", given).items():
        try:
            entry[key] = _filled(value, str(key), let_in)
        except _WrongError as error:
            wrong.append(error)
    unknown = list(_unknown_keys(given))
    wrong += [*unknown, *_wrong_values(entry)]
    kinds = [key for key in _KINDS if key in given]
    if not unknown:  # Else what is missing is most likely what is written wrongly.
        wrong += _wrong_kinds(kinds, given)
    if wrong:
        return None
    try:
        name = entry.get("name")
        return _made(entry, f"phase {index + 1}" if name in (None, "") else str(name), kinds[0])
    except _WrongError as error:
        wrong.append(error)
        return None


def _wrong_values(entry: Mapping[str, Any]) -> Iterator[_WrongError]:
    for key, value_of in _VALUES.items():
        if key in entry:
            try:
                value_of(entry, key)
            except _WrongError as error:
                yield error


def _wrong_kinds(kinds: Sequence[str], given: Mapping[Any, Any]) -> Iterator[_WrongError]:
    if not kinds:
        yield _WrongError("a phase needs `arrivalRate`, `rampTo`, `arrivalCount` or `pause`")
    elif len(kinds) > 1 and kinds != ["arrivalRate", "rampTo"]:
        yield _WrongError(
            f"`{kinds[0]}` and `{kinds[1]}` exclude each other: make two phases of them"
        )
    elif kinds[0] != "pause" and "duration" not in given:
        yield _WrongError(f"`{kinds[0]}` needs a `duration`, such as `duration: 60`")


def _made(entry: Mapping[str, Any], name: str, kind: str) -> Phase:
    if kind == "pause":
        if extra := {"duration", "maxVusers"} & entry.keys():
            raise _WrongError(
                f"remove `{min(extra)}`: the length of a pause is `pause` itself", min(extra)
            )
        return pause(name, _seconds(entry, "pause"))
    duration, most = _seconds(entry, "duration"), None
    if "maxVusers" in entry:
        most = int(_number(entry, "maxVusers", whole=True, least=1))
    if kind == "arrivalCount":
        return counted(name, int(_number(entry, kind, whole=True, least=1)), duration, most)
    if "rampTo" not in entry:
        rate = _number(entry, "arrivalRate", least=0)
        if not rate:
            raise _WrongError(
                f"Artillery leaves out a phase with `arrivalRate: 0`: write `pause: {duration}`",
                kind,
            )
        return Phase(name, duration, _whole(rate, duration), None, None, most)
    low = _number(entry, "arrivalRate", least=0) if "arrivalRate" in entry else 0
    high = _number(entry, "rampTo", least=0)
    if not (low or high):
        raise _WrongError(
            f"nobody arrives in a ramp from 0 to 0: write `pause: {duration}`", "rampTo"
        )
    return Phase(name, duration, low, high, None, most)


def _whole(rate: float, duration_s: int) -> float:
    if rate % 1:
        raise _WrongError(
            f"`arrivalRate`: {rate:g} is not a whole number, which Artillery takes in ramps only; write "
            f"`arrivalCount: {max(1, round(rate * duration_s))}`, or a ramp with `rampTo: {rate:g}`",
            "arrivalRate",
        )
    return rate


def _unknown_keys(given: Mapping[Any, Any]) -> Iterator[_WrongError]:
    for key in given:
        if key not in KEYS:
            close = _OF_OTHERS.get(str(key)) or suggestions.close(str(key), KEYS)
            hint = f"did you mean `{close}`?" if close else f"known are {', '.join(KEYS)}"
            yield _WrongError(f"unknown key `{key}` in a phase; {hint}", key)
    if given.get("mode", "uniform") != "uniform":
        yield _WrongError(of_mode(given["mode"]), "mode")


def of_mode(mode: object) -> str:
    """Say why visitors do not arrive in this mode."""
    return (
        f"`mode`: arrivals of mode {mode!r} are random, so that no run could be repeated; remove it"
    )


def _filled(value: Any, key: str, let_in: frozenset[str]) -> Any:
    """Put in the environment variables that the script may read."""
    if isinstance(value, str) and key != "name" and (found := SHELL.fullmatch(value.strip())):
        raise _WrongError(
            f'`{key}`: `{value}` is not a number: write "{{{{ $env.{found[1]} }}}}", or let `envsubst` '
            "fill it in before",
            key,
        )
    if not isinstance(value, str) or "{{" not in value:
        return value
    for name in environment.VARIABLE.findall(value):
        if name not in let_in or name not in os.environ:
            raise _WrongError(
                f"`{key}` reads the environment variable {name}, which is empty: `--pass-env {name}` "
                "lets it in",
                key,
            )
    filled = environment.filled(value)
    if "{{" in filled:
        raise _WrongError(f"`{key}`: {value!r} is known only in the run; write the number", key)
    return filled


def _seconds(entry: Mapping[str, Any], key: str) -> int:
    found = whole_seconds(entry[key])
    if found is None or found < 1:
        raise _WrongError(
            f"`{key}`: {files.shortened(entry[key])} is not a duration of at least 1 s in "
            "whole seconds, such as `60` or `5m`",
            key,
        )
    return found


def _number(entry: Mapping[str, Any], key: str, *, least: float, whole: bool = False) -> float:
    value = entry[key]
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if not least <= number <= MOST_VISITORS or (whole and number % 1):
        what = "a whole number" if whole else "a number"
        raise _WrongError(
            f"`{key}`: {files.shortened(value)} is not {what} from {least:g} to {MOST_VISITORS:,}",
            key,
        )
    return int(number) if number % 1 == 0 else number


_KINDS = ("pause", "arrivalCount", "arrivalRate", "rampTo")
_VALUES: Mapping[str, Callable[[Mapping[str, Any], str], float]] = {
    "pause": _seconds,
    "duration": _seconds,
    "maxVusers": partial(_number, least=1, whole=True),
    "arrivalCount": partial(_number, least=1, whole=True),
    "arrivalRate": partial(_number, least=0),
    "rampTo": partial(_number, least=0),
}
"""What reads the value of a key."""
