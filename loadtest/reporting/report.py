"""Writes the comparison of two saved runs: for people, for programs and for CI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loadtest.analysis import run_loading
from loadtest.errors import LoadTestError, ResultsError
from loadtest.messages.catalogue import LANGUAGES
from loadtest.messages.names import free_text
from loadtest.reporting import card, junit, markdown
from loadtest.reporting.conditions import Condition
from loadtest.reporting.evidence import Evidence
from loadtest.reporting.experiments import ExperimentRow
from loadtest.reporting.html import page
from loadtest.reporting.html.page_links import PageLink, linked
from loadtest.reporting.schema import render as schema
from loadtest.reporting.stack_comparison import Report, compare
from loadtest.reporting.terminal import render_run, render_terminal, render_verdict, show
from loadtest.reporting.texts import Texts
from loadtest.runs import paths
from loadtest.stack import outputs as stack_outputs

__all__ = ["Evidence", "Written", "language", "render_html", "render_run", "render_terminal",
           "render_verdict", "schema", "show", "write_report"]  # fmt: skip

JSON = "report.json"
STEM = "report"
HTML = f"{STEM}.html"
JUNIT = "report.junit.xml"
MARKDOWN = "report.md"
CARD = "report.svg"

Renderer = Callable[[Report, Evidence, Texts], str]
"""What every format of a report is: its text, from the figures, the requests and a language."""


def _json(report: Report, evidence: Evidence, texts: Texts) -> str:
    del evidence, texts
    return report.model_dump_json(indent=2) + "\n"


FORMATS: Mapping[str, Renderer] = {
    JSON: _json,
    MARKDOWN: markdown.render,
    JUNIT: junit.render,
    CARD: card.render,
}
"""The formats that have one file each. The page has one per language."""


@dataclass(frozen=True)
class Written:
    """A report and its two main files; the others lie beside them."""

    report: Report
    html: Path
    json: Path


def language(code: str) -> str:
    """Return the code itself if reports can be written in that language.

    Raises:
        LoadTestError: they cannot.
    """
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
    *,
    experiments: list[ExperimentRow] | None = None,
) -> Written:
    """Compare two saved runs (their directories) and write the report's files into `target`.

    `experiments` are those on the HA stack after the loads; their proof is expected in `target` too.
    `report.html` is in that language; each other language has a page of its own beside it. Where
    GITHUB_STEP_SUMMARY names a file, the summary is added to it as well.

    Raises:
        ComparisonError: the runs had different load.
        ResultsError: a run cannot be read, or the report not be written.
    """
    runs = (run_loading.load_summary(single), run_loading.load_summary(ha))
    stacks = tuple(stack_outputs.from_file(str(d / paths.OUTPUTS)) for d in (single, ha))
    report = compare(runs[0], runs[1], (stacks[0], stacks[1]), extra, experiments)
    evidence = read_evidence(single, ha)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"cannot write a report to {target}: {error.strerror}") from error
    files = {name: render(report, evidence, Texts(code)) for name, code, render in _outputs(lang)}
    for name, text in files.items():
        paths.write_text(target / name, text)
    markdown.publish(files[MARKDOWN])
    return Written(report, target / HTML, target / JSON)


def _outputs(lang: str) -> Iterator[tuple[str, str, Renderer]]:
    """Yield every file: its name, its language, and what makes its text."""
    for name, render in FORMATS.items():
        yield name, lang, render
    for one, other in linked(STEM, lang):
        yield one.file, one.language, partial(page.render, other=other)


def read_evidence(single: Path, ha: Path) -> Evidence:
    """Read the single requests of both runs. A report without them has its figures, but no charts."""
    try:
        return Evidence(run_loading.load_requests(single), run_loading.load_requests(ha))
    except ResultsError as error:
        return Evidence(problem=free_text(str(error)))


def render_html(
    report: Report,
    evidence: Evidence | None = None,
    lang: str = "en",
    other: PageLink | None = None,
) -> str:
    """Return the page in one language. Everything it needs is in it; text from results is escaped."""
    return page.render(report, evidence or Evidence(), Texts(lang), other)
