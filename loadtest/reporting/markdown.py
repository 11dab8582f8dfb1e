"""The report as Markdown: for GitHub's job summary, a pull request or a README."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from loadtest.errors import ResultsError
from loadtest.reporting.evidence import Evidence, confidence
from loadtest.reporting.html.page import BADGES
from loadtest.reporting.texts import Texts
from loadtest.reporting.two_runs import Report

VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file that a step of GitHub Actions appends its summary to."""
SIGNS = {"kept": "✅", "broken": "❌", "invalid": "⚠️"}


def render(report: Report, evidence: Evidence, texts: Texts) -> str:
    """Verdict, figures and failed checks."""
    told, headline = texts.told, report.headline
    checks = [
        (run.topology, check) for run in (report.single, report.ha) for check in run.validity.checks
    ]
    failed = [(stack, check) for stack, check in checks if not check.passed]
    names = ("Single", "HA", "Published single", "Published HA")
    parts = [
        f"## {SIGNS[headline.outcome]} {told(BADGES[headline.outcome])}",
        f"**{_text(told(headline.sentence))}**",
        *(_text(told(sentence)) for sentence in confidence(report, evidence)),
        _list([told(r) for r in headline.reasons if r not in headline.sentence]),
        _table(
            ["", *(told(name) for name in names)],
            [
                [told(r.name), *map(told, (r.single, r.ha, r.published_single, r.published_ha))]
                for r in report.rows
            ],
        ),
        texts.say(
            "{passed} of {all} checks of validity passed.",
            passed=len(checks) - len(failed),
            all=len(checks),
        ),
        _list([f"{told(stack)}: {told(c.name)}: {told(c.detail)}" for stack, c in failed]),
        f"<sub>{report.single.id} · {report.ha.id} · {report.generated_at}</sub>",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def publish(summary: str) -> None:
    """Appends it to GitHub's job summary, if this is a step of a job.

    Raises ResultsError if that file cannot be written.
    """
    if not (name := os.environ.get(VARIABLE)):
        return
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(summary + "\n")
    except OSError as error:
        raise ResultsError(
            f"cannot add the summary to {name}: {error.strerror}; unset {VARIABLE} to go without"
        ) from error


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *([_text(c) for c in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {_text(item)}" for item in items)


def _text(text: str) -> str:
    """Text that Markdown shows as it is."""
    for sign in ("\\", "|", "<", "`", "*", "_", "[", "#"):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
