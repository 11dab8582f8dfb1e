"""The page: sound, whole in one file, and with nothing that a result could smuggle in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loadtest.analysis import bottleneck
from loadtest.analysis.inference import Interval
from loadtest.messages.catalogue import LANGUAGES
from loadtest.messages.message import msg
from loadtest.messages.names import free_text
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.reporting import evidence, markdown, report
from loadtest.reporting.evidence import Evidence, confidence
from loadtest.reporting.experiments import ExperimentRow
from loadtest.reporting.html import page as pages
from loadtest.reporting.html.page_links import PageLink
from loadtest.reporting.stack_comparison import rows
from loadtest.reporting.texts import Texts
from loadtest.runs import table

HEADINGS = ("h1", "h2", "h3", "h4")
OTHER = PageLink("report.ko.html", "ko", "한국어")


@pytest.fixture(scope="module", params=LANGUAGES)
def html(request: pytest.FixtureRequest, story: Any) -> str:
    return report.render_html(story.report, story.evidence, request.param, OTHER)


@pytest.fixture
def page(html: str, parse: Callable[[str], Any]) -> Any:
    return parse(html)


def test_it_asks_nothing_of_any_network_and_runs_nothing(html: str, page: Any):
    addresses = [
        value
        for element in page.elements
        for name, value in element.attributes.items()
        if name in {"src", "href", "xlink:href", "action", "srcset", "poster", "data"}
    ]
    allowed = re.compile(r"#[\w-]+|data:,|report\.ko\.html")
    assert [a for a in addresses if not allowed.fullmatch(a)] == []
    assert "//" not in re.sub(r"/\*.*?\*/", "", html)
    assert set(re.findall(r"url\(([^)]*)\)", html)) <= {
        f"#hatch-{kind}" for kind in ("failed", *Outcome)
    }
    assert "@import" not in html
    assert page.all("script") == []
    assert not [e for e in page.elements if any(a.startswith("on") for a in e.attributes)]
    policy = next(e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes)
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy


def test_ids_are_unique_and_what_refers_to_them_finds_them(page: Any):
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    names = ("aria-labelledby", "aria-describedby")
    referred = {n for e in page.elements for a in names for n in e.attributes.get(a, "").split()}
    referred |= {
        e.attributes["href"][1:] for e in page.all("a") if e.attributes["href"].startswith("#")
    }
    assert len(referred) > 20
    assert referred <= set(ids)


def test_patterns_that_are_used_are_there(html: str):
    used = set(re.findall(r"url\(#([^)]*)\)", html))
    assert used <= set(re.findall(r'<pattern id="([^"]*)"', html))


def test_landmarks_headings_and_tables(page: Any):
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "nav", "h1")] == [1] * 5
    assert page.all("nav")[0].attributes["aria-label"]
    assert page.all("a")[0].attributes["href"] == "#figures"
    levels = [int(e.tag[1]) for e in page.elements if e.tag in HEADINGS]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len(page.all("table")) == len(page.all("caption")) >= 10
    assert {e.attributes.get("scope") for e in page.all("th")} == {"col", "colgroup", "row"}
    regions = [e for e in page.elements if e.attributes.get("role") == "region"]
    assert regions
    assert {e.attributes["tabindex"] for e in regions} == {"0"}


def test_every_chart_has_a_name_a_description_and_a_table(page: Any):
    charts = [e for e in page.all("svg") if e.attributes.get("role") == "img"]
    assert len(charts) == 7
    assert {e.attributes["tabindex"] for e in charts} == {"0"}
    described = [e.above[-1] for e in page.all("desc")]
    assert described == ["svg"] * 7
    others = [e for e in page.all("svg") if e not in charts]
    assert {e.attributes["aria-hidden"] for e in others} == {"true"}
    assert len(page.all("figure")) == len(page.all("details")) == len(page.all("figcaption")) == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_of_both_arms_and_the_published_ones(
    language: str, golden: tuple[RunSummary, RunSummary], story: Any, parse: Callable[[str], Any]
):
    single, ha = golden
    published = story.report.model_copy(
        update={"single": single, "ha": ha, "rows": rows(single, ha)}
    )
    shown = parse(report.render_html(published, lang=language)).shown
    space = " " if language == "en" else ""
    for figure in (f"54.7{space}%", f"37.6{space}% (14,766)", "≥ 10,000 ms", "25.8 ms", "27,000"):
        assert figure in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_load_is_not_held_against_the_published_experiment(
    language: str, golden: tuple[RunSummary, RunSummary], story: Any, parse: Callable[[str], Any]
):
    single, ha = (
        run.model_copy(
            update={
                "scenario": run.scenario.model_copy(update={"description": free_text("orders")})
            }
        )
        for run in golden
    )
    own = story.report.model_copy(update={"single": single, "ha": ha, "rows": rows(single, ha)})
    shown, summary = (
        parse(report.render_html(own, lang=language)).shown,
        markdown.render(own, Evidence(), Texts(language)),
    )
    texts = Texts(language)
    assert texts("page.side-by-side.own-load") in shown
    assert texts("page.conditions.own-load") in shown
    for key in ("column.published-single", "page.side-by-side.table", "page.conditions.note"):
        assert texts(key) not in shown
        assert texts(key) not in summary


@pytest.mark.parametrize("evidence", ["requests", "counts"])
def test_the_verdict_has_a_confidence(story: Any, evidence: Any):
    evidence = story.evidence if evidence == "requests" else Evidence()
    first, p99, second = map(str, confidence(story.report, evidence))
    assert p99 == "HA: p99 of all requests 11.0 ms (95 % confidence, in this window)."
    assert first == (
        "HA: 0 of 5,100 requests failed: at least 99.94 % good with 95 % confidence, in this window."
    )
    assert re.fullmatch(
        r"\d+\.\d percentage points fewer users failed than on the single instance "
        r"\(95 % interval: \d+\.\d to \d+\.\d\)\.",
        second,
    )
    low, high = map(float, re.findall(r"[\d.]+(?= to|\))", second))
    assert low < (story.report.single.users.failed_share * 100) < high


def test_an_invalid_run_is_not_shown_with_confidence(story: Any):
    headline = story.report.headline.model_copy(update={"outcome": "invalid"})
    assert confidence(story.report.model_copy(update={"headline": headline}), Evidence()) == []


def test_a_difference_in_few_bursts_is_told_as_one_of_these_runs(
    story: Any, monkeypatch: pytest.MonkeyPatch
):
    # "31 % failed, and these runs do not show whether more failed than 0 %" read as a contradiction.
    monkeypatch.setattr(evidence, "_difference", lambda *_: Interval(-0.63, 0.02, 0.95))
    said = confidence(story.report, story.evidence)[-1]
    assert said.id == "confidence.fewer-in-bursts"
    assert said.text.endswith("may differ (95 % interval: 63.0 fewer to 2.0 more).")


def test_two_equal_runs_are_undecided(story: Any):
    same = story.report.model_copy(update={"single": story.report.ha})
    assert confidence(same, Evidence())[-1].id == "confidence.undecided"


def test_what_happened_meanwhile_and_what_the_probe_met(page: Any, html: str):
    assert "stop an instance" in page.shown
    assert html.count('class="event"') == 3
    assert "/health" in page.shown
    assert "12.5–15.7" in page.shown or "12.5~15.7" in page.shown


@pytest.mark.parametrize(
    ("language", "other", "proof"),
    [
        ("en", OTHER, "proof.html"),
        ("ko", PageLink("report.html", "en", "English"), "proof.ko.html"),
        ("ko", PageLink("report.en.html", "en", "English"), "proof.html"),
    ],
)
def test_experiments_after_the_loads_are_listed_with_the_proof_in_the_same_language(
    language: str, other: PageLink, proof: str, story: Any, parse: Callable[[str], Any]
):
    row = ExperimentRow(
        experiment="instance-dies", title="An instance <dies>", outcome="survived", because=["a"],
        cells=[msg("survival.survived"), msg("value.none"), msg("value.seconds", seconds=31),
               msg("proof-page.bad-of", bad=1, requests=20)],
    )  # fmt: skip
    shown = story.report.model_copy(update={"experiments": [row]})
    page = parse(report.render_html(shown, story.evidence, language, other))
    assert "An instance <dies>" in page.shown
    links = {element.attributes.get("href") for element in page.all("a")}
    assert {proof, "#experiments"} <= links
    without = parse(report.render_html(story.report, story.evidence, language, other))
    assert not {e.attributes.get("href", "") for e in without.all("a")} & {proof, "#experiments"}


def test_without_requests_there_are_figures_but_no_charts(story: Any, parse: Callable[[str], Any]):
    page = parse(report.render_html(story.report, Evidence(problem=free_text("cannot read it"))))
    assert "The charts are left out: cannot read it." in page.shown
    assert page.all("figure") == []
    assert "i-03" in page.shown


def test_markup_in_a_result_is_escaped(story: Any, parse: Callable[[str], Any]):
    evil = '<script>alert("1")</script>'
    ha = story.report.ha
    phase = ha.profile.phases[0].model_copy(update={"name": evil})
    event = story.report.single.events[0].model_copy(update={"name": evil, "detail": evil})
    changed = story.report.model_copy(
        update={
            "headline": story.report.headline.model_copy(
                update={"sentence": free_text(evil), "reasons": [free_text(evil)]}
            ),
            "ha": ha.model_copy(
                update={
                    "profile": ha.profile.model_copy(update={"phases": [phase]}),
                    "events": [event],
                    "endpoints": [ha.endpoints[0].model_copy(update={"name": evil})],
                }
            ),
        }
    )
    requests = story.evidence.ha
    labelled = table.Category(requests.instance.codes, (evil, *requests.instance.labels[1:]))
    spoiled = Evidence(story.evidence.single, _with(requests, instance=labelled, version=labelled))
    for language in LANGUAGES:
        page = parse(report.render_html(changed, spoiled, language))
        assert page.all("script") == []
        assert page.shown.count(evil) >= 6


def _with(requests: table.RequestTable, **columns: Any) -> table.RequestTable:
    return table.RequestTable(**{**vars(requests), **columns})


def test_a_day_of_load_on_many_instances_stays_small(story: Any):
    requests = story.evidence.single
    stretched = _with(
        requests,
        start_ms=requests.start_ms + np.linspace(0, 86_400_000, len(requests)),
        instance=table.Category(
            (np.arange(len(requests)) % 100).astype(np.int32),
            tuple(f"i-{n:017}" for n in range(100)),
        ),
    )
    html = report.render_html(story.report, Evidence(stretched, stretched))
    assert 60_000 < len(html.encode()) < 500_000


ENGLISH = re.compile(r"(?<!\S)[A-Za-z]{2,}[,;:.]?\s(?:.*\s)?[A-Za-z]{2,}[,;:.]?(?!\S)")
"""At least two plain words: a sentence, not a name, a number or an identifier."""
HANGUL = re.compile(r"[\uac00-\ud7a3]")


def test_all_of_a_report_is_translated(story: Any, parse: Callable[[str], Any]):
    page = parse(pages.render(story.report, story.evidence, Texts("ko"), OTHER))
    names = {event.name for run in (story.report.single, story.report.ha) for event in run.events}
    texts = {text.strip() for text in page.text} - names
    assert len(texts) > 200
    assert [text for text in texts if ENGLISH.search(text) and not HANGUL.search(text)] == []
    # Nor is there an English clause inside of a Korean sentence.
    clause = re.compile(r"(?:\b[a-z]{2,} ){2,}[a-z]{2,}\b")
    assert [text for text in texts if clause.search(text)] == []


def test_what_has_no_translation_is_marked_as_english(story: Any, parse: Callable[[str], Any]):
    headline = story.report.headline.model_copy(
        update={"reasons": [free_text("a wholly new reason")]}
    )
    changed = story.report.model_copy(update={"headline": headline})
    html = report.render_html(changed, story.evidence, "ko")
    assert '<li><span lang="en">a wholly new reason</span></li>' in html
    assert parse(html).all("html")[0].attributes["lang"] == "ko"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bottleneck_is_shown_for_both_stacks(
    language: str, story: Any, parse: Callable[[str], Any]
):
    shown = parse(report.render_html(story.report, story.evidence, language)).shown
    for requests in story.evidence[:2]:
        for message in bottleneck.find(requests).messages:
            assert Texts(language).render(message) in shown.replace("\u00a0", " ")
