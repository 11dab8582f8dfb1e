"""The report as Markdown: for GitHub's job summary, a pull request or a README."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from loadtest.errors import ResultsError
from loadtest.reporting.evidence import Evidence, confidence
from loadtest.reporting.stack_comparison import Report, stack
from loadtest.reporting.texts import Texts

VARIABLE = "GITHUB_STEP_SUMMARY"
"""The variable with the file to which a step of GitHub Actions appends its summary."""
SIGNS = {"kept": "✅", "measured": "📏", "broken": "❌", "undecided": "❔", "invalid": "⚠️"}


def render(report: Report, evidence: Evidence, texts: Texts) -> str:
    """Return verdict, figures and failed checks."""
    headline, shown = report.headline, texts.render
    checks = [(run, check) for run in (report.single, report.ha) for check in run.validity.checks]
    failed = [(run, check) for run, check in checks if not check.passed]
    titles = ("column.single", "column.ha", "column.published-single", "column.published-ha")
    titles = titles if report.beside_published else titles[:2]
    parts = [
        f"## {SIGNS[headline.outcome]} {texts(f'verdict.{headline.outcome}')}",
        f"**{escaped(shown(headline.sentence))}**",
        *(escaped(shown(one)) for one in confidence(report, evidence)),
        bullets([shown(reason) for reason in headline.further_reasons]),
        table(
            ["", *map(texts, titles)],
            [[shown(r.name), *map(shown, report.cells(r))] for r in report.rows],
        ),
        *(escaped(shown(one)) for one in report.price_messages),
        texts("page.checks-passed", passed=len(checks) - len(failed), all=len(checks)),
        bullets(
            [
                texts("check.failed-of", stack=stack(run), check=check.name, detail=check.detail)
                for run, check in failed
            ]
        ),
        f"<sub>{report.single.id} · {report.ha.id} · {report.generated_at}</sub>",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def publish(summary: str) -> None:
    """Append it to GitHub's job summary, if this is a step of a job.

    Raises:
        ResultsError: that file cannot be written.
    """
    if not (name := os.environ.get(VARIABLE)):
        return
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(summary + "\n")
    except OSError as error:
        raise ResultsError(
            f"cannot add the summary to {name}: {error.strerror}; unset {VARIABLE} to skip it"
        ) from error


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; all columns but the first are aligned to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *([escaped(c) for c in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(items: Sequence[str]) -> str:
    """Return a list, empty without items."""
    return "\n".join(f"- {escaped(item)}" for item in items)


def escaped(text: str) -> str:
    """Escape what Markdown would interpret."""
    for sign in ("\\", "|", "<", "`", "*", "_", "[", "#"):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
