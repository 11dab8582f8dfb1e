"""The other generators at 250 requests per second against the server whose truth is known."""

from __future__ import annotations

import pytest

from loadtest.cli import tools
from loadtest.engine.generators.registry import DEFAULT, GENERATORS
from loadtest.errors import GeneratorError
from loadtest.models import RunSummary
from tests.loadtest.engine.test_oracle import TIMEOUT_S, Truth, measure, require_true

pytestmark = [pytest.mark.region, pytest.mark.alone, pytest.mark.slow]


@pytest.fixture(scope="module", params=[name for name in GENERATORS if name != DEFAULT])
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunSummary, Truth]:
    name: str = request.param
    try:
        tools.generator(name)
    except GeneratorError as error:
        pytest.skip(str(error))
    return measure(tmp_path_factory.mktemp(name), name)


def test_every_class_is_within_half_a_percent_of_the_truth(run: tuple[RunSummary, Truth]):
    require_true(*run)


def test_times_are_the_servers(run: tuple[RunSummary, Truth]):
    summary, truth = run
    assert summary.latency.answered is not None
    assert summary.latency.answered["p99"].value_ms == pytest.approx(truth.p99_ms, rel=0.02)
    assert summary.latency.censored is not None
    assert summary.latency.censored["p99"].value_ms == TIMEOUT_S * 1000


def test_the_run_adds_up(run: tuple[RunSummary, Truth]):
    summary, _ = run
    failed = {str(check.name) for check in summary.validity.checks if not check.passed}
    # What depends on how busy the machine is, is not this test's matter.
    assert failed <= {"arrivals on time", "generator lag", "generator CPU", "CPU of the computer"}
    assert summary.generator.version
    assert summary.artillery is None
