"""The HTML page: what it shows, put into the page's language. `report.html.j2` is its form."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from loadtest.analysis.columns import MAIN_QUANTILES
from loadtest.models import ProbeRecord, RunSummary
from loadtest.reporting.conditions import Condition
from loadtest.reporting.evidence import Evidence, confidence, sentences
from loadtest.reporting.html import figures
from loadtest.reporting.html.charts import stretches
from loadtest.reporting.html.plots import Plots, Source
from loadtest.reporting.html.tables import Cell, Column, Head, Key, Line, Row, Sheet, Wide
from loadtest.reporting.published import PublishedArm
from loadtest.reporting.texts import Texts
from loadtest.reporting.two_runs import Report

BADGES = {"kept": "Promise kept", "broken": "Promise broken", "invalid": "Not valid"}
TITLES = {"single": "Single instance", "ha": "High availability"}


class Other(NamedTuple):
    """The same page in another language."""

    file: str
    language: str
    name: str


@functools.cache
def environment() -> jinja2.Environment:
    """Where templates come from; what they print is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("loadtest.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_together,
    )


_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h)(?![A-Za-z]))")


def _together(value: object) -> object:
    """Keeps a number and its unit on one line. Pictures and style sheets are left as they are."""
    if isinstance(value, str) and not value.lstrip().startswith("<"):
        joined = _UNIT.sub("\u00a0", value)
        return Markup(joined) if isinstance(value, Markup) else joined  # noqa: S704
    return value


def render(report: Report, evidence: Evidence, texts: Texts, other: Other | None = None) -> str:
    """The page. Everything it needs is in it; text from results is escaped."""
    page = _Page(report, evidence, texts)
    plots = page.plots()
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            t=texts.say,
            texts=texts,
            report=report,
            other=other,
            written=texts.moment(datetime.fromisoformat(report.generated_at)),
            headline=page.headline(),
            cards=page.cards(),
            side=page.side(),
            figures=plots.over_time() if plots else [],
            distribution=plots.distribution() if plots else None,
            problem="" if plots else texts.told(evidence.problem),
            events=page.events(),
            probe=page.probe(),
            endpoints=page.endpoints(),
            findings=page.findings(),
            instances=page.instances(),
            validity=page.validity(),
            conditions=page.conditions(report.conditions),
            versions=page.conditions(report.versions),
        )
    )


class _Page:
    def __init__(self, report: Report, evidence: Evidence, texts: Texts) -> None:
        self._report = report
        self._evidence = evidence
        self._texts = texts
        self._t = texts.say
        self._runs = (report.single, report.ha)
        self._titles = {kind: texts.told(title) for kind, title in TITLES.items()}
        self._tables = {"single": evidence.single, "ha": evidence.ha}

    def plots(self) -> Plots | None:
        """The charts; None where the single requests are not known."""
        sources = [
            Source(run, table, self._titles[run.topology])
            for run in self._runs
            if (table := self._tables[run.topology]) is not None
        ]
        return Plots(sources, self._texts) if len(sources) == len(self._runs) else None

    # --- the verdict ------------------------------------------------------------------------------

    def headline(self) -> dict[str, object]:
        found, run, t = self._report.headline, self._report.ha, self._t
        slo = run.verdict.slo
        return {
            "outcome": found.outcome,
            "badge": self._texts.told(BADGES[found.outcome]),
            "sentence": self._texts.told(found.sentence),
            "confidence": [self._texts.markup(s) for s in confidence(self._report, self._evidence)],
            "reasons": [
                self._texts.markup(reason)
                for reason in found.reasons
                if reason not in found.sentence
            ],
            "load": t(
                "Each stack met {load}: {users} users, each of whom went through “{scenario}”.",
                load=self._texts.told(run.profile.description),
                users=self._texts.count(run.profile.planned_users),
                scenario=self._texts.told(run.scenario.description),
            ),
            "valid": self._passed(),
            "promise": t("The promise: {slo}.", slo=self._texts.told(slo)) if slo else "",
        }

    def cards(self) -> list[dict[str, object]]:
        published = self._report.published
        pairs = zip(self._runs, (published.single, published.ha), strict=True)
        return [self._card(run, arm) for run, arm in pairs]

    def _card(self, run: RunSummary, told: PublishedArm) -> dict[str, object]:
        t, share = self._t, self._texts.share
        availability, censored = run.requests.availability, run.latency.censored
        p99 = None if told.p99_ms is None else f"{told.p99_ms:g} ms"
        items = [
            (t("requests good"), "–" if availability is None else share(availability), None),
            (t("timed out"), share(run.requests.timeout_share), share(told.timeout_share)),
            (t("p99 of all"), self._texts.ms(censored["p99"] if censored else None), p99),
        ]
        return {
            "topology": run.topology,
            "title": self._titles[run.topology],
            "tone": "bad" if run.users.failed else "fine",
            "failed": share(run.users.failed_share),
            "published": t("published: {value}", value=share(told.failed_user_share)),
            "figures": [
                {
                    "name": name,
                    "value": value,
                    "published": t("published: {value}", value=then) if then else "",
                }
                for name, value, then in items
            ],
            "outcomes": self._outcomes(run),
        }

    def _outcomes(self, run: RunSummary) -> list[Key]:
        keys = list[Key]()
        for part in stretches(run, 100, least=1):
            text = f"{self._texts.told(part.outcome.value)} {self._texts.count(part.requests)}"
            keys.append(
                Key(part.outcome.value, text, start=round(part.start, 2), size=round(part.size, 2))
            )
        return keys

    def side(self) -> Sheet:
        columns = [
            Column(self._t("Figure"), hidden=True),
            *(Column(self._texts.told(name)) for name in ("Single", "HA")),
            *(Column(self._texts.told(n), published=True)
              for n in ("Published single", "Published HA")),
        ]  # fmt: skip
        told = self._texts.markup
        rows = [
            Row(told(r.name), [told(v) for v in cells], told(r.note) if r.note else "")
            for r in self._report.rows
            for cells in ((r.single, r.ha, r.published_single, r.published_ha),)
        ]
        return Sheet(columns, rows)

    # --- tables -----------------------------------------------------------------------------------

    def events(self) -> Wide | None:
        rows = [
            Line(
                f"{number}",
                [
                    Cell(self._titles[run.topology], "text"),
                    Cell(self._texts.seconds(event.at_s)),
                    Cell("–" if event.until_s is None else self._texts.seconds(event.until_s)),
                    Cell(self._texts.told(event.kind), "text"),
                    Cell(event.name, "text"),
                    Cell(event.detail, "text"),
                ],
            )
            for run in self._runs
            for number, event in enumerate(run.events, start=1)
        ]
        names = [("Number", ""), ("Stack", "text"), ("From", ""), ("To", ""), ("Kind", "text"),
                 ("Name", "text"), ("Detail", "text")]  # fmt: skip
        return Wide(self._heads(names), rows) if rows else None

    def probe(self) -> Sheet | None:
        probes = [run.probe for run in self._runs]
        if not any(probes):
            return None
        columns = [Column(self._t("Figure"), hidden=True),
                   *(Column(self._titles[run.topology]) for run in self._runs)]  # fmt: skip
        told = [self._probed(probe) for probe in probes]
        names = ["Path", "Every", "Probes", "Answered well", "Outages", "Longest outage", "When"]
        return Sheet(
            columns,
            [Row(self._texts.told(name), [arm[n] for arm in told]) for n, name in enumerate(names)],
        )

    def _probed(self, probe: ProbeRecord | None) -> list[str]:
        if probe is None:
            return ["–"] * 7
        t = self._texts
        when = [f"{o.start_s:,.1f}–{o.start_s + o.duration_s:,.1f}" for o in probe.outages[:8]]
        more = len(probe.outages) - len(when)
        return [
            probe.path,
            self._t("{n} s", n=f"{probe.interval_s:g}"),
            t.count(probe.sent),
            "–" if probe.availability is None else t.share(probe.availability),
            t.count(len(probe.outages)),
            self._t("{n} s", n=f"{probe.longest_outage_s:,.1f}"),
            self._t("{n} s", n=", ".join(when) + (f" (+ {more})" if more else "")) if when else "–",
        ]

    def endpoints(self) -> Wide:
        t = self._texts
        rows = list[Line]()
        for run in self._runs:
            for one in run.endpoints:
                answered, censored = one.latency.answered or {}, one.latency.censored or {}
                rows.append(
                    Line(
                        t.told(one.name),
                        [
                            Cell(t.told(run.topology), "text"),
                            Cell(t.count(one.requests.total)),
                            self._good(one.requests.good_share),
                            Cell(t.count(one.requests.timeouts)),
                            *(Cell(t.ms(answered.get(name))) for name in MAIN_QUANTILES),
                            Cell(t.ms(censored.get("p99"))),
                        ],
                    )
                )
        names = [("Endpoint", ""), ("Stack", "text"), ("Requests", ""), ("Good", ""),
                 ("Timeouts", ""), ("p50", ""), ("p95", ""), ("p99", ""), ("p99 of all", "")]  # fmt: skip
        return Wide(self._heads(names), rows)

    def findings(self) -> list[tuple[str, list[Markup]]]:
        """Per stack, whether one endpoint holds its users up."""
        return [
            (self._titles[run.topology], [self._texts.markup(s) for s in sentences(requests)])
            for run in self._runs
            if (requests := self._tables[run.topology]) is not None
        ]

    def instances(self) -> Wide:
        t = self._texts
        rows = list[Line]()
        for run in self._runs:
            for one in figures.instances(run, self._tables[run.topology]):
                rows.append(
                    Line(
                        one.instance or self._t("named by no answer"),
                        [
                            Cell(t.told(run.topology), "text"),
                            Cell(", ".join(one.zones) or "–", "text"),
                            Cell(", ".join(one.versions) or "–", "text"),
                            Cell(t.count(one.requests)),
                            self._good(one.good / one.requests if one.requests else 0.0),
                            *(Cell(t.ms(one.latency.get(name))) for name in MAIN_QUANTILES),
                        ],
                    )
                )
        names = [("Instance", ""), ("Stack", "text"), ("Zone", "text"), ("Version", "text"),
                 ("Requests", ""), ("Good", ""), ("p50", ""), ("p95", ""), ("p99", "")]  # fmt: skip
        return Wide(self._heads(names), rows)

    def _good(self, share: float) -> Cell:
        return Cell(self._texts.share(share), "" if share >= 1 else "weak")

    def _heads(self, names: Sequence[tuple[str, str]]) -> list[list[Head]]:
        return [[Head(self._texts.told(name), kind) for name, kind in names]]

    def validity(self) -> dict[str, object]:
        told = self._texts.markup
        return {
            "arms": [
                {
                    "title": self._titles[run.topology],
                    "checks": [
                        {"passed": c.passed, "name": told(c.name), "detail": told(c.detail)}
                        for c in run.validity.checks
                    ],
                }
                for run in self._runs
            ],
        }

    def _passed(self) -> str:
        checks = [check for run in self._runs for check in run.validity.checks]
        passed = sum(check.passed for check in checks)
        return self._t(
            "{passed} of {all} checks of validity passed.", passed=passed, all=len(checks)
        )

    def conditions(self, known: Sequence[Condition]) -> Sheet:
        told = self._texts.markup
        names = ("Single", "HA")
        columns = [
            Column(self._t("Condition"), hidden=True),
            *(Column(self._texts.told(name)) for name in names),
            Column(self._t("Published"), published=True),
        ]
        return Sheet(
            columns,
            [
                Row(told(c.name), [told(c.single), told(c.ha), told(c.published)],
                    told(c.note) if c.note else "")
                for c in known
            ],
        )  # fmt: skip
