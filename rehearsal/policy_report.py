"""What the policy pack said of a preview, out of the engine's event log, as Markdown. Pure.

The events are those of `sdk/go/common/apitype/events.go` in pulumi/pulumi, one JSON object a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MANDATORY = "mandatory"
ADVISORY = "advisory"
REMEDY = " Remedy: "
"""What the pack's messages have between what is wrong and what to do about it."""

COST = "Monthly cost: "
"""How the program's sentence on its price begins."""

_SUMMARIES = ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent")


@dataclass(frozen=True)
class Rule:
    """A rule of the pack, as far as a report tells it."""

    id: str
    title: str
    url: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One violation. `resource` is `<type> <name>`; empty where the whole stack is meant."""

    rule: str
    level: str
    resource: str
    what: str
    remedy: str


@dataclass(frozen=True)
class StackReport:
    """What the pack said of one stack. `failed` is why the preview itself ended badly, if it did."""

    stack: str
    findings: tuple[Finding, ...]
    applied: frozenset[str]
    changes: Mapping[str, int]
    cost: str = ""
    """The program's own sentence on what the stack costs a month; empty if it said none."""
    failed: str | None = None

    def of_level(self, level: str) -> list[Finding]:
        """The findings of one level, by rule."""
        found = [finding for finding in self.findings if finding.level == level]
        return sorted(found, key=lambda finding: (finding.rule, finding.resource))


def read_rules(text: str) -> tuple[Rule, ...]:
    """Reads what `python -m guardrails` prints."""
    return tuple(
        Rule(entry["id"], entry["title"], entry["url"], tuple(entry["steps"]))
        for entry in json.loads(text)
    )


def read_events(lines: Iterable[str], stack: str, failed: str | None = None) -> StackReport:
    """Reads an event log; a line that the engine did not finish writing is left out."""
    findings: list[Finding] = []
    applied: set[str] = set()
    changes: dict[str, int] = {}
    cost = ""
    for event in _events(lines):
        if violation := event.get("policyEvent"):
            findings.append(_finding(violation))
            applied.add(violation["policyName"])
        for name in _SUMMARIES:
            summary = event.get(name) or {}
            applied.update(summary.get("passed") or (), summary.get("failed") or ())
        if summary := event.get("summaryEvent"):
            changes = dict(summary.get("resourceChanges") or {})
        cost = _cost(event.get("diagnosticEvent") or {}) or cost
    return StackReport(
        stack=stack,
        findings=tuple(dict.fromkeys(findings)),
        applied=frozenset(applied),
        changes=changes,
        cost=cost,
        failed=failed,
    )


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def _cost(diagnostic: Mapping[str, Any]) -> str:
    """The program's sentence on its price, without the engine's marks for colours; else empty."""
    plain = " ".join(re.sub(r"<\{%.*?%\}>", "", str(diagnostic.get("message", ""))).split())
    told = plain.startswith(COST) and diagnostic.get("severity") != "debug"
    return plain if told else ""


def _finding(violation: Mapping[str, Any]) -> Finding:
    level = violation.get("enforcementLevel", "")
    # The description comes first, on lines of its own; the pack's sentence is the last.
    message = str(violation.get("message", "")).strip().splitlines()
    what, _, remedy = (message[-1].strip() if message else "").partition(REMEDY)
    return Finding(
        rule=violation["policyName"],
        level=ADVISORY if level in {"advisory", "warning"} else MANDATORY,
        resource=_resource(violation.get("resourceUrn", "")),
        what=what,
        remedy=remedy,
    )


def _resource(urn: str) -> str:
    """`aws:lb/listener:Listener web-http` out of a URN; empty for the stack's own."""
    parts = urn.split("::")
    if len(parts) < 4 or parts[2].endswith("pulumi:Stack"):
        return ""
    return f"{parts[2].rpartition('$')[2]} {'::'.join(parts[3:])}"


# --- Markdown -------------------------------------------------------------------------------------


def render(reports: Sequence[StackReport], rules: Sequence[Rule], context: str) -> str:
    """The report for people; `context` says where the preview ran."""
    lines = ["## Policy report", "", context, "", *_overview(reports, rules)]
    by_id = {rule.id: rule for rule in rules}
    for report in reports:
        lines += ["", f"### Stack `{report.stack}`", "", *_stack(report, by_id)]
    return "\n".join(lines) + "\n"


def _overview(reports: Sequence[StackReport], rules: Sequence[Rule]) -> Iterator[str]:
    yield "| stack | result | mandatory | advisory | rules applied | not applicable | resources |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for report in reports:
        mandatory, advisory = report.of_level(MANDATORY), report.of_level(ADVISORY)
        passed = not mandatory and report.failed is None
        idle = len(not_applicable(report, rules))
        resources = sum(report.changes.values())
        yield (
            f"| `{report.stack}` | {'✅ passed' if passed else '❌ failed'} | {len(mandatory)} | "
            f"{len(advisory)} | {len(report.applied)} | {idle} | {resources} |"
        )


def not_applicable(report: StackReport, rules: Sequence[Rule]) -> list[str]:
    """The rules that had nothing to say about this stack, in the catalogue's order."""
    return [rule.id for rule in rules if rule.id not in report.applied]


def _stack(report: StackReport, rules: Mapping[str, Rule]) -> Iterator[str]:
    if report.failed is not None:
        yield "The preview failed:"
        yield from ("", "```", report.failed.replace("```", "'''"), "```", "")
    if not report.findings and report.failed is None:
        yield "No violation."
    for title, level in (("Mandatory", MANDATORY), ("Advisory", ADVISORY)):
        findings = report.of_level(level)
        if findings:
            yield from (f"**{title}**", "", "| rule | resource | what is wrong | remedy |")
            yield "|---|---|---|---|"
            for one in findings:
                cells = (_link(one.rule, rules), _code(one.resource), one.what, one.remedy)
                yield f"| {' | '.join(map(_cell, cells))} |"
            yield ""
    if report.cost:
        yield from (report.cost, "")
    idle = not_applicable(report, list(rules.values()))
    if idle:
        names = ", ".join(f"`{name}`" for name in idle)
        yield from ("<details><summary>Not applicable here</summary>", "", names, "", "</details>")


def _link(rule: str, rules: Mapping[str, Rule]) -> str:
    found = rules.get(rule)
    return f"[`{rule}`]({found.url})" if found else f"`{rule}`"


def _code(text: str) -> str:
    return f"`{text}`" if text else "the stack"


def _cell(text: str) -> str:
    """Text that stays in its cell: a bar or a line break would end it."""
    return " ".join(text.split()).replace("|", "\\|")
