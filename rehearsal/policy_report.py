"""The policy report of a preview, from the engine's events, as Markdown and JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rehearsal.engine_events import Event, Message, PoliciesApplied, PolicyViolation, Summary

MANDATORY = "mandatory"
ADVISORY = "advisory"
UNDECIDED = "not decidable"
"""A finding that is not a violation: the rule cannot tell, and says what would let it."""

REMEDY_MARK = " Remedy: "
"""What separates the problem from the remedy in the pack's messages.

The same constant as `guardrails.model.REMEDY_MARK`, kept equal by a test: the engine passes on only
one text per violation, and the rehearsal imports nothing of the pack.
"""

UNDECIDED_MARK = "Not decidable here: "
"""How the pack begins what is not decidable: `guardrails.model.UNDECIDED_MARK`."""

SUMMARY_MARK = "Guardrails: "
"""How the pack's own summary begins: `guardrails.summary.SUMMARY_MARK`."""

_QUESTION = re.compile(r"(?P<question>[^?]+\?)\s+(?P<answer>[^:]+): (?P<rules>.*)")
"""A line of the summary about one question."""

COST_MARK = "Monthly cost: "
"""How the program's sentence about its price begins; kept equal to what it prints by a test."""


@dataclass(frozen=True)
class Rule:
    """A rule of the pack, as far as a report shows it."""

    id: str
    title: str
    url: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One violation, or what is not decidable.

    `resource` is `<type> <name>`; empty if it is the whole stack's.
    """

    rule: str
    level: str
    resource: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class Answer:
    """What the pack answers to one question about the architecture, and by which rules."""

    question: str
    answer: str
    rules: str


@dataclass(frozen=True)
class StackReport:
    """What the pack reported of one stack."""

    stack: str
    findings: tuple[Finding, ...]
    applied: frozenset[str]
    """The rules that had something to check."""
    changes: Mapping[str, int]
    """Number of resources per operation."""
    cost: str = ""
    """The program's own sentence about its monthly cost; empty if it printed none."""
    failed: str | None = None
    """Why the preview itself failed, if it did."""
    summary: tuple[str, ...] = ()
    """The pack's own summary, a line each; empty if it did not get that far."""
    complete: bool = True
    """Whether the rules about the stack as a whole have run."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers to the questions about the architecture."""
        found = (_QUESTION.fullmatch(line.strip()) for line in self.summary)
        return tuple(Answer(**match.groupdict()) for match in found if match)

    @property
    def practices(self) -> tuple[str, ...]:
        """What the summary says about best practices."""
        return tuple(line.strip() for line in self.summary if line.startswith("  Well-Architected"))

    def of_level(self, level: str) -> list[Finding]:
        """Return the findings of one level, sorted by rule."""
        found = [finding for finding in self.findings if finding.level == level]
        return sorted(found, key=lambda finding: (finding.rule, finding.resource))


def read_rules(text: str) -> tuple[Rule, ...]:
    """Read what `python -m guardrails` prints."""
    return tuple(
        Rule(entry["id"], entry["title"], entry["url"], tuple(entry["steps"]))
        for entry in json.loads(text)
    )


def read_events(events: Iterable[Event], stack: str, failed: str | None = None) -> StackReport:
    """Collect what the events of one preview say about the policies and the cost.

    `failed` is what the engine printed if it failed. It also does because of a mandatory violation,
    which is not a failure of its own, unless the program failed too, or a provider rejected a resource:
    policies are then shown that resource without its inputs, and what they say of it means nothing.
    """
    findings: list[Finding] = []
    applied: set[str] = set()
    changes: Mapping[str, int] = {}
    cost = ""
    summary: tuple[str, ...] = ()
    rejected, complete = False, False
    for event in events:
        match event:
            case PolicyViolation():
                findings.append(_finding(event))
                applied.add(event.policy)
            case PoliciesApplied():
                applied |= event.policies
                complete |= event.whole_stack
            case Summary():
                changes = event.changes
            case Message():
                cost = _cost(event) or cost
                summary = _summary(event) or summary
                rejected |= event.severity == "error" and event.resource is not None
            case _:
                pass
    if complete and not rejected and any(finding.level == MANDATORY for finding in findings):
        failed = None
    return StackReport(
        stack=stack,
        findings=tuple(dict.fromkeys(findings)),
        applied=frozenset(applied),
        changes=changes,
        cost=cost,
        failed=failed,
        summary=summary,
        complete=complete,
    )


def _cost(message: Message) -> str:
    """Return the program's sentence about its cost on one line, or an empty string."""
    text = " ".join(message.text.split())
    return text if text.startswith(COST_MARK) and message.severity != "debug" else ""


def _summary(message: Message) -> tuple[str, ...]:
    """Return the lines of the pack's summary, or none."""
    lines = message.text.strip().splitlines()
    summarized = message.severity == "info" and len(lines) > 1 and lines[0].startswith(SUMMARY_MARK)
    return tuple(lines) if summarized else ()


def is_summary(event: Event) -> bool:
    """Whether an event is the pack's summary."""
    return isinstance(event, Message) and bool(_summary(event))


def _finding(violation: PolicyViolation) -> Finding:
    # The rule's description comes first, on lines of its own; the last one is about this resource.
    lines = violation.text.strip().splitlines()
    problem, _, remedy = (lines[-1].strip() if lines else "").partition(REMEDY_MARK)
    level = ADVISORY if violation.level in {"advisory", "warning"} else MANDATORY
    return Finding(
        rule=violation.policy,
        level=UNDECIDED if problem.startswith(UNDECIDED_MARK) else level,
        resource=str(violation.resource or ""),
        problem=problem,
        remedy=remedy,
    )


INCOMPLETE = (
    "**The rules about the stack as a whole have not run**: the preview ended before every resource "
    "was known. What is listed here is not all."
)

_SECTIONS = (("Mandatory", MANDATORY), ("Advisory", ADVISORY), ("Not decidable", UNDECIDED))
LEVELS = tuple(level for _, level in _SECTIONS)
"""Levels of findings, the gravest first."""


# --- JSON -----------------------------------------------------------------------------------------


def as_json(reports: Sequence[StackReport], rules: Sequence[Rule]) -> str:
    """Return the same as JSON, for programs."""
    stacks = [
        {
            "stack": report.stack,
            "failed": report.failed,
            "complete": report.complete,
            "questions": [asdict(answer) for answer in report.answers],
            "practices": list(report.practices),
            "findings": [asdict(finding) for finding in report.findings],
            "notApplicable": not_applicable(report, rules),
            "changes": dict(report.changes),
            "cost": report.cost,
        }
        for report in reports
    ]
    return json.dumps({"version": 1, "rules": len(rules), "stacks": stacks}, indent=2) + "\n"


# --- Markdown -------------------------------------------------------------------------------------


def render(reports: Sequence[StackReport], rules: Sequence[Rule], context: str) -> str:
    """Return the report; `context` says where the preview ran."""
    lines = ["## Policy report", "", context, "", *_overview(reports, rules)]
    by_id = {rule.id: rule for rule in rules}
    for report in reports:
        lines += ["", f"### Stack `{report.stack}`", "", *_stack(report, by_id)]
    return "\n".join(lines) + "\n"


def _overview(reports: Sequence[StackReport], rules: Sequence[Rule]) -> Iterator[str]:
    yield (
        "| stack | result | mandatory | advisory | not decidable | rules applied | not applicable "
        "| resources |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for report in reports:
        mandatory, advisory = report.of_level(MANDATORY), report.of_level(ADVISORY)
        passed = not mandatory and report.failed is None
        idle = len(not_applicable(report, rules))
        resources = sum(report.changes.values())
        yield (
            f"| `{report.stack}` | {'✅ passed' if passed else '❌ failed'} | {len(mandatory)} | "
            f"{len(advisory)} | {len(report.of_level(UNDECIDED))} | {len(report.applied)} | {idle} "
            f"| {resources} |"
        )


def not_applicable(report: StackReport, rules: Sequence[Rule]) -> list[str]:
    """Return the rules that had nothing to check in this stack, in the catalogue's order."""
    return [rule.id for rule in rules if rule.id not in report.applied]


def _stack(report: StackReport, rules: Mapping[str, Rule]) -> Iterator[str]:
    if report.failed is not None:
        yield "The preview failed:"
        yield from ("", "```", report.failed.replace("```", "'''"), "```", "")
    if not report.complete:
        yield from (INCOMPLETE, "")
    yield from _answers(report)
    if not report.findings and report.failed is None and report.complete:
        yield from ("No violation.", "")
    for title, level in _SECTIONS:
        findings = report.of_level(level)
        if findings:
            yield from (f"**{title}**", "", "| rule | resource | what is wrong | remedy |")
            yield "|---|---|---|---|"
            for one in findings:
                cells = (_link(one.rule, rules), _code(one.resource), one.problem, one.remedy)
                yield f"| {' | '.join(map(_cell, cells))} |"
            yield ""
    if report.cost:
        yield from (report.cost, "")
    idle = not_applicable(report, list(rules.values()))
    if idle:
        names = ", ".join(f"`{name}`" for name in idle)
        yield from ("<details><summary>Not applicable here</summary>", "", names, "", "</details>")


def _answers(report: StackReport) -> Iterator[str]:
    if report.answers:
        yield from ("| question | answer | rules |", "|---|---|---|")
        for one in report.answers:
            yield f"| {' | '.join(map(_cell, (one.question, one.answer, one.rules)))} |"
        yield ""
    for line in report.practices:
        yield f"- {_cell(line)}"
    if report.practices:
        yield ""


def _link(rule: str, rules: Mapping[str, Rule]) -> str:
    found = rules.get(rule)
    return f"[`{rule}`]({found.url})" if found else f"`{rule}`"


def _code(text: str) -> str:
    return f"`{text}`" if text else "the stack"


def _cell(text: str) -> str:
    """Return text that stays in its cell: a bar or a line break would end it."""
    return " ".join(text.split()).replace("|", "\\|")
