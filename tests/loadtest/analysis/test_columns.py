"""The definitions that every figure rests on: held to brute force, and to existing only once."""

from __future__ import annotations

import ast
import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loadtest
from loadtest.analysis import bootstrap, columns
from loadtest.models import Percentile
from loadtest.outcomes import Outcome
from loadtest.runs import table
from loadtest.runs.recording import Exchange

SOURCE = Path(loadtest.__file__).parent
HOME = Path("analysis/columns.py")


# --- the definitions, by brute force --------------------------------------------------------------

RESULTS = {
    # status, expected, error, time to first byte -> does it fail its user, and is it an answer?
    Outcome.GOOD: (200, True, None, 5.0),
    Outcome.SLOW: (200, True, None, 2_000.0),
    Outcome.SERVER_ERROR: (503, False, None, 5.0),
    Outcome.CLIENT_ERROR: (404, False, None, 5.0),
    Outcome.TIMEOUT: (None, None, "ETIMEDOUT", None),
    Outcome.REFUSED: (None, None, "ECONNREFUSED", None),
    Outcome.RESET: (200, True, "ECONNRESET", 5.0),
    Outcome.OTHER: (None, None, "ENOTFOUND", None),
}
OUTCOME = st.sampled_from(sorted(RESULTS))


def exchange(user: str, start_ms: float, outcome: Outcome) -> Exchange:
    status, expected, error, ttfb = RESULTS[outcome]
    return Exchange(
        user, "e", start_ms, start_ms, ttfb, 10_000.0, status, expected, error, True, None, None, None
    )  # fmt: skip


def rows_of(exchanges: list[Exchange]) -> table.RequestTable:
    return table.from_exchanges(exchanges, slow_ms=1_000)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), OUTCOME)))
def test_one_failed_request_fails_its_user_and_a_late_answer_does_not(
    requests: list[tuple[str, Outcome]],
):
    rows = rows_of([exchange(user, float(n), out) for n, (user, out) in enumerate(requests)])
    outcomes = defaultdict[str, set[Outcome]](set)
    first: dict[str, float] = {}
    for number, (user, outcome) in enumerate(requests):
        outcomes[user].add(outcome)
        first.setdefault(user, float(number))
    found = columns.users(rows)
    names = [rows.user.labels[code] for code in found.codes]
    assert sorted(names) == sorted(outcomes)
    for name, arrived, failed in zip(names, found.arrived_ms, found.failed, strict=True):
        assert failed == bool(outcomes[name] - {Outcome.GOOD, Outcome.SLOW})
        assert arrived == first[name]


@given(st.lists(OUTCOME, min_size=1))
def test_an_unanswered_request_takes_forever(outcomes: list[Outcome]):
    rows = rows_of([exchange("a", float(n), outcome) for n, outcome in enumerate(outcomes)])
    for latency, outcome in zip(columns.latencies(rows), outcomes, strict=True):
        answered = outcome in {
            Outcome.GOOD, Outcome.SLOW, Outcome.SERVER_ERROR, Outcome.CLIENT_ERROR
        }  # fmt: skip
        assert latency == (RESULTS[outcome][3] if answered else math.inf)


@given(
    st.lists(st.floats(0, 1e6) | st.just(math.inf), min_size=1, max_size=300),
    st.sampled_from(sorted(columns.QUANTILES)),
)
def test_a_percentile_is_the_smallest_value_that_covers_its_share(values: list[float], name: str):
    share = Fraction(name.removeprefix("p")) / 100
    expected = min(
        value
        for value in values
        if Fraction(sum(other <= value for other in values), len(values)) >= share
    )
    shuffled = np.random.default_rng(1).permutation(np.array(values))
    assert columns.quantile(shuffled, columns.QUANTILES[name]) == expected
    record = columns.percentile(shuffled, columns.QUANTILES[name], timeout_ms=10_000)
    if math.isinf(expected):
        assert record == Percentile(value_ms=10_000, at_least=True)
    else:
        assert record == Percentile(value_ms=round(expected, 3))


@pytest.mark.parametrize("name", sorted(columns.QUANTILES))
def test_a_rank_has_no_rounding_error_at_any_size_of_a_run(name: str):
    share = Fraction(name.removeprefix("p")) / 100
    counts = np.arange(1, 60_001)
    exact = [math.ceil(share * n) for n in range(1, 60_001)]
    assert columns.nearest_rank(counts, columns.QUANTILES[name]).tolist() == exact
    assert columns.nearest_rank(60_000, columns.QUANTILES[name]) == exact[-1]


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=200),
    st.sampled_from([0.01, *columns.QUANTILES.values(), 1.0]),
)
def test_the_bootstrap_has_the_same_percentile(values: list[float], q: float):
    whole = bootstrap.Resamples(
        np.arange(len(values)), np.array([[0]]), np.array([[len(values)]]), 1.0
    )
    found = whole.quantiles(np.array(values), q)
    assert found.tolist() == [columns.quantile(np.array(values), q)]


def test_nothing_has_no_percentile():
    assert math.isnan(columns.quantile(np.array([]), 0.5))
    assert columns.percentile(np.array([]), 0.5, 10_000) is None


@given(st.lists(st.none() | st.sampled_from("abc")), st.data())
def test_labels_are_those_of_the_rows(texts: list[str | None], data: st.DataObject):
    rows = table.from_exchanges(
        exchange("a", float(n), Outcome.GOOD)._replace(zone=text) for n, text in enumerate(texts)
    )
    picked = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    found = columns.labels(rows.zone, np.array(picked, dtype=bool))
    expected = {text for text, yes in zip(texts, picked, strict=True) if yes and text is not None}
    assert len(found) == len(set(found))
    assert set(found) == expected


@pytest.mark.parametrize(
    ("value", "shown"), [(1.5, 1.5), (math.inf, None), (-math.inf, None), (math.nan, None)]
)
def test_json_has_no_infinity(value: float, shown: float | None):
    assert columns.finite(value) == shown


# --- and nowhere else -----------------------------------------------------------------------------

QUANTILE_FUNCTIONS = {
    "partition", "percentile", "nanpercentile", "quantile", "nanquantile", "quantiles"
}  # fmt: skip
OTHER_QUANTILES = {
    # Of bootstrap draws, rounded outwards: the end of an interval, not a latency.
    (Path("analysis/inference.py"), "quantile"),
    # The same, of a fitted law and of a measured curve.
    (Path("analysis/usl.py"), "quantile"),
    (Path("analysis/latency_curve.py"), "quantile"),
    # Of rates of windows: the most that was held for a while, not a latency.
    (Path("analysis/capacity.py"), "quantile"),
    (Path("analysis/sizing.py"), "quantile"),
    # Of means of slices: the unloaded baseline, not a latency.
    (Path("analysis/latency_excess.py"), "nanquantile"),
}
NAMES = {
    "failed_users", "latencies", "nearest_rank", "quantile", "percentile", "percentiles", "finite",
    "labels", "ranks", "quantiles",
}  # fmt: skip
OTHER_FUNCTIONS = {
    # These call the one definition for a whole table of percentiles, or as a bootstrap sample.
    (Path("analysis/counting.py"), "_percentiles"),
    (Path("analysis/run_comparison.py"), "_failed_users"),
    (Path("analysis/run_comparison.py"), "_latencies"),
    # The objectives about latency.
    (Path("analysis/slo.py"), "_latencies"),
    # Of all resamples at once, by the one `nearest_rank`; compared with it above.
    (Path("analysis/bootstrap.py"), "quantiles"),
    (Path("analysis/inference.py"), "_percentiles"),
    (Path("analysis/inference.py"), "_quantile"),
    # The ranks that a curve is drawn through.
    (Path("reporting/html/figures.py"), "_ranks"),
}


def redefinitions(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What in a module looks like a second definition: its kind, and the name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)) if (
                name in QUANTILE_FUNCTIONS
            ):
                yield "call", name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="where" | "full")):
                if any(ast.unparse(argument) == "np.inf" for argument in node.args):
                    yield "infinite latency", ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="ceil"), args=[ast.BinOp(op=ast.Mult())]):
                if "len(" in ast.unparse(node) or "total" in ast.unparse(node):
                    yield "rank", ast.unparse(node)
            case ast.Dict() if any(
                isinstance(key, ast.Constant) and key.value in columns.QUANTILES
                for key in node.keys
            ):
                yield "table of quantiles", ast.unparse(node)
            case ast.FunctionDef(name=name) if name.lstrip("_") in NAMES:
                yield "function", name
            case ast.Subscript(value=ast.Name(id="NDArray")):
                yield "array type", ast.unparse(node)
            case _:
                pass


def test_no_other_module_defines_them_again():
    calls = {("call", *other) for other in OTHER_QUANTILES}
    functions = {("function", *other) for other in OTHER_FUNCTIONS}
    found: set[tuple[str, Path, str]] = set()
    for file in SOURCE.rglob("*.py"):
        module = file.relative_to(SOURCE)
        if module in {HOME, Path("array_types.py")}:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found |= {(kind, module, what) for kind, what in redefinitions(tree)}
    assert found - calls - functions == set()
    # What is allowed has to exist: a stale exception would hide the next copy.
    assert calls - found == set()


@pytest.mark.parametrize(
    ("copy", "kind"),
    [
        ("def failed_users(table): ...", "function"),
        ("x = np.where(answered, ttfb, np.inf)", "infinite latency"),
        ("x = ordered[int(np.ceil(q * len(ordered))) - 1]", "rank"),
        ("x = np.percentile(values, 99)", "call"),
        ('Q = {"p50": 0.5, "p99": 0.99}', "table of quantiles"),
        ("Floats = NDArray[np.float64]", "array type"),
    ],
)
def test_the_search_finds_a_copy(copy: str, kind: str):
    assert kind in {found for found, _ in redefinitions(ast.parse(copy))}
