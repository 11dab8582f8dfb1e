"""Writes the comparison of two saved runs: for people, for programs and for CI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtest.analysis import reading
from loadtest.errors import LoadTestError
from loadtest.reporting import card, junit, markdown
from loadtest.reporting.conditions import Condition
from loadtest.reporting.evidence import Evidence
from loadtest.reporting.html import page
from loadtest.reporting.html.page import Other
from loadtest.reporting.schema import render as schema
from loadtest.reporting.terminal import render_run, render_terminal, show
from loadtest.reporting.texts import LANGUAGES, Texts
from loadtest.reporting.two_runs import Report, compare
from loadtest.runs import paths
from loadtest.stack import outputs as stack_outputs

__all__ = ["Evidence", "Written", "language", "render_html", "render_run", "render_terminal",
           "schema", "show", "write_report"]  # fmt: skip

JSON = "report.json"
HTML = "report.html"
JUNIT = "report.junit.xml"
MARKDOWN = "report.md"
CARD = "report.svg"


@dataclass(frozen=True)
class Written:
    """A report and its two main files; the others lie beside them."""

    report: Report
    html: Path
    json: Path


def language(code: str) -> str:
    """The code itself, if reports can be written in that language; else raises LoadTestError."""
    if code not in LANGUAGES:
        known = ", ".join(f"{known} ({name})" for known, name in LANGUAGES.items())
        raise LoadTestError(f"there is no report in {code!r}; choose one of {known}")
    return code


def write_report(
    single: Path,
    ha: Path,
    target: Path,
    extra: list[Condition] | None = None,
    lang: str = "en",
) -> Written:
    """Compares two saved runs (their directories) and writes the report's files into `target`.

    `report.html` is in that language; each other language has a page of its own beside it. Where
    GITHUB_STEP_SUMMARY names a file, the summary is added to it as well.
    """
    runs = (reading.load_summary(single), reading.load_summary(ha))
    stacks = tuple(stack_outputs.from_file(str(d / paths.OUTPUTS)) for d in (single, ha))
    report = compare(runs[0], runs[1], (stacks[0], stacks[1]), extra)
    evidence = read_evidence(single, ha)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise paths.ResultsError(f"cannot write a report to {target}: {error.strerror}") from error
    written = Written(report, target / HTML, target / JSON)
    paths.write_text(written.json, report.model_dump_json(indent=2) + "\n")
    for one, other in _pages(lang):
        html = render_html(report, evidence, one.language, other)
        paths.write_text(target / one.file, html)
    texts = Texts(lang)
    summary = markdown.render(report, evidence, texts)
    paths.write_text(target / MARKDOWN, summary)
    paths.write_text(target / JUNIT, junit.render(report))
    paths.write_text(target / CARD, card.render(report, texts))
    markdown.publish(summary)
    return written


def read_evidence(single: Path, ha: Path) -> Evidence:
    """The single requests of both runs. A report without them has its figures, but no charts."""
    try:
        return Evidence(reading.load_requests(single), reading.load_requests(ha))
    except paths.ResultsError as error:
        return Evidence(problem=str(error))


def render_html(
    report: Report,
    evidence: Evidence | None = None,
    lang: str = "en",
    other: Other | None = None,
) -> str:
    """The page in one language. Everything it needs is in it; text from results is escaped."""
    return page.render(report, evidence or Evidence(), Texts(lang), other)


def _pages(lang: str) -> list[tuple[Other, Other]]:
    """Each page, and the one that it points to."""
    first = Other(HTML, lang, LANGUAGES[lang])
    rest = [
        Other(f"report.{code}.html", code, name) for code, name in LANGUAGES.items() if code != lang
    ]
    pages = [first, *rest]
    return list(zip(pages, [*pages[1:], first], strict=True))
