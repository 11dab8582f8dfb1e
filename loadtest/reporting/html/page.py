"""The HTML page: its content, in the page's language. `report.html.j2` is its form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from loadtest.analysis import bottleneck
from loadtest.analysis.columns import MAIN_QUANTILES
from loadtest.messages.message import msg
from loadtest.models import ProbeRecord, RunSummary
from loadtest.reporting import experiments
from loadtest.reporting.conditions import Condition
from loadtest.reporting.evidence import Evidence, confidence
from loadtest.reporting.html import figures
from loadtest.reporting.html.charts import bar_segments
from loadtest.reporting.html.page_links import PageLink
from loadtest.reporting.html.plots import Plots, Source
from loadtest.reporting.html.tables import (
    DataCell,
    DataRow,
    DataTable,
    HeaderCell,
    LegendEntry,
    TextColumn,
    TextRow,
    TextTable,
)
from loadtest.reporting.published import PublishedFigures
from loadtest.reporting.stack_comparison import Report
from loadtest.reporting.templating import environment
from loadtest.reporting.texts import Texts

OUTAGES_SHOWN = 8
FIRST = "report.html"
"""The page in the language that was asked for; others have theirs in their names."""


def render(report: Report, evidence: Evidence, texts: Texts, other: PageLink | None = None) -> str:
    """Return the page. Everything it needs is in it; text from results is escaped."""
    page = _Page(report, evidence, texts)
    plots = page.plots()
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            t=texts,
            report=report,
            other=other,
            written=texts.moment(datetime.fromisoformat(report.generated_at)),
            headline=page.headline(),
            cards=page.cards(),
            side=page.side_by_side(),
            uneven_host=texts.markup(report.uneven_host) if report.uneven_host else None,
            prices=[texts.markup(one) for one in report.price_messages],
            figures=plots.over_time() if plots else [],
            distribution=plots.distribution() if plots else None,
            problem=None
            if plots
            else texts.markup(msg("page.no-charts", problem=evidence.problem)),
            events=page.events(),
            experiments=experiments.table(report.experiments, texts),
            proof=_proof(texts.language, other),
            probe=page.probe(),
            endpoints=page.endpoints(),
            findings=page.findings(),
            instances=page.instances(),
            validity=page.validity(),
            conditions=page.conditions(report.conditions),
            versions=page.conditions(report.versions),
        )
    )


def _proof(language: str, other: PageLink | None) -> str:
    """Return the proof's page in the page's own language; the first one's has no language in its name."""
    first = other is None or other.file != FIRST
    return "proof.html" if first else f"proof.{language}.html"


class _Page:
    def __init__(self, report: Report, evidence: Evidence, texts: Texts) -> None:
        self._report = report
        self._evidence = evidence
        self._texts = texts
        self._runs = (report.single, report.ha)
        self._titles = {run.topology: texts(f"stack.{run.topology}.title") for run in self._runs}
        self._tables = {"single": evidence.single, "ha": evidence.ha}

    def plots(self) -> Plots | None:
        """Return the charts; None where the single requests are not known."""
        sources = [
            Source(run, table, self._titles[run.topology])
            for run in self._runs
            if (table := self._tables[run.topology]) is not None
        ]
        return Plots(sources, self._texts) if len(sources) == len(self._runs) else None

    # --- the verdict ------------------------------------------------------------------------------

    def headline(self) -> dict[str, object]:
        found, run, t = self._report.headline, self._report.ha, self._texts
        promise = run.verdict.promise
        return {
            "outcome": found.outcome,
            "badge": t(f"verdict.{found.outcome}"),
            "sentence": t.render(found.sentence),
            "confidence": [t.markup(one) for one in confidence(self._report, self._evidence)],
            "reasons": [t.markup(reason) for reason in found.further_reasons],
            "load": t(
                "page.load",
                load=run.profile.description,
                users=run.profile.planned_users,
                scenario=run.scenario.description,
            ),
            "valid": self._checks_passed(),
            "promise": t("page.promise", promise=promise) if promise else "",
        }

    def cards(self) -> list[dict[str, object]]:
        report = self._report
        published = (report.published.single, report.published.ha)
        pairs = zip(self._runs, published if report.beside_published else (None, None), strict=True)
        return [self._card(run, figures) for run, figures in pairs]

    def _card(self, run: RunSummary, published: PublishedFigures | None) -> dict[str, object]:
        t, share = self._texts, self._texts.share
        availability, censored = run.requests.availability, run.latency.censored
        good = t("value.none") if availability is None else share(availability)
        p99 = published and published.p99_ms
        timeouts = share(published.timeout_share) if published else None
        items = [
            (t("card.good"), good, None),
            (t("card.timeouts"), share(run.requests.timeout_share), timeouts),
            (
                t("card.p99-all"),
                t.ms(censored["p99"] if censored else None),
                f"{p99:g} ms" if p99 else None,
            ),
        ]
        return {
            "topology": run.topology,
            "title": self._titles[run.topology],
            "tone": "bad" if run.users.failed else "fine",
            "failed": share(run.users.failed_share),
            "published": t("card.published", value=share(published.failed_user_share))
            if published
            else "",
            "figures": [
                {
                    "name": name,
                    "value": value,
                    "published": t("card.published", value=then) if then else "",
                }
                for name, value, then in items
            ],
            "outcomes": self._outcomes(run),
        }

    def _outcomes(self, run: RunSummary) -> list[LegendEntry]:
        t = self._texts
        return [
            LegendEntry(
                part.outcome.value,
                f"{t.label('outcome', part.outcome.value)} {t.count(part.requests)}",
                start=round(part.start, 2),
                size=round(part.size, 2),
            )
            for part in bar_segments(run, 100, least=1)
        ]

    def side_by_side(self) -> TextTable:
        t = self._texts
        columns = [
            TextColumn(t("column.figure"), hidden=True),
            TextColumn(t("column.single")),
            TextColumn(t("column.ha")),
            TextColumn(t("column.published-single"), published=True),
            TextColumn(t("column.published-ha"), published=True),
        ]
        if not self._report.beside_published:
            del columns[3:]
        rows = [
            TextRow(
                t.markup(row.name),
                [t.markup(cell) for cell in self._report.cells(row)],
                t.markup(row.note) if row.note else "",
            )
            for row in self._report.rows
        ]
        return TextTable(columns, rows)

    # --- tables -----------------------------------------------------------------------------------

    def events(self) -> DataTable | None:
        t = self._texts
        rows = [
            DataRow(
                f"{number}",
                [
                    DataCell(self._titles[run.topology], "text"),
                    DataCell(t.seconds(event.at_s)),
                    DataCell(
                        t("value.none") if event.until_s is None else t.seconds(event.until_s)
                    ),
                    DataCell(t.label("event", event.kind), "text"),
                    DataCell(event.name, "text"),
                    DataCell(event.detail, "text"),
                ],
            )
            for run in self._runs
            for number, event in enumerate(run.events, start=1)
        ]
        headers = _headers(
            (t("column.number"), ""),
            (t("column.stack"), "text"),
            (t("column.from"), ""),
            (t("column.to"), ""),
            (t("column.kind"), "text"),
            (t("column.name"), "text"),
            (t("column.detail"), "text"),
        )
        return DataTable(headers, rows) if rows else None

    def probe(self) -> TextTable | None:
        probes, t = [run.probe for run in self._runs], self._texts
        if not any(probes):
            return None
        columns = [
            TextColumn(t("column.figure"), hidden=True),
            *(TextColumn(self._titles[run.topology]) for run in self._runs),
        ]
        values = [self._probe_figures(probe) for probe in probes]
        names = (
            t("probe.path"),
            t("probe.interval"),
            t("probe.sent"),
            t("probe.good"),
            t("probe.outages"),
            t("probe.longest"),
            t("probe.when"),
        )
        rows = [TextRow(name, [value[n] for value in values]) for n, name in enumerate(names)]
        return TextTable(columns, rows)

    def _probe_figures(self, probe: ProbeRecord | None) -> list[str]:
        t = self._texts
        if probe is None:
            return [t("value.none")] * 7
        good = probe.availability
        return [
            probe.path,
            t("value.seconds", seconds=probe.interval_s),
            t.count(probe.sent),
            t("value.none") if good is None else t.share(good),
            t.count(len(probe.outages)),
            t("value.seconds-precise", seconds=probe.longest_outage_s),
            self._outages(probe),
        ]

    def _outages(self, probe: ProbeRecord) -> str:
        t = self._texts
        shown = tuple(
            msg("value.stretch", start=one.start_s, end=one.start_s + one.duration_s)
            for one in probe.outages[:OUTAGES_SHOWN]
        )
        if not shown:
            return t("value.none")
        if more := len(probe.outages) - len(shown):
            return t("value.stretches-and-more", stretches=shown, more=more)
        return t("value.stretches", stretches=shown)

    def endpoints(self) -> DataTable:
        t = self._texts
        rows = list[DataRow]()
        for run in self._runs:
            for one in run.endpoints:
                answered, censored = one.latency.answered or {}, one.latency.censored or {}
                rows.append(
                    DataRow(
                        t.label("endpoint", one.name),
                        [
                            DataCell(t(f"stack.{run.topology}"), "text"),
                            DataCell(t.count(one.requests.total)),
                            self._good(one.requests.good_share),
                            DataCell(t.count(one.requests.timeouts)),
                            *(DataCell(t.ms(answered.get(name))) for name in MAIN_QUANTILES),
                            DataCell(t.ms(censored.get("p99"))),
                        ],
                    )
                )
        headers = _headers(
            (t("column.endpoint"), ""),
            (t("column.stack"), "text"),
            (t("column.requests"), ""),
            (t("column.good"), ""),
            (t("column.timeouts"), ""),
            *((name, "") for name in MAIN_QUANTILES),
            (t("column.p99-all"), ""),
        )
        return DataTable(headers, rows)

    def findings(self) -> list[tuple[str, list[Markup]]]:
        """Return, per stack, whether one endpoint is its bottleneck."""
        return [
            (
                self._titles[run.topology],
                [self._texts.markup(one) for one in bottleneck.find(requests).messages],
            )
            for run in self._runs
            if (requests := self._tables[run.topology]) is not None
        ]

    def instances(self) -> DataTable:
        t = self._texts
        rows = list[DataRow]()
        for run in self._runs:
            for one in figures.instances(run, self._tables[run.topology]):
                rows.append(
                    DataRow(
                        one.instance or t("page.instances.unnamed"),
                        [
                            DataCell(t(f"stack.{run.topology}"), "text"),
                            DataCell(", ".join(one.zones) or t("value.none"), "text"),
                            DataCell(", ".join(one.versions) or t("value.none"), "text"),
                            DataCell(t.count(one.requests)),
                            self._good(one.good / one.requests if one.requests else 0.0),
                            *(DataCell(t.ms(one.latency.get(name))) for name in MAIN_QUANTILES),
                        ],
                    )
                )
        headers = _headers(
            (t("column.instance"), ""),
            (t("column.stack"), "text"),
            (t("column.zone"), "text"),
            (t("column.version"), "text"),
            (t("column.requests"), ""),
            (t("column.good"), ""),
            *((name, "") for name in MAIN_QUANTILES),
        )
        return DataTable(headers, rows)

    def _good(self, share: float) -> DataCell:
        return DataCell(self._texts.share(share), "" if share >= 1 else "weak")

    def validity(self) -> list[dict[str, object]]:
        markup = self._texts.markup
        return [
            {
                "title": self._titles[run.topology],
                "checks": [
                    {
                        "passed": check.passed,
                        "name": markup(check.name),
                        "detail": markup(check.detail),
                    }
                    for check in run.validity.checks
                ],
            }
            for run in self._runs
        ]

    def _checks_passed(self) -> str:
        checks = [check for run in self._runs for check in run.validity.checks]
        passed = sum(check.passed for check in checks)
        return self._texts("page.checks-passed", passed=passed, all=len(checks))

    def conditions(self, known: Sequence[Condition]) -> TextTable:
        t, markup = self._texts, self._texts.markup
        columns = [
            TextColumn(t("column.condition"), hidden=True),
            TextColumn(t("column.single")),
            TextColumn(t("column.ha")),
            TextColumn(t("column.published"), published=True),
        ]
        if not self._report.beside_published:
            del columns[3:]
        rows = [
            TextRow(
                markup(one.name),
                [markup(one.single), markup(one.ha), markup(one.published)][: len(columns) - 1],
                markup(one.note) if one.note else "",
            )
            for one in known
        ]
        return TextTable(columns, rows)


def _headers(*names: tuple[str, str]) -> list[list[HeaderCell]]:
    return [[HeaderCell(name, kind) for name, kind in names]]
