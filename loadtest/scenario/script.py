"""The script that Artillery gets: the user's, with the runner's target, phases and recorder.

The recorder's hooks stand around the functions that a script brings: it is the last to see a request
before it is sent and the first to time the answer, so that they change neither its times nor its counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loadtest.scenario import walk
from loadtest.scenario.steps import METHODS

RECORDER = "recorder.cjs"
"""The recorder, which the runner copies next to the script."""
COMPOSED = "processor.mjs"
"""The recorder together with the functions of the script's own processor."""
HOOKS = {
    "beforeScenario": "haproofBeforeScenario",
    "beforeRequest": "haproofBeforeRequest",
    "afterResponse": "haproofAfterResponse",
    "onError": "haproofOnError",
}
"""Scenario-level hooks, and the function of the recorder that each calls."""
AROUND_HOOKS = {
    "beforeScenario": "haproofBeforeAround",
    "afterResponse": "haproofAroundResponse",
    "onError": "haproofAroundError",
}
"""The same for `before` and `after`, whose requests are not measured."""


def compose(
    script: Mapping[str, Any], target: str, phases: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the script as Artillery gets it; it has a processor of its own if `config` names one."""
    own = "processor" in script["config"]
    config = {
        **script["config"],
        "target": target,
        "phases": list(phases),
        "processor": f"./{COMPOSED if own else RECORDER}",
    }
    made: dict[str, Any] = {**script, "config": config}
    made["scenarios"] = [
        _beside_own(scenario) if own else {**scenario, **HOOKS} for scenario in script["scenarios"]
    ]
    for key in ("before", "after"):
        if key in script:
            made[key] = {**script[key], **AROUND_HOOKS}
    return made


def functions(script: Mapping[str, Any]) -> list[str]:
    """Return the functions of its processor that a script names, sorted."""
    return sorted(set(_functions(script)))


def _functions(script: Mapping[str, Any]) -> Iterator[str]:
    for scenario in script["scenarios"]:
        for hook in (
            "beforeScenario",
            "afterScenario",
            "beforeRequest",
            "afterResponse",
            "onError",
        ):
            yield from walk.listed(scenario.get(hook))
    for request in walk.requests(script):
        for hook in ("beforeRequest", "afterResponse"):
            yield from walk.listed(request.content.get(hook))
    for step in walk.steps(script):
        for key in ("function", "whileTrue"):
            if key in step.content:
                yield step.content[key]


def _beside_own(scenario: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {**scenario, "flow": _attached(scenario["flow"])}
    for hook in ("beforeScenario", "onError"):
        made[hook] = [HOOKS[hook], *walk.listed(scenario.get(hook))]
    return made


def _attached(flow: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put the recorder behind the functions of each request: those of a scenario come before these."""
    made: list[dict[str, Any]] = []
    for step in flow:
        one = dict(step)
        for key in ("loop", "parallel"):
            if key in one:
                one[key] = _attached(one[key])
        for method in METHODS:
            if method in one:
                request = one[method]
                hooks = {
                    hook: [*walk.listed(request.get(hook)), HOOKS[hook]]
                    for hook in ("beforeRequest", "afterResponse")
                }
                one[method] = {**request, **hooks}
        made.append(one)
    return made
