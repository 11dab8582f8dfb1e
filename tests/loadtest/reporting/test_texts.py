"""The catalogue: whole, without leftovers, and never losing a figure."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import nodes

from loadtest import reporting
from loadtest.models import Percentile
from loadtest.reporting.texts import CATALOGUES, LANGUAGES, Texts, catalogue

FIELD = re.compile(r"\{(\w+)\}")
OTHERS = [code for code in LANGUAGES if code != "en"]


def said_in_templates() -> set[str]:
    found: set[str] = set()
    for file in CATALOGUES.glob("*.j2"):
        tree = jinja2.Environment(autoescape=True).parse(file.read_text())
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t":
                assert isinstance(call.args[0], nodes.Const), f"{file}: a text that is no literal"
                found.add(call.args[0].value)
    return found


def said_in_code() -> set[str]:
    """First arguments of `texts.say(…)`, `self._t(…)` and `t(…)`."""
    found: set[str] = set()
    for file in Path(reporting.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = (
                call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
            )
            if name in {"say", "_t", "t"}:
                assert isinstance(call.args[0], ast.Constant), f"{file}: a text that is no literal"
                found.add(call.args[0].value)
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing(language: str):
    said = said_in_templates() | said_in_code()
    assert len(said) > 60
    assert said - set(catalogue(language)) == set()


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_empty_or_loses_a_field(language: str):
    for english, translated in catalogue(language).items():
        assert translated.strip()
        assert sorted(FIELD.findall(english)) == sorted(FIELD.findall(translated)), english


def test_the_page_sets_its_own_section_of_the_catalogue_apart():
    """What stands under the page's and the charts' own texts is used by them."""
    lines = (CATALOGUES / "ko.yaml").read_text().splitlines()
    sections = {name: [n for n, line in enumerate(lines) if line.startswith(f"# --- {name}")]
                for name in ("what the page says itself", "outcomes")}  # fmt: skip
    start, end = (found[0] for found in sections.values())
    mine = {line.split('": "')[0][1:] for line in lines[start:end] if line.startswith('"')}
    sources = "".join(p.read_text() for p in Path(reporting.__file__).parent.rglob("*.py"))
    sources += "".join(p.read_text() for p in CATALOGUES.glob("*.j2"))
    joined = re.sub(r'"\s*\n\s*f?"', "", sources)
    parts = {"requests answered well", "requests answered late", "requests failed"}
    assert {text for text in mine - parts if text not in joined} == set()


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("12 of 2,550 users failed", "사용자 2,550명 중 12명 실패"),
        ("p99 is ≥ 10,000 ms, promised are 60 ms", "p99 ≥ 10,000 ms, 약속은 60 ms"),
        ("no failed users, p99 ≤ 60 ms over all requests",
         "실패한 사용자 없음, 전체 요청의 p99 60 ms 이하"),
        ("ha: complete: it was cut short; what is shown is a part",
         "HA: 완결성: 도중에 멈춤. 보이는 것은 일부"),
        ("54.7 % (14,766)", "54.7% (14,766)"),
        ("i-0123456789abcdef0", "i-0123456789abcdef0"),
    ],
)  # fmt: skip
def test_sentences_out_of_results(english: str, korean: str):
    texts = Texts("ko")
    assert texts.told(english) == korean
    assert Texts("en").told(english) == english
    assert texts.missing == set()


def test_what_is_not_known_stays_and_is_noted():
    texts = Texts("ko")
    assert texts.told("what a surprise") == "what a surprise"
    assert (
        str(texts.markup("<b> what a surprise"))
        == '<span lang="en">&lt;b&gt; what a surprise</span>'
    )
    assert texts.missing == {"what a surprise", "<b> what a surprise"}


NUMBERS = st.integers(0, 10**7).map(lambda n: f"{n:,}")


@settings(deadline=None)
@given(st.data())
@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_every_figure(language: str, data: st.DataObject):
    english = data.draw(st.sampled_from([e for e in catalogue(language) if FIELD.search(e)]))
    names = {"percentile": st.sampled_from(["p50", "p99", "p99.9"])}
    filled = FIELD.sub(lambda field: data.draw(names.get(field[1], NUMBERS)), english)
    told = Texts(language).told(filled)

    def figures(text: str) -> list[str]:
        return sorted(re.findall(r"\d[\d,]*(?<!,)", text))

    assert figures(told) == figures(filled)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_told(text: str):
    for language in LANGUAGES:
        assert Texts(language).told(text) is not None
        assert "<script" not in Texts(language).markup(text)


def test_numbers_and_units():
    english, korean = Texts("en"), Texts("ko")
    assert [t.share(0.376) for t in (english, korean)] == ["37.6 %", "37.6%"]
    assert [t.share(0.99999) for t in (english, korean)] == ["> 99.9 %", "> 99.9%"]
    assert [t.seconds(90) for t in (english, korean)] == ["90 s", "90초"]
    assert [t.seconds(150) for t in (english, korean)] == ["2.5 min", "2.5분"]
    assert korean.count(27_000) == "27,000"
    assert korean.ms(None) == "–"
    assert korean.ms(Percentile(value_ms=10_000, at_least=True)) == "≥ 10,000 ms"
