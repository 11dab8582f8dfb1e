"""A message: complete, readable in JSON, and with every figure in every language."""

from __future__ import annotations

import json
import re
from string import Formatter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from loadtest.messages.catalogue import LANGUAGES, catalogue
from loadtest.messages.message import Message, msg, render, render_html
from loadtest.messages.names import free_text, named
from loadtest.models import Percentile

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize(
    ("message", "english", "korean"),
    [
        (msg("missed.failed-users", failed=12, users=2550), "12 of 2,550 users failed",
         "사용자 2,550명 중 12명 실패"),
        (msg("missed.percentile", percentile="p99", limit=60.0,
             value=Percentile(value_ms=10_000, at_least=True).message),
         "p99 is ≥ 10,000 ms; promised: at most 60 ms", "p99 ≥ 10,000 ms, 약속은 60 ms 이하"),
        (msg("promise.all", objectives=(
            msg("promise.no-failed-users"),
            msg("promise.percentile", percentile="p99", limit=60))),
         "no failed users, p99 ≤ 60 ms over all requests",
         "실패한 사용자 없음, 전체 요청의 p99 60 ms 이하"),
        (msg("check.failed-of", stack=msg("stack.ha"), check=msg("check.complete"),
             detail=msg("check.complete.no", reason=msg("cut.interrupted"))),
         "HA: complete: it was interrupted; the figures cover only part of the run",
         "HA: 완결성: 사용자가 중단함. 보이는 것은 일부"),
        (msg("value.share-and-count", share=0.547, n=14_766), "54.7 % (14,766)", "54.7% (14,766)"),
        (msg("value.name", name="i-0123456789abcdef0"), "i-0123456789abcdef0",
         "i-0123456789abcdef0"),
    ],
)  # fmt: skip
def test_messages_out_of_results(message: Message, english: str, korean: str):
    assert render(message) == str(message) == message.text == english
    assert render(message, "ko") == korean


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 requests timed out"), (1, "1 request timed out"), (2_000, "2,000 requests timed out")],
)
def test_one_is_singular(count: int, text: str):
    assert str(msg("missed.timeouts", n=count)) == text


def test_json_has_the_english_text_which_nothing_reads():
    message = msg("verdict.sentence.broken", reason=msg("missed.timeouts", n=1), share=0.376)
    raw = json.loads(message.model_dump_json())
    assert raw["text"].startswith("The HA stack broke its promise: 1 request timed out.")
    assert raw["params"]["reason"]["text"] == "1 request timed out"
    raw["text"] = raw["params"]["reason"]["text"] = "whatever else"
    assert Message.model_validate(raw) == message
    assert Message.model_validate_json(json.dumps(raw)).text == message.text


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"id": "no.such-message"}, "there is no message 'no.such-message'"),
        ({"id": "missed.timeouts"}, r"needs the parameters \['n'\], not \[\]"),
        ({"id": "value.none", "params": {"x": 1}}, r"needs the parameters \[\], not \['x'\]"),
        ({"id": "value.none", "extra": 1}, "Extra inputs"),
        ({"id": "missed.timeouts", "params": {"n": float("nan")}}, "finite number"),
        ({"id": "load.phases", "params": {"phases": 7}}, "parameter of a wrong type"),
    ],
)
def test_a_message_is_in_the_catalogue_and_complete(raw: dict[str, Any], complaint: str):
    with pytest.raises(ValidationError, match=complaint):
        Message.model_validate(raw)


def test_names_that_are_not_known_stay_as_they_are():
    assert render(named("endpoint", "login"), "ko") == "로그인"
    assert render(named("endpoint", "pay by {card}"), "ko") == "pay by {card}"


def test_free_text_stays_and_is_marked_as_english():
    message = msg("cut.journal-damaged", error=free_text("<b> what a surprise"))
    assert render(message, "ko") == "기록된 요청이 손상됨: <b> what a surprise"
    marked = '기록된 요청이 손상됨: <span lang="en">&lt;b&gt; what a surprise</span>'
    assert render_html(message, "ko") == marked
    assert render_html(message, "en") == (
        "the recorded requests are damaged: &lt;b&gt; what a surprise"
    )


def specs(name: str) -> dict[str, str]:
    """How the English text shows each of its parameters."""
    entry = catalogue("en")[name]
    return {p: spec or "" for _, p, spec, _ in Formatter().parse(entry.other) if p}


NUMBERS = st.integers(3, 10**7)
"""From where on no language has a word instead, such as "both"."""


@settings(deadline=None, max_examples=200)
@given(st.data())
@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_every_figure(language: str, data: st.DataObject):
    name = data.draw(st.sampled_from([n for n in catalogue("en") if specs(n)]))
    params: dict[str, Any] = {}
    for parameter, spec in specs(name).items():
        if spec.startswith((",", "; ")) and not spec.endswith(("f", "g")):
            params[parameter] = tuple(
                msg("value.count", n=n) for n in data.draw(st.lists(NUMBERS, max_size=3))
            )
        else:
            params[parameter] = data.draw(NUMBERS) / 1000 if spec else data.draw(NUMBERS)
    message = msg(name, **params)

    def figures(text: str) -> list[str]:
        return sorted(re.findall(r"\d[\d,]*(?<!,)(?:\.\d+)?", text))

    assert figures(render(message, language)) == figures(render(message))


def test_a_language_may_have_a_form_for_two():
    assert [str(msg("proof-page.survived", n=n)) for n in (1, 2, 3)] == [
        "The HA stack survived the experiment.",
        "The HA stack survived both experiments.",
        "The HA stack survived all 3 experiments.",
    ]


def test_what_is_typed_is_code_on_a_page():
    shown = render_html(msg("undecided.longer"), "en")
    assert shown == "a longer load profile or <code>--repeat 5</code> shows it more precisely"
    assert render_html(free_text("`<b>` and `"), "en") == "`&lt;b&gt;` and `".replace(
        "`&lt;b&gt;`", "<code>&lt;b&gt;</code>"
    )


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_shown(text: str):
    for language in LANGUAGES:
        assert render(free_text(text), language) == text
        assert "<script" not in render_html(free_text(text), language)
        assert "<script" not in render_html(
            msg("bottleneck.none", endpoint=text, p95="", other=""), language
        )
