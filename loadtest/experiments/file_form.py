"""The outer form of an experiment file, which the Chaos Toolkit's engine takes for granted.

The engine checks what it finds at each place, not whether there is a mapping, a list or a text. And it
calls actions with whatever arguments there are: those of the load test's own are held against their
signatures.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from loadtest import yaml_positions
from loadtest.errors import ExperimentError, ExperimentFormError
from loadtest.experiments import http_form, kinds
from loadtest.experiments.form_errors import at, located
from loadtest.experiments.own_functions import ACTIONS, LIKE, check_tolerance, is_own

KNOWN: Final = (
    "version",
    "title",
    "description",
    "contributions",
    "tags",
    "configuration",
    "secrets",
    "extensions",
    "controls",
    "steady-state-hypothesis",
    "method",
    "rollbacks",
    "runtime",
)
"""The keys of an experiment in the Chaos Toolkit's format."""
DRY: Final = "dry"
"""What `chaos run --dry` sets, in the file or in an activity; the engine passes over one that is there."""
ACTIVITY_KEYS: Final = frozenset(
    {
        "type",
        "name",
        "ref",
        "tolerance",
        "provider",
        "controls",
        "pauses",
        "background",
        "configuration",
        "secrets",
        "description",
    }
)
PROVIDER_KEYS: Final = frozenset(
    {
        "type",
        "module",
        "func",
        "arguments",
        "secrets",
        "path",
        "timeout",
        "url",
        "method",
        "headers",
        "verify_tls",
        "max_retries",
        "expected_status",
    }
)
"""Those of the engine's providers; what other people's have besides is theirs."""
OWN_KEYS: Final = frozenset({"type", "module", "func", "arguments", "secrets"})
"""Those of a provider that calls a function of the load test's own; Python functions have no timeout."""
Values = dict[str, Any]


class _Form(BaseModel):
    """What is not named here is for the engine to check."""

    model_config = ConfigDict(extra="allow", strict=True)


class _Provider(_Form):
    """What an activity calls."""

    type: str
    module: str | None = None
    func: str | None = None


class _Pauses(_Form):
    before: Annotated[float, Field(ge=0, allow_inf_nan=False)] | str | None = None
    after: Annotated[float, Field(ge=0, allow_inf_nan=False)] | str | None = None


class _Activity(_Form):
    """An action or a probe, or the name of one that is elsewhere in the file."""

    ref: str | None = None
    type: str | None = None
    name: str | None = None
    provider: _Provider | None = None
    pauses: _Pauses | None = None
    controls: list[Values] = Field(default_factory=list[Values])

    @model_validator(mode="after")
    def _arguments(self) -> _Activity:
        provider = self.provider
        if provider is None or provider.type != "python":
            return self
        given = (provider.model_extra or {}).get("arguments", {})
        if not isinstance(given, dict):
            problem = f"`arguments` of {self.name or 'an activity'} is not a mapping: {given!r}"
            raise ValueError(problem)  # noqa: TRY004 - pydantic reports no other
        return self


class _SteadyState(_Form):
    title: str
    probes: Annotated[list[_Activity], Field(min_length=1)]


class _File(_Form):
    title: str
    description: str | int | float
    contributions: Values = Field(default_factory=Values)
    tags: list[str] | None = None
    configuration: Values = Field(default_factory=Values)
    secrets: dict[str, Values] = Field(default_factory=dict[str, Values])
    controls: list[Values] = Field(default_factory=list[Values])
    extensions: list[Values] = Field(default_factory=list[Values])
    steady_state: _SteadyState = Field(alias="steady-state-hypothesis")
    method: list[_Activity]
    rollbacks: list[_Activity] = Field(default_factory=list[_Activity])
    runtime: Values = Field(default_factory=Values)

    @field_validator("configuration", "secrets")
    @classmethod
    def _from_the_environment(cls, found: Values) -> Values:
        groups = [found, *(one for one in found.values() if isinstance(one, dict))]
        for name, one in (item for group in groups for item in group.items()):
            if isinstance(one, dict) and one.get("type") == "env" and not one.get("key"):
                raise ValueError(f"{name!r} of type env needs a `key`: the variable's name")
        return found


def check(raw: Mapping[str, Any]) -> None:
    """Check that each part of a file is of the kind that the engine expects there.

    Raises:
        ExperimentError: One is not; the message names the place and the value.
    """
    for key in raw:
        if key not in KNOWN and (meant := get_close_matches(str(key), KNOWN, 1, 0.8)):
            raise ExperimentFormError(
                f"{key!r} is not a key of an experiment; did you mean {meant[0]!r}?", (key,)
            )
    if raw.get(DRY):
        with at((DRY,)):
            _refuse_dry("the experiment", raw[DRY])
    try:
        _File.model_validate(dict(raw))
    except ValidationError as error:
        raise located(error, raw) from error


def _refuse_dry(what: str, value: Any) -> None:
    raise ExperimentError(
        f"`dry: {value}` of {what} is not heeded, neither here nor by `chaos run`: everything "
        "would be done; remove it, and give `--dry-run`"
    )


def check_calls(raw: Mapping[str, Any], substituted: Callable[[Any], Any] | None = None) -> None:
    """Check the arguments of the load test's own actions and probes, and that controls can be loaded.

    `substituted` puts values of the configuration in the place of their names; without it, arguments that
    need some are not checked.

    Raises:
        ExperimentError: One is of another type than its function takes, negative, or not finite; a key is
            misspelt, so that nobody would look at it; a tolerance can never be met; or a control's module
            cannot be found.
    """
    for place, activity in kinds.placed(raw):
        provider = activity.get("provider") or {}
        with at(place):
            _check_keys(activity, provider)
            _check_time_out(activity, provider)
            check_tolerance(activity)
            if substituted is not None:
                _check_pauses(activity, substituted)
            if is_own(provider):
                _check_call(activity, provider, substituted)
            if provider.get("type") == "http":
                http_form.check(activity, provider, substituted)
            for control in activity.get("controls") or []:
                _check_control(control)
    for activity in kinds.nested(raw):
        provider = activity.get("provider")
        if isinstance(provider, dict) and provider.get("type") == "http":
            http_form.check(activity, provider, substituted)
    for number, control in enumerate(raw.get("controls") or []):
        with at(("controls", number)):
            _check_control(control)
    for control in controls(raw):
        _check_control(control)


def _check_pauses(activity: Mapping[str, Any], substituted: Callable[[Any], Any]) -> None:
    """Reject a pause that the engine could not make: it would notice in the middle of the experiment."""
    for key, given in (activity.get("pauses") or {}).items():
        pause = substituted(given) if isinstance(given, str) else given
        number = isinstance(pause, int | float) and not isinstance(pause, bool)
        if pause is None or (number and 0 <= pause < math.inf):
            continue
        hint = (
            ": give its variable an `env_var_type`, such as int" if isinstance(pause, str) else ""
        )
        raise ExperimentFormError(
            f"the pause {key!r} of {activity.get('name')!r} is {pause!r}, not a number of seconds{hint}",
            ("pauses", key),
        )


def _check_keys(activity: Mapping[str, Any], provider: Mapping[str, Any]) -> None:
    """Reject keys that the engine would pass over: an action would do something else than is written."""
    name = activity.get("name") or activity.get("ref")
    if activity.get(DRY):
        _refuse_dry(repr(name), activity[DRY])
    own = is_own(provider)
    for what, given, known in (
        (f"{name!r}", activity, ACTIVITY_KEYS),
        (f"the provider of {name!r}", provider, OWN_KEYS if own else PROVIDER_KEYS),
    ):
        for key in given:
            if key in known or str(key).startswith("x-"):
                continue
            meant = get_close_matches(str(key), sorted(known), 1, LIKE)
            if meant or (given is provider and own):
                hint = (
                    f"did you mean {meant[0]!r}?" if meant else f"it has {', '.join(sorted(known))}"
                )
                raise ExperimentError(f"{key!r} is not a key of {what}; {hint}")


def _check_time_out(activity: Mapping[str, Any], provider: Mapping[str, Any]) -> None:
    """Reject a timeout that is not a number of seconds, or a pair of them: to connect, and to read."""
    given = provider.get("timeout")
    each = given if isinstance(given, list) else [given]
    named = isinstance(given, str) and "${" in given
    right = all(isinstance(one, int | float) and 0 < one < math.inf for one in each)
    if not (given is None or named or right):
        raise ExperimentError(
            f"the timeout of {activity.get('name')!r} is {given!r}; give it a number of seconds"
        )


def check_places(raw: Mapping[str, Any]) -> None:
    """Check that the load test's own actions are where a dry run shows them: in steps of type action.

    A probe is asked again and again, and one of the configuration before anything is checked. So nothing of
    the steady state may be an action, whosever it is, nor the name of one.

    Raises:
        ExperimentError: One is elsewhere, or the method has none of anybody's.
    """
    for number, activity in enumerate(kinds.steady_state(raw)):
        if activity.get("type") == "action":
            raise ExperimentFormError(
                f"{activity.get('name')!r} is an action, and part of the steady state: it would be done "
                "every second, and before anything is checked",
                ("steady-state-hypothesis", "probes", number),
            )
    elsewhere = [*kinds.nested(raw)]
    elsewhere += (raw.get("steady-state-hypothesis") or {}).get("probes") or []
    steps = [*(raw.get("method") or []), *(raw.get("rollbacks") or [])]
    elsewhere += [one for one in steps if one.get("type") != "action"]
    for activity in elsewhere:
        provider = activity.get("provider")
        if isinstance(provider, dict) and str(provider.get("module")).startswith(ACTIONS):
            raise ExperimentFormError(
                f"{activity.get('name')!r} calls {kinds.function(provider)}, which does something: only "
                "steps of `method` and `rollbacks` with `type: action` may",
                kinds.place_of(raw, activity),
            )
    if not any(activity.get("type") == "action" for activity in kinds.steps(raw)):
        raise ExperimentFormError(
            "its `method` has no step with `type: action`: nothing would happen to the stack, so "
            "nothing could be shown",
            ("method",),
        )


def controls(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield all controls of a file."""
    yield from raw.get("controls") or []
    yield from (raw.get("steady-state-hypothesis") or {}).get("controls") or []
    for activity in kinds.activities(raw):
        yield from activity.get("controls") or []


def _check_call(
    activity: Mapping[str, Any],
    provider: Mapping[str, Any],
    substituted: Callable[[Any], Any] | None,
) -> None:
    function = getattr(importlib.import_module(provider["module"]), provider["func"])
    kinds_of = _annotations(function)
    for name, given in (provider.get("arguments") or {}).items():
        where = f"argument {name!r} of {activity['name']!r} ({kinds.function(provider)})"
        named = isinstance(given, str) and "${" in given
        if named and substituted is None:
            continue
        value = substituted(given) if named and substituted else given
        if named and value == given:
            raise ExperimentError(
                f"{where} is {given!r}, which neither `configuration` nor `secrets` has"
            )
        try:
            TypeAdapter(kinds_of[name]).validate_python(value, strict=True)
        except ValidationError as error:
            hint = f" (from {given}: a variable is text unless `env_var_type` says int or float)"
            reason = yaml_positions.explain(error.errors()[0])
            raise ExperimentError(f"{where}: {reason}{hint if named else ''}") from error
        if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
            raise ExperimentError(f"{where} is {value!r}; give it a number that is not negative")


def _annotations(function: Callable[..., Any]) -> Mapping[str, Any]:
    hints = get_type_hints(function, include_extras=True)
    return {name: hints.get(name, Any) for name in inspect.signature(function).parameters}


def _check_control(control: Mapping[str, Any]) -> None:
    provider = control.get("provider")
    if not isinstance(provider, dict):
        return
    if "type" not in provider:
        raise ExperimentError(
            f"control {control.get('name')!r}: its provider needs a `type`, such as python"
        )
    if provider["type"] != "python":
        return
    module = str(provider.get("module") or "")
    try:
        found = importlib.util.find_spec(module) if module else None
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise ExperimentError(
            f"control {control.get('name')!r}: there is no module {module!r}; install it, or remove "
            "the control"
        )
