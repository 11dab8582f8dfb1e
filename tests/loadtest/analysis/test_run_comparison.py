"""Two saved runs compared: what changed, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.analysis import run_comparison, saved_runs
from loadtest.models import RunSummary


def test_a_run_does_not_differ_from_itself(save: Callable[..., RunSummary], base: Path):
    save(1)
    run = saved_runs.load(base, "20261122T000001Z")
    compared = run_comparison.compare(run, run, by_endpoint=True)
    assert {change.finding for change in compared.changes} == {"no-difference"}
    assert {change.difference for change in compared.changes} == {0}
    assert len(compared.changes) == 7 + 2 * 2
    assert not compared.changed
    assert " ".join(map(str, compared.summary)).startswith(
        "No difference shown, with 95 % confidence. The p99 may"
    )


def test_what_got_worse_is_named(save: Callable[..., RunSummary], base: Path):
    save(1)
    save(2, ttfb_ms=9.0)
    a, b = (saved_runs.load(base, f"20261122T00000{n}Z") for n in (1, 2))
    found = {str(c.metric): c for c in run_comparison.compare(a, b).changes}
    assert found["p99 of all"].finding == "worse"
    assert found["p99 of all"].difference == 4
    assert found["p99 of all"].low is not None
    assert found["p99 of all"].low <= 4
    assert found["failed users"].finding == "no-difference"
    back = {str(c.metric): c.finding for c in run_comparison.compare(b, a).changes}
    assert back["p99 of all"] == "better"


def test_more_rows_need_more_evidence_each(save: Callable[..., RunSummary], base: Path):
    save(1)
    run = saved_runs.load(base, "20261122T000001Z")
    few, many = (run_comparison.compare(run, run, by_endpoint=more) for more in (False, True))
    assert few.changes[0].confidence == pytest.approx(1 - 0.05 / 7, abs=1e-6)
    assert many.changes[0].confidence == pytest.approx(1 - 0.05 / 11, abs=1e-6)


def test_a_percentile_without_answers_is_a_limit(save: Callable[..., RunSummary], base: Path):
    save(1, index_timeouts=200)
    save(2)
    silent, fast = (saved_runs.load(base, f"20261122T00000{n}Z") for n in (1, 2))
    p99 = {str(c.metric): c for c in run_comparison.compare(silent, fast).changes}["p99 of all"]
    assert (p99.a, p99.a_at_least, p99.b_at_least) == (10_000, True, False)
    assert p99.low is None
    p99 = {str(c.metric): c for c in run_comparison.compare(silent, silent).changes}["p99 of all"]
    assert (p99.difference, p99.finding) == (None, "undecided")
