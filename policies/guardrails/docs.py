"""The catalogue of rules as Markdown, generated from the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from guardrails.model import ConfigurationRule, Profile, Question, ResourceRule, Rule, Scope
from guardrails.practices import CATALOGUE, PRACTICES

BEGIN = "<!-- catalogue: written by `python -m docgen --write` -->"
END = "<!-- end of the catalogue -->"


def render_catalogue(rules: Iterable[Rule], damage: Mapping[str, str] | None = None) -> str:
    """Render a table of the rules per question, the best practices, then a section per rule.

    `damage` says by rule what happened to a stack that broke it, and when that was measured.
    """
    listed = list(rules)
    own = [rule for rule in listed if isinstance(rule, ConfigurationRule)]
    judging = [rule for rule in listed if rule not in own]
    lines = [
        f"{len(judging)} rules, and one about the policy configuration.",
        "Level: under `low-cost`, and under `production` where it differs.",
    ]
    for question in Question:
        answering = [rule for rule in judging if rule.question is question]
        if answering:
            lines += ["", f"### {question.value}", *_table(answering)]
    if own:
        lines += ["", "### The policy configuration", *_table(own)]
    lines += ["", *_practices(judging)]
    for rule in listed:
        lines += ["", *_section(rule)]
        if damage and rule.id in damage:
            lines.append(f"- Damage: {damage[rule.id]}")
    return "\n".join(lines) + "\n"


def _table(rules: Iterable[Rule]) -> Iterator[str]:
    listed = list(rules)
    yield f"{len(listed)} {'rule' if len(listed) == 1 else 'rules'}."
    yield ""
    yield "| rule | level | severity | applies to | official |"
    yield "|---|---|---|---|---|"
    yield from map(_row, listed)


def _practices(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the best practices that rules answer a part of."""
    kept: dict[str, list[str]] = {}
    for rule in rules:
        for practice in rule.controls.get(CATALOGUE, ()):
            kept.setdefault(practice, []).append(f"[`{rule.id}`](#{rule.id})")
    yield "### Well-Architected practices"
    yield f"{len(kept)} best practices of the AWS Well-Architected Framework, by the rules that check a"
    yield "part of them. A rule that holds does not mean that the whole practice is kept."
    yield ""
    yield "| practice | name | rules |"
    yield "|---|---|---|"
    for practice, names in sorted(kept.items()):
        yield f"| {practice} | {PRACTICES.get(practice, '')} | {', '.join(names)} |"


def replace_catalogue(
    page: str, rules: Iterable[Rule], damage: Mapping[str, str] | None = None
) -> str:
    """Return the page with a new catalogue between the two marks.

    Raises:
        ValueError: a mark is missing.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'the page lacks the marks "{BEGIN}" and "{END}"; put them back.')
    return f"{head}{BEGIN}\n{render_catalogue(rules, damage)}{END}{tail}"


def _row(rule: Rule) -> str:
    names = ", ".join(
        name
        for catalogue, names in rule.controls.items()
        if catalogue != CATALOGUE
        for name in names
    )
    cells = (f"[`{rule.id}`](#{rule.id})", _level(rule), rule.severity.value, _scope(rule), names)
    return f"| {' | '.join(cells)} |"


def _level(rule: Rule) -> str:
    low, high = (rule.level_in(profile).value for profile in (Profile.LOW_COST, Profile.PRODUCTION))
    return low if low == high else f"{low}, **{high}**"


def _scope(rule: Rule) -> str:
    if isinstance(rule, ConfigurationRule):
        return "the policy configuration"
    return "`ha`" if rule.scope is Scope.HIGH_AVAILABILITY else "every stack"


def _section(rule: Rule) -> Iterator[str]:
    yield f"#### {rule.id}"
    yield f"{rule.title}. {rule.question.value} Evaluated {_when(rule)}. [Source]({rule.url})."
    yield ""
    for catalogue_name, names in rule.controls.items():
        yield f"- {catalogue_name}: {', '.join(f'`{name}`' for name in names)}"
    yield f"- Remedy: {rule.remedy}"
    for number, step in enumerate(rule.steps, start=1):
        yield f"  {number}. {step}"
    yield f"- Unknown values: {rule.unknown}"
    for name, schema in rule.parameters.items():
        yield f"- Parameter `{name}`: {_parameter(schema)}"


def _when(rule: Rule) -> str:
    if isinstance(rule, ResourceRule):
        return "by each resource's inputs, before it is created"
    return "by the stack as a whole, at the end of preview and update"


def _parameter(schema: Mapping[str, Any]) -> str:
    if "default" not in schema:
        return schema["description"]
    return f"{schema['description']} Default: `{json.dumps(schema['default'])}`."
