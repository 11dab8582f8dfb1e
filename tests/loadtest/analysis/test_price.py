"""What good requests cost, against figures that anybody can check."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.analysis import price
from loadtest.messages.catalogue import LANGUAGES
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.reporting import card, markdown, report
from loadtest.reporting.evidence import Evidence
from loadtest.reporting.stack_comparison import compare
from loadtest.reporting.texts import Texts
from loadtest.stack.outputs import StackOutputs

Golden = tuple[RunSummary, RunSummary]


def cost(total: float | None) -> dict[str, Any]:
    return {"region": "ap-northeast-2", "total": total, "currency": "USD"}


@pytest.fixture
def stacks(
    single_outputs: StackOutputs, make_outputs: Callable[..., StackOutputs]
) -> tuple[StackOutputs, StackOutputs]:
    single = StackOutputs.model_validate(
        {**single_outputs.model_dump(by_alias=True), "monthlyCost": cost(29.2)}
    )
    return single, make_outputs(monthlyCost=cost(97.9))


def with_requests(run: RunSummary, good: int, failed: int) -> RunSummary:
    outcomes = dict.fromkeys(Outcome, 0) | {Outcome.GOOD: good, Outcome.TIMEOUT: failed}
    requests = run.requests.model_copy(update={"outcomes": outcomes, "total": good + failed})
    return run.model_copy(update={"requests": requests})


def test_a_million_good_requests_cost_the_hours_that_they_take(
    golden: Golden, stacks: tuple[StackOutputs, StackOutputs]
):
    # 36,000 good ones in 360 s are 360,000 an hour: a million takes 2.78 hours at 29.2 / 730 USD.
    found = price.of_stack(with_requests(golden[0], 36_000, 4_000), stacks[0])
    assert found is not None
    assert found.per_million == pytest.approx(29.2 / 730 / 0.36)
    assert (found.nines, found.nines_at_least) == (pytest.approx(1.0), False)


def test_a_further_nine_costs_the_difference_by_the_nines_between(
    golden: Golden, stacks: tuple[StackOutputs, StackOutputs]
):
    single, ha = with_requests(golden[0], 900, 100), with_requests(golden[1], 99_900, 100)
    found = price.compare(single, ha, stacks)
    assert found is not None
    assert found.per_nine == pytest.approx((97.9 - 29.2) / 2)
    assert str(found.message) == (
        "Each additional nine of good requests costs 34.35 USD a month: the single instance has 1.0 "
        "nines, HA 3.0."
    )


def test_without_a_failure_a_nine_costs_at_most_what_the_rule_of_three_leaves(
    golden: Golden, stacks: tuple[StackOutputs, StackOutputs]
):
    single, ha = with_requests(golden[0], 900, 100), with_requests(golden[1], 30_000, 0)
    found = price.compare(single, ha, stacks)
    assert found is not None
    assert found.ha is not None
    assert found.ha.nines == pytest.approx(-math.log10(3 / 30_000), abs=0.001)
    assert found.per_nine_at_most
    assert found.per_nine == pytest.approx((97.9 - 29.2) / 3, rel=0.001)
    assert "at most 22.9" in str(found.message)


@pytest.mark.parametrize(
    ("single", "ha"),
    [((1000, 0), (1000, 0)), ((900, 100), (900, 100)), ((990, 10), (900, 100))],
    ids=["none failed", "as many failed", "more failed"],
)
def test_no_price_of_a_nine_where_there_is_none_between_them(
    single: tuple[int, int],
    ha: tuple[int, int],
    golden: Golden,
    stacks: tuple[StackOutputs, StackOutputs],
):
    runs = with_requests(golden[0], *single), with_requests(golden[1], *ha)
    found = price.compare(*runs, stacks)
    assert found is not None
    assert found.message is None
    assert found.ha is not None


@pytest.mark.parametrize("total", [None, math.nan, math.inf])
def test_no_price_where_the_stacks_cost_is_not_known(
    total: float | None,
    golden: Golden,
    single_outputs: StackOutputs,
    make_outputs: Callable[..., StackOutputs],
):
    assert price.of_stack(golden[1], make_outputs(monthlyCost=cost(total))) is None
    assert price.compare(golden[0], golden[1], (single_outputs, make_outputs())) is None


def test_no_price_of_a_run_that_is_not_valid(
    golden: Golden, stacks: tuple[StackOutputs, StackOutputs]
):
    check = golden[1].validity.checks[0].model_copy(update={"passed": False})
    invalid = golden[1].model_copy(
        update={"validity": golden[1].validity.model_copy(update={"checks": [check]})}
    )
    found = price.compare(golden[0], invalid, stacks)
    assert found is not None
    assert (found.ha, found.message) == (None, None)


@settings(deadline=None)
@given(good=st.integers(1, 10**6), failed=st.integers(0, 10**6), total=st.floats(0.01, 10**5))
def test_dearer_stacks_and_fewer_good_requests_never_make_them_cheaper(
    good: int, failed: int, total: float, golden: Golden, make_outputs: Callable[..., StackOutputs]
):
    run = with_requests(golden[1], good, failed)
    found = price.of_stack(run, make_outputs(monthlyCost=cost(total)))
    dearer = price.of_stack(run, make_outputs(monthlyCost=cost(total * 2)))
    more = price.of_stack(
        with_requests(golden[1], good + 1, failed), make_outputs(monthlyCost=cost(total))
    )
    assert found is not None
    assert dearer is not None
    assert more is not None
    assert dearer.per_million > found.per_million > more.per_million
    assert found.nines >= 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_report_shows_it(
    language: str, golden: Golden, stacks: tuple[StackOutputs, StackOutputs]
):
    found = compare(*golden, stacks)
    texts, nothing = Texts(language), Evidence()
    sentence = texts.render(found.price_messages[0])
    assert found.price is not None
    assert found.price.ha is not None
    amount = f"{found.price.ha.per_million:,.2f}"
    for text in (
        markdown.render(found, nothing, texts),
        report.render_html(found, nothing, language).replace("\N{NO-BREAK SPACE}", " "),
    ):
        assert sentence in text
        assert amount in text
    assert f"{amount} USD" in card.render(found, nothing, texts)
