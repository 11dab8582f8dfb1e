"""What a report leaves for programs: JSON with its schema, JUnit, Markdown, the card."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.analysis import verdict
from loadtest.analysis.slo import Figures, Slo
from loadtest.cli import main
from loadtest.errors import ResultsError
from loadtest.messages.catalogue import LANGUAGES
from loadtest.messages.names import free_text
from loadtest.models import RunSummary
from loadtest.reporting import card, junit, markdown, report, schema
from loadtest.reporting.evidence import Evidence
from loadtest.reporting.stack_comparison import Report
from loadtest.reporting.texts import Texts
from loadtest.runs import paths
from loadtest.stack.outputs import StackOutputs

PUBLISHED_SCHEMA = Path(__file__).parents[3] / "docs" / "report.schema.json"
FILES = {
    "report.html",
    "report.ko.html",
    "report.json",
    "report.junit.xml",
    "report.md",
    "report.svg",
}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def kept(
    tmp_path: Path,
    story: Any,
    single_outputs: StackOutputs,
    make_outputs: Callable[..., StackOutputs],
) -> tuple[Path, Path]:
    """Both runs as they lie on disk, without their single requests."""
    for run, stack in ((story.report.single, single_outputs), (story.report.ha, make_outputs())):
        (tmp_path / run.topology).mkdir()
        paths.save_summary(tmp_path / run.topology, run)
        (tmp_path / run.topology / paths.OUTPUTS).write_text(stack.to_json())
    return tmp_path / "single", tmp_path / "ha"


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_files_lie_beside_the_page(
    language: str, kept: tuple[Path, Path], tmp_path: Path, parse: Callable[[str], Any]
):
    written = report.write_report(*kept, tmp_path / "out", lang=language)
    other = "ko" if language == "en" else "en"
    pages = {"report.html": language, f"report.{other}.html": other}
    assert {f.name for f in (tmp_path / "out").iterdir()} == FILES - {"report.ko.html"} | set(pages)
    links: dict[str, str] = {}
    for name, code in pages.items():
        page = parse((tmp_path / "out" / name).read_text())
        assert page.all("html")[0].attributes["lang"] == code
        link = next(a.attributes for a in page.all("a") if "hreflang" in a.attributes)
        links[name] = link["href"]
        assert pages[link["href"]] == link["hreflang"] != code
    assert set(links.values()) == set(pages)
    missing = "The charts are left out: " if language == "en" else "차트를 생략했습니다: "
    assert missing in parse(written.html.read_text()).shown


def test_no_file_holds_credentials(kept: tuple[Path, Path], tmp_path: Path):
    secret = "correct-horse-battery-staple"
    for directory in kept:
        (directory / paths.CREDENTIALS).write_text(f"user,password\nu1,{secret}\n")
    report.write_report(*kept, tmp_path / "out")
    texts = [file.read_text() for file in (tmp_path / "out").iterdir()]
    assert len(texts) == len(FILES)
    assert not [text for text in texts if secret in text or "password" in text.lower()]


def test_the_schema_is_the_published_one_and_reports_follow_it(story: Any):
    published = PUBLISHED_SCHEMA.read_text()
    hint = "run `python -m docgen --write`"
    assert published == schema.render(), hint
    validator = jsonschema.Draft202012Validator(json.loads(published))
    validator.check_schema(json.loads(published))
    raw = json.loads(story.report.model_dump_json())
    validator.validate(raw)
    raw["single"]["users"]["created"] = "many"
    assert not validator.is_valid(raw)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]):
    assert main.main(["report", "--schema"]) == 0
    assert capsys.readouterr().out == schema.render()


def test_help_names_every_file(capsys: pytest.CaptureFixture[str]):
    main.main(["report", "--help"])
    shown = capsys.readouterr().out
    assert [name for name in FILES if name not in shown] == []


def test_an_unknown_language_is_rejected(
    kept: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
):
    single, ha = map(str, kept)
    assert main.main(["report", "--single", single, "--ha", ha, "--lang", "tlh"]) == 4
    shown = " ".join(capsys.readouterr().err.split())
    assert "no report in 'tlh'; choose one of en (English), ko (한국어)" in shown


# --- JUnit ----------------------------------------------------------------------------------------


def cases(document: str) -> dict[str, list[ET.Element]]:
    root = ET.fromstring(document)
    for element in (root, *root):
        below = [element] if element.tag == "testsuite" else list(element)
        found = [case for suite in below for case in suite]
        assert int(element.get("tests", -1)) == len(found)
        assert int(element.get("failures", -1)) == sum(c.find("failure") is not None for c in found)
        assert int(element.get("skipped", -1)) == sum(c.find("skipped") is not None for c in found)
    return {suite.get("name", ""): list(suite) for suite in root}


def junit_of(found: Report) -> dict[str, list[ET.Element]]:
    return cases(junit.render(found, Evidence(), Texts("en")))


def judged(run: RunSummary, promise: Slo | None = None) -> RunSummary:
    """The run with the verdict on its figures."""
    decided = verdict.decide(run.topology, Figures.of(run), run.validity, slo=promise)
    return run.model_copy(update={"verdict": decided})


def broken(found: Report, **update: Any) -> Report:
    return found.model_copy(update={"ha": found.ha.model_copy(update=update)})


def test_a_test_case_for_each_objective_and_check(story: Any):
    found = junit_of(story.report)
    names = {suite: [case.get("name") for case in inside] for suite, inside in found.items()}
    assert names["ha.slo"] == ["failed users", "timeouts", "5xx", "p99"]
    assert names["single.slo"] == ["promise"]
    assert found["single.slo"][0].find("skipped") is not None
    for run in (story.report.single, story.report.ha):
        checks = [str(check.name) for check in run.validity.checks]
        assert names[f"{run.topology}.validity"] == checks
    assert not [c for inside in found.values() for c in inside if c.find("failure") is not None]


def test_what_is_broken_fails(story: Any):
    ha: RunSummary = story.report.ha
    users = ha.users.model_copy(update={"failed": 3})
    changed = judged(ha.model_copy(update={"users": users}))
    found = junit_of(story.report.model_copy(update={"ha": changed}))["ha.slo"]
    failures = {case.get("name"): case.find("failure") for case in found}
    assert failures["failed users"].get("message") == "3 of 2,550 users failed"
    assert failures["timeouts"] is None


def test_a_run_that_is_not_valid_fails_by_its_checks(story: Any):
    check = story.report.ha.validity.checks[0].model_copy(
        update={"passed": False, "detail": free_text("because \x00 <of> &")}
    )
    validity = story.report.ha.validity.model_copy(update={"checks": [check]})
    found = junit_of(broken(story.report, validity=validity))
    assert found["ha.slo"][0].find("skipped") is not None
    assert found["ha.validity"][0].find("failure").get("message") == "because � <of> &"


def test_other_objectives_than_the_projects_are_shown_too(story: Any):
    changed = judged(story.report.ha, Slo(latency_ms={"p99": 5}, server_errors=1))
    first, second = junit_of(story.report.model_copy(update={"ha": changed}))["ha.slo"]
    assert (first.get("name"), second.get("name")) == ("5xx", "p99")
    assert first.find("failure") is None
    assert second.find("failure").get("message") == "p99 is 11.0 ms; promised: at most 5 ms"


# --- Markdown -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_is_a_table_of_all_figures(language: str, story: Any):
    text = markdown.render(story.report, story.evidence, Texts(language))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == len(story.report.rows) + 2
    assert {line.count("|") for line in lines} == {6}
    assert ("Promise kept" if language == "en" else "약속 지킴") in text


def test_the_summary_is_added_to_the_jobs(
    story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    monkeypatch.setenv(markdown.VARIABLE, str(file))
    markdown.publish(markdown.render(story.report, story.evidence, Texts("en")))
    assert file.read_text().startswith("before\n## ✅ Promise kept\n")
    monkeypatch.setenv(markdown.VARIABLE, str(tmp_path))
    with pytest.raises(ResultsError, match="unset GITHUB_STEP_SUMMARY"):
        markdown.publish("x")


@pytest.mark.parametrize("evil", ["a|b", "<script>", "`x`", "*x*", "[x](y)", "# x\n# y"])
def test_markdown_shows_what_a_result_says(evil: str, story: Any):
    headline = story.report.headline.model_copy(update={"reasons": [free_text(evil)]})
    row = story.report.rows[0].model_copy(update={"single": free_text(evil)})
    changed = story.report.model_copy(update={"headline": headline, "rows": [row]})
    text = markdown.render(changed, story.evidence, Texts("en"))
    shown = text.replace("<sub>", "").replace("</sub>", "")
    assert "\n#" not in shown[3:]
    for sign in "<`*[|":
        bare = [n for n, c in enumerate(shown) if c == sign and shown[n - 1] != "\\"]
        # What is left are the borders of the table and the bold headline.
        assert len(bare) == {"|": 18, "*": 4}.get(sign, 0)


# --- the card -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_is_one_svg_with_both_figures(language: str, story: Any):
    text = card.render(story.report, story.evidence, Texts(language))
    root = ET.fromstring(text)
    assert root.get("viewBox") == "0 0 1200 630"
    assert text.count("//") == 1  # the namespace
    assert "href" not in text
    shown = [element.text for element in root.iter(f"{SVG}text")]
    for share in (story.report.single.users.failed_share, 0):
        assert Texts(language).share(share).replace(" ", "\N{NO-BREAK SPACE}") in shown
    sentence = Texts(language).render(story.report.headline.sentence)
    assert sentence in " ".join(filter(None, shown)).replace("\N{NO-BREAK SPACE}", " ")
    assert root.find(f"{SVG}title").text.replace("\N{NO-BREAK SPACE}", " ") == sentence


def test_bars_fill_their_width(story: Any):
    for run in (story.report.single, story.report.ha):
        parts = [{k: float(v) for k, v in p.items() if k != "kind"} for p in card._parts(run)]
        ends = [part["x"] + part["width"] for part in parts]
        starts = [part["x"] for part in parts[1:]]
        assert all(end < start for end, start in zip(ends, starts, strict=False))
        assert ends[-1] == pytest.approx(card.BAR, abs=2.1)


@given(st.text(alphabet=" abMW가나.", max_size=300))
def test_a_wrapped_text_keeps_its_words(text: str):
    lines = card.wrapped(text, 40, 600)
    assert " ".join(lines).split() == text.split()
    for line in lines:
        assert card._width(line, 40) <= 600 or " " not in line


def test_a_very_long_sentence_is_cut(story: Any):
    headline = story.report.headline.model_copy(update={"sentence": free_text("word " * 200)})
    changed = story.report.model_copy(update={"headline": headline})
    text = card.render(changed, story.evidence, Texts("en"))
    lines = [e.text or "" for e in ET.fromstring(text).iter(f"{SVG}text")
             if e.get("class") == "sentence"]  # fmt: skip
    assert len(lines) == card.LINES
    assert lines[-1].endswith("…")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_with_control_characters_leaves_the_card_and_the_page_whole(
    language: str, story: Any
):
    profile = story.report.ha.profile.model_copy(
        update={"description": free_text("bell \x07 and \x1b[31m red")}
    )
    changed = story.report.model_copy(
        update={"ha": story.report.ha.model_copy(update={"profile": profile})}
    )
    picture = card.render(changed, story.evidence, Texts(language))
    page = report.render_html(changed, story.evidence, language)
    assert "bell � and �[31m red" in "".join(ET.fromstring(picture).itertext())
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", page)
