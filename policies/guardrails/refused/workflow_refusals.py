"""What AWS refuses about state machines (Step Functions) and pipelines (CodePipeline)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.state_machines import definition, inner, states
from guardrails.refusals import Refusal
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, items, show

_STATES: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_PIPELINE: Final = "https://docs.aws.amazon.com/codepipeline/latest/userguide/"
_ENDS: Final = ("Succeed", "Fail")
_FEWEST_STAGES: Final = 2

# --- state machines -------------------------------------------------------------------------------


def _no_definition(machine: Resource) -> str | None:
    given = machine.get("definition")
    if not isinstance(given, str) or not given or definition(machine) is not None:
        return None
    return f"definition begins with {show(given[:20])} and is no JSON object"


def _flows(flow: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a flow of states, and each one inside its maps and parallels, with where it is."""
    if not isinstance(flow, Mapping):
        return
    yield where, flow
    for name, state in states(flow).items():
        for one in inner(state):
            yield from _flows(one, f"state {show(name)}")


def _next(state: Any) -> Iterator[str]:
    """Yield every state that a state names as the next one."""
    choices = (*items(dig(state, "Choices")), *items(dig(state, "Catch")))
    for given in (
        dig(state, "Next"),
        dig(state, "Default"),
        *(dig(one, "Next") for one in choices),
    ):
        if isinstance(given, str):
            yield given


def _dangling(machine: Resource) -> Iterator[str]:
    for where, flow in _flows(definition(machine), "definition"):
        known, start = states(flow), flow.get("StartAt")
        if start is None:
            yield f"{where} has no StartAt"
        elif start not in known:
            yield f"{where} starts at {show(start)}, and has no such state"
        for name, state in known.items():
            for other in _next(state):
                if other not in known:
                    yield f"state {show(name)} leads to {show(other)}, and there is no such state"


def _unfinished(machine: Resource) -> Iterator[str]:
    for _, flow in _flows(definition(machine), "definition"):
        for name, state in states(flow).items():
            kind = dig(state, "Type")
            ends = kind in _ENDS or kind == "Choice" or dig(state, "End") is True
            if not ends and dig(state, "Next") is None:
                yield f"state {show(name)} has neither Next nor End"


# --- pipelines ------------------------------------------------------------------------------------


def _actions(pipeline: Resource) -> list[Any]:
    return [action for stage in items(pipeline.get("stages")) for action in _of(stage)]


def _of(stage: Any) -> list[Any]:
    return items(dig(stage, "actions"))


def _not_made(pipeline: Resource) -> Iterator[str]:
    """Find an artifact that no earlier action makes, as the provider sends them in order."""
    if UNKNOWN in items(pipeline.get("stages")) or UNKNOWN in _actions(pipeline):
        return
    made: list[Any] = []
    for stage in items(pipeline.get("stages")):
        here = [one for action in _of(stage) for one in items(dig(action, "outputArtifacts"))]
        made += here
        if UNKNOWN in made:
            return
        for action in _of(stage):
            for wanted in items(dig(action, "inputArtifacts")):
                if isinstance(wanted, str) and wanted not in made:
                    named = ", ".join(map(show, made)) or "none"
                    yield (
                        f"action {show(dig(action, 'name'))} needs artifact {show(wanted)}, and the "
                        f"actions up to it make {named}"
                    )


def _no_source(pipeline: Resource) -> Iterator[str]:
    stages = items(pipeline.get("stages"))
    if not stages or UNKNOWN in stages:
        return
    if len(stages) < _FEWEST_STAGES:
        yield f"it has {len(stages)} stage"
    kinds = [dig(action, "category") for action in _of(stages[0])]
    if kinds and UNKNOWN not in kinds and set(kinds) != {"Source"}:
        yield f"its first stage, {show(dig(stages[0], 'name'))}, has actions of {show(kinds[0])}"


TABLE = (
    Refusal(
        types=tokens.STATE_MACHINE,
        says="InvalidDefinition: INVALID_JSON_DESCRIPTION.",
        source=f"{_STATES}concepts-amazon-states-language.html",
        remedy="set definition to a JSON object, for example by json.dumps.",
        find=_no_definition,
    ),
    Refusal(
        types=tokens.STATE_MACHINE,
        says="InvalidDefinition: MISSING_TRANSITION_TARGET: StartAt, Next and Default name states.",
        source=f"{_STATES}statemachine-structure.html",
        remedy="let StartAt, Next and Default in definition name states that are in States.",
        find=_dangling,
    ),
    Refusal(
        types=tokens.STATE_MACHINE,
        says="InvalidDefinition: SCHEMA_VALIDATION_FAILED: a state has Next, or ends the flow.",
        source=f"{_STATES}statemachine-structure.html",
        remedy='add "Next" or "End": true to the state in definition.',
        find=_unfinished,
    ),
    Refusal(
        types=tokens.PIPELINE,
        says=(
            "InvalidActionDeclarationException: an input artifact is the output artifact of an earlier "
            "action."
        ),
        source=f"{_PIPELINE}reference-pipeline-structure.html",
        remedy=(
            "set input_artifacts of the action to what an earlier one has in output_artifacts."
        ),
        find=_not_made,
    ),
    Refusal(
        types=tokens.PIPELINE,
        says=(
            "InvalidStructureException: a pipeline has two stages or more, and only source actions in "
            "its first."
        ),
        source=f"{_PIPELINE}reference-pipeline-structure.html",
        remedy="begin stages with one whose actions have the category Source, and add another stage.",
        find=_no_source,
    ),
)
