"""Two whole runs in which everything happened that a report can show."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, NamedTuple

import pytest

from loadtest.analysis.summary import summarise
from loadtest.messages.message import msg
from loadtest.models import EventRecord, Outage, ProbeRecord, RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES
from loadtest.reporting import markdown
from loadtest.reporting.conditions import Condition
from loadtest.reporting.evidence import Evidence
from loadtest.reporting.stack_comparison import Report, compare
from loadtest.runs import table
from loadtest.runs.recording import Exchange
from loadtest.stack.outputs import StackOutputs

SLOW_MS = 44.0
VOID = {"meta", "link", "br", "rect", "line", "polyline", "polygon", "circle", "path"}


class Story(NamedTuple):
    """A report and the requests behind it."""

    report: Report
    evidence: Evidence


@pytest.fixture(autouse=True)
def no_job_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests in a GitHub workflow must not write into its summary."""
    monkeypatch.delenv(markdown.VARIABLE, raising=False)


def trouble(number: int, one: Exchange) -> Exchange:
    """Every kind of failure, at some of the answered requests."""
    silent: dict[str, Any] = {"ttfb_ms": None, "status": None, "expected": None, "instance": None,
                              "zone": None, "version": None}  # fmt: skip
    if one.error is not None:
        return one
    if number % 17 == 0:
        return one._replace(status=503, expected=False)
    if number % 23 == 0:
        return one._replace(status=404, expected=False)
    for divisor, code in ((29, "ECONNREFUSED"), (31, "ECONNRESET"), (37, "EPROTO")):
        if number % divisor == 0:
            return one._replace(**silent, error=code, total_ms=3.0)
    return one


@pytest.fixture(scope="session")
def story(
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Any],
    make_outputs: Callable[..., StackOutputs],
    single_outputs: StackOutputs,
) -> Story:
    quick = PROFILES["quick"]
    failing = make_users(quick, index_timeouts=300, login_timeouts=500, ttfb_ms=40.0)
    failing = [trouble(number, one) for number, one in enumerate(failing, start=1)]
    exchanges = (failing, make_users(quick))
    stacks = (single_outputs, make_outputs())
    runs: list[RunSummary] = [
        summarise(make_measurements(rows, quick, outputs=stack, id=f"run-{stack.topology}"))
        for rows, stack in zip(exchanges, stacks, strict=True)
    ]
    tables = [table.from_exchanges(rows, slow_ms=SLOW_MS) for rows in exchanges]
    for number, rows in enumerate(tables):
        counts = {outcome: int(rows.is_(outcome).sum()) for outcome in Outcome}
        counted = runs[number].requests.model_copy(update={"outcomes": counts})
        runs[number] = runs[number].model_copy(update={"requests": counted, "slow_ms": SLOW_MS})
    outages = [Outage(start_s=12.5, duration_s=3.2), Outage(start_s=21, duration_s=0.4)]
    probe = ProbeRecord(
        path="/health", interval_s=0.25, timeout_s=1, sent=120,
        outcomes={Outcome.GOOD: 105, Outcome.TIMEOUT: 15}, outages=outages,
    )  # fmt: skip
    event = EventRecord(kind="fault", name="stop an instance", at_s=14, until_s=15.5, detail="i-0a")
    single = runs[0].model_copy(update={"probe": probe, "events": [event]})
    extra = [
        Condition(
            name=msg("local.where"), single=msg("local.where.value"), ha=msg("local.where.value")
        )
    ]
    report = compare(single, runs[1], stacks, extra)
    return Story(report, Evidence(tables[0], tables[1]))


class Element(NamedTuple):
    """A start tag, with the tags that it stands in."""

    tag: str
    attributes: dict[str, str]
    above: tuple[str, ...]


class Page(HTMLParser):
    """A page's elements and text; fails where tags do not close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {k: v or "" for k, v in attrs}, tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text.append(data)

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    @property
    def shown(self) -> str:
        """The text with plain spaces."""
        return " ".join("".join(self.text).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Page]:
    return Page
