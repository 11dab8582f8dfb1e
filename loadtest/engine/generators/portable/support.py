"""Which parts of a script are translated into plain steps, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from loadtest.engine.generators.portable.steps import Refusal
from loadtest.engine.generators.translation import parts
from loadtest.engine.generators.translation.parts import FoundPart
from loadtest.scenario.scenario import Scenario
from loadtest.yaml_positions import Problem

_JITTER = "only Artillery has it: write the pause as `{{ $randomNumber(1, 3) }}`"
_HTML = "only Artillery reads HTML: use `regexp`"
_COOKIE = "write it as a header `cookie`"
_AROUND = "only Artillery and k6 send requests before or after the load"
REFUSED: Mapping[str, str] = {
    **parts.FUNCTIONS,
    **parts.EXPECTATIONS,
    "script.before": _AROUND,
    "script.after": _AROUND,
    "plugins.fake-data": "only Artillery has such data: put it into a payload file",
    "http.cookieJarOptions": "they are options of Artillery's own cookies: remove it",
    "http.distributedTracing": "only Artillery sends `traceparent`: write it below `headers`",
    "http.pool": parts.POOL,
    "defaults.cookie": _COOKIE,
    "defaults.think": _JITTER,
    "payload.loadAll": "only Artillery and k6 hand a visitor the whole file",
    "step.jitter": _JITTER,
    "step.parallel": "a visitor does one thing after the other here: write the steps below each other",
    "step.limit": "it belongs to `parallel`, which is not run",
    "request.formData": "no multipart forms are sent here: use `form`, `json` or `body`",
    "request.setContentLengthHeader": "it belongs to `formData`, which is not sent",
    "request.cookie": _COOKIE,
    "request.ifTrue": "only Artillery and k6 know its language: use `probability` or two scenarios",
    "capture.selector": _HTML,
    "capture.attr": "it belongs to `selector`, which is not run",
    "capture.index": "it belongs to `selector`, which is not run",
    "capture.multiple": "only Artillery and k6 capture several values",
    "match.selector": _HTML,
    "match.attr": "it belongs to `selector`, which is not run",
    "match.index": "it belongs to `selector`, which is not run",
    "match.multiple": "only Artillery and k6 look at several values",
}
"""Why a part is not translated, by its name."""


def refused(scenario: Scenario, refusals: Iterable[Refusal]) -> list[Problem]:
    """Return what is not translated: parts, and the values that a translation refused."""
    problems = parts.refused(scenario, REFUSED, _judge)
    source = scenario.source
    for refusal in refusals:
        found = source.resolve(refusal.location)
        where = source.keys.get(found) or source.values[found]
        key = next((one for one in reversed(found) if isinstance(one, str)), "script")
        problems.append(Problem(where, f"`{key}`: {refusal.reason}"))
    return sorted(set(problems))


def _judge(part: FoundPart) -> str | None:
    """Return why a part with this value is not translated; None if it is, as far as the value goes."""
    match part.name, part.value:
        case "config.tls", dict() as options:
            keys = cast("dict[str, object]", options).keys() - {"rejectUnauthorized"}
            return (
                f"of it, only `rejectUnauthorized` is the same everywhere, not `{min(keys)}`"
                if (keys)
                else None
            )
        case "config.variables", dict() as given:
            return _variables(cast("dict[str, object]", given))
        case _:
            return None


def _variables(given: Mapping[str, object]) -> str | None:
    for name, value in given.items():
        for one in cast("list[object]", value) if isinstance(value, list) else [value]:
            if isinstance(one, (dict, list)):
                return f"`{name}` is nested: a visitor's variable is a text or a number here"
            if isinstance(one, str) and "{{" in one:
                return f"`{name}` is computed by Artillery, once for all: write the value"
    return None
