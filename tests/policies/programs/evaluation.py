"""What the whole pack says about a case, from its recorded preview."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass, field, replace
from typing import Any

from guardrails.evaluator import Finding, PolicyEvaluator
from guardrails.model import Level
from guardrails.resources import Options, Resource, Stack
from guardrails.values import UNKNOWN, kept_secret, leaves
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

from tests.components.recording import Recording, record
from tests.policies.draft import Changes
from tests.policies.good_stack import options, plain
from tests.policies.programs.cases import Broken, Edit, Innocent, Program
from tests.policies.programs.created import created_outputs, with_outputs
from tests.policies.programs.provider import CONFIG, LOOKUPS, SECRETS, with_unknowns
from tests.policies.programs.running import case

STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Preview:
    """A recorded preview: what resource rules see, and what stack rules see."""

    inputs: tuple[Resource, ...]
    stack: Stack


def _value(value: Any) -> Any:
    """Convert what the SDK recorded; the texts of secrets are marked as the pack marks them."""
    if isinstance(value, dict):
        if value.get(_special_sig_key) == _special_secret_sig:
            return kept_secret(_value(value["value"]))
        return {key: _value(element) for key, element in value.items()}
    return [_value(element) for element in value] if isinstance(value, list) else plain(value)


@dataclass
class Part:
    """One registration."""

    kind: str
    name: str
    urn: str
    custom: bool
    inputs: dict[str, Any]
    sources: dict[str, list[str]]
    """URNs from which a property's value came."""
    options: Options = field(default_factory=Options)


def _parts(recording: Recording) -> list[Part]:
    return [
        Part(
            one.type,
            one.name,
            urn,
            one.custom,
            _value(one.inputs),
            # Sorted: the SDK sends them as a set.
            {prop: sorted(urns) for prop, urns in one.property_dependencies.items()},
            options(one),
        )
        for urn, one in recording.resources.items()
    ] + [
        # What the program exports, the engine shows as the properties of the stack itself.
        Part(STACK, urn.rpartition("::")[2], urn, False, _value(outputs), {})
        for urn, outputs in recording.registered_outputs.items()
        if f"::{STACK}::" in urn
    ]


def record_parts(program: Program, *, preview: bool = True) -> list[Part]:
    """Record a program on the recording engine: a preview, or its creation."""
    return _parts(
        record(
            program,
            preview=preview,
            outputs=created_outputs,
            invokes=LOOKUPS,
            config=CONFIG | SECRETS,
        )
    )


recorded = functools.cache(record_parts)
"""The same, once per program; the result is not to be changed."""


def edited(parts: list[Part], changes: Changes) -> list[Part]:
    """Apply what `ChangingMonitor` does to registrations on their way to the engine."""
    found = {part.name: part for part in copy.deepcopy(parts) if part.custom}
    others = [part for part in parts if not part.custom]
    for change in changes.adds:
        name = change["name"]
        assert name not in found, f"{name} is there already"
        urn = f"urn:pulumi:test::programs::{change['type']}::{name}"
        found[name] = Part(change["type"], name, urn, True, {}, {})
    for change in changes.adds:
        part = found[change["name"]]
        for prop, value in change["properties"].items():
            part.sources[prop] = []
            part.inputs[prop] = _decoded(value, found, part.sources[prop])
    for change in changes.sets:
        _set(found[change["resource"]], change, found)
    for change in changes.options:
        part = found[change["resource"]]
        part.options = replace(part.options, **change["options"])
    gone = {found.pop(name).urn for name in changes.drops}
    for part in found.values():
        part.sources = {
            prop: [urn for urn in urns if urn not in gone] for prop, urns in part.sources.items()
        }
    return [*others, *found.values()]


def _set(part: Part, change: dict[str, Any], found: dict[str, Part]) -> None:
    path = [int(step) if step.isdigit() else step for step in change["path"].split(".")]
    top = str(path[0])
    place: Any = part.inputs
    for step in path[:-1]:
        place = place[step]
    if "value" in change:
        place[path[-1]] = change["value"]
    else:
        del place[path[-1]]
    sources: list[str] = []
    before = part.inputs.get(top)
    if top in part.inputs:
        part.inputs[top] = _decoded(before, found, sources)
    if UNKNOWN in leaves(before):
        sources += part.sources.get(top, [])
    part.sources[top] = list(dict.fromkeys(sources))


def _decoded(value: Any, found: dict[str, Part], sources: list[str]) -> Any:
    """Replace references by what they are known to be, and collect their URNs."""
    if isinstance(value, list):
        return [_decoded(element, found, sources) for element in value]
    if not isinstance(value, dict):
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if "$ref" not in value:
        return {key: _decoded(element, found, sources) for key, element in value.items()}
    target = found[value["$ref"]]
    sources.append(target.urn)
    return UNKNOWN if value["output"] == "id" else target.inputs.get(value["output"], UNKNOWN)


def _resources(parts: list[Part], *, outputs: bool) -> list[Resource]:
    return [
        Resource(
            type=part.kind,
            name=part.name,
            urn=part.urn,
            properties=(
                with_unknowns(part.kind, part.inputs, UNKNOWN)
                if part.custom and outputs
                else part.inputs
            ),
            dependencies={prop: tuple(urns) for prop, urns in part.sources.items()},
            options=part.options,
        )
        for part in parts
    ]


def previewed(one: Innocent | Broken) -> Preview:
    """Return a case as its preview shows it; a broken one is made from the sound one's recording."""
    parts = recorded(one.program)
    if one.edit is not None:
        edit = Edit()
        one.edit(edit)
        parts = edited(parts, edit.changes)
    return preview_of(parts)


def preview_of(parts: list[Part]) -> Preview:
    return Preview(tuple(_resources(parts, outputs=False)), Stack(_resources(parts, outputs=True)))


@functools.cache
def created(program: Program) -> list[Part]:
    """Record the creation of a program's resources; not to be changed."""
    return record_parts(program, preview=False)


def findings_after_up(name: str) -> list[Finding]:
    """Return what the pack says about a program when every value is known."""
    one = case(name)
    parts = created(one.program)
    if one.edit is not None:
        edit = Edit()
        one.edit(edit)
        parts = edited(parts, edit.changes)
    known = with_outputs((part.urn, part.kind, part.name, part.inputs) for part in parts)
    stack = Stack(
        Resource(
            type=part.kind,
            name=part.name,
            urn=part.urn,
            properties=known[part.urn] if part.custom else part.inputs,
            dependencies={prop: tuple(urns) for prop, urns in part.sources.items()},
            options=part.options,
        )
        for part in parts
    )
    return judge(Preview(tuple(_resources(parts, outputs=False)), stack))


def judge(preview: Preview) -> list[Finding]:
    """Return everything that the pack says, with every default, as the engine asks it."""
    evaluator = PolicyEvaluator()
    evaluator.keep_secrets(SECRETS.values())
    found = [
        finding for one in preview.inputs for finding in evaluator.evaluate_resource(one).findings
    ]
    return [*found, *evaluator.evaluate_stack(preview.stack).findings]


@functools.cache
def findings(name: str) -> tuple[Finding, ...]:
    """Return what the pack says about a case."""
    return tuple(judge(previewed(case(name))))


def is_undecided(finding: Finding) -> bool:
    return finding.text.startswith("Not decidable here: ")


def mandatory(name: str) -> list[Finding]:
    return [one for one in findings(name) if one.level is Level.MANDATORY]


def _about(finding: Finding) -> tuple[str, str, str, bool]:
    name = finding.resource.name if finding.resource else ""
    return finding.rule.id, name, finding.level.value, is_undecided(finding)


def added(one: Broken) -> list[Finding]:
    """Return what the pack says about a broken program and not about the sound one."""
    known = {_about(finding) for finding in findings(one.base)}
    return [finding for finding in findings(one.id) if _about(finding) not in known]


def lines(found: list[Finding] | tuple[Finding, ...]) -> str:
    """Render findings for the message of a failed test."""
    return "\n".join(
        f"[{one.level.value}] {one.rule.id} ({one.resource.name if one.resource else 'stack'}): "
        f"{one.text}"
        for one in found
    )
