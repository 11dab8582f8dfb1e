"""Real Artillery at 250 requests per second against a server whose truth is known.

Compared is with the server's own log, not with a plan: on a busy machine both sides are late, and
only the log says what really happened. `docs/measurement.md` prints such a run:
`python -m tests.loadtest.engine.test_oracle`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import Phase, Profile
from loadtest.stack import outputs
from tests.loadtest.engine.stack_outputs import OUTPUTS

pytestmark = [pytest.mark.region, pytest.mark.alone]

RATE, SECONDS, TIMEOUT_S, FREEZE_S, SLOW_MS = 250, 20, 8, 5.0, 1_000.0
PROFILE = Profile("oracle", (Phase("hold", SECONDS, RATE),))
SCENARIO = f"""\
config: {{http: {{timeout: {TIMEOUT_S}}}}}
scenarios:
  - flow:
      - get: {{url: /, name: index page, expect: {{statusCode: 200}}}}
"""


@dataclass(frozen=True)
class Truth:
    """What the server did."""

    counts: Counter[Outcome]
    p99_ms: float
    """Of the answered: from the connection's acceptance to the answer."""
    availability: float


def truth_of(log: Path) -> Truth:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    counts = Counter[Outcome]()
    for line in lines:
        match line["did"]:
            case "200":
                counts[Outcome.SLOW if line["ms"] > SLOW_MS else Outcome.GOOD] += 1
            case "503":
                counts[Outcome.SERVER_ERROR] += 1
            case "never":
                counts[Outcome.TIMEOUT] += 1
            case _:
                counts[Outcome.RESET] += 1
    # The port was closed to whoever is missing; every user sends one request.
    counts[Outcome.REFUSED] = PROFILE.planned_users - len(lines)
    answered = sorted(line["ms"] for line in lines if line["did"] in {"200", "503"})
    p99 = answered[int(np.ceil(0.99 * len(answered))) - 1]
    return Truth(counts, p99, counts[Outcome.GOOD] / PROFILE.planned_users)


@contextmanager
def oracle(log: Path) -> Iterator[str]:
    """Runs the server in a process of its own; yields its URL."""
    command = [sys.executable, str(Path(__file__).with_name("oracle_server.py")), "--log", str(log)]
    times = ["--freeze-at", "4", "--freeze", str(FREEZE_S), "--refuse-at", "13", "--refuse", "1.5"]
    server = subprocess.Popen(
        [*command, *times], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(10)


def measure(directory: Path, generator: str = "artillery") -> tuple[RunSummary, Truth]:
    """One run, and the truth about it."""
    scenario = directory / "oracle.yml"
    scenario.write_text(SCENARIO)
    log = directory / "truth.ndjson"
    with oracle(log) as url:
        done = runner.run_load(
            outputs.parse(json.dumps({**OUTPUTS, "url": url}), "oracle"),
            runner.LoadTest(
                PROFILE,
                generator=generator,
                command=tools.generator(generator),
                scenario=str(scenario),
            ),
            console=Console(stderr=True),
            base=directory / "results",
        )
    return done.summary, truth_of(log)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunSummary, Truth]:
    return measure(tmp_path_factory.mktemp("oracle"))


def test_every_class_is_within_half_a_percent_of_the_truth(run: tuple[RunSummary, Truth]):
    require_true(*run)


def require_true(summary: RunSummary, truth: Truth) -> None:
    """Every class is within half a percent of what the server did."""
    assert summary.requests.total == PROFILE.planned_users == RATE * SECONDS
    for outcome in Outcome:
        found, true = summary.requests.count(outcome), truth.counts[outcome]
        # A request at the very edge (of slow, of the closing port) may fall on either side.
        assert abs(found - true) <= max(2, 0.005 * true), (outcome, found, true)
    assert truth.counts[Outcome.REFUSED] > RATE
    assert truth.counts[Outcome.SLOW] > RATE
    assert summary.requests.availability == pytest.approx(truth.availability, abs=0.0005)


def test_the_p99_is_within_two_percent_of_the_truth(run: tuple[RunSummary, Truth]):
    summary, truth = run
    assert summary.latency.answered is not None
    assert truth.p99_ms > 4_000  # of the freeze
    assert summary.latency.answered["p99"].value_ms == pytest.approx(truth.p99_ms, rel=0.02)
    # A tenth was never answered: of all requests, the p99 is not known.
    assert summary.latency.censored is not None
    assert summary.latency.censored["p99"].at_least


def test_the_run_adds_up(run: tuple[RunSummary, Truth]):
    summary, _ = run
    failed = {str(check.name) for check in summary.validity.checks if not check.passed}
    # What depends on how busy the machine is, is not this test's matter.
    assert failed <= {"arrivals on time", "generator lag", "generator CPU", "CPU of the computer"}


def test_the_probe_saw_both_outages(run: tuple[RunSummary, Truth]):
    probe = run[0].probe
    assert probe is not None
    # From the first phase to the last answer, which is a timeout.
    assert SECONDS / 2 <= probe.sent * probe.interval_s <= SECONDS + TIMEOUT_S + 2
    # Probes of the last two seconds of the freeze were still answered in time.
    assert len(probe.outages) == 2
    assert probe.outages[0].duration_s == pytest.approx(FREEZE_S - probe.timeout_s, abs=0.8)
    assert probe.outages[1].duration_s == pytest.approx(1.5, abs=0.8)


def test_artillerys_own_summary_covers_less(run: tuple[RunSummary, Truth]):
    summary, truth = run
    own = summary.artillery
    assert own is not None
    assert own.codes["503"] == truth.counts[Outcome.SERVER_ERROR]
    assert own.p99_ms is not None
    assert summary.users.failed == PROFILE.planned_users - own.users_completed


def table() -> None:
    """Prints a run as the table in docs/measurement.md."""
    with tempfile.TemporaryDirectory() as scratch:
        summary, truth = measure(Path(scratch))
    own, answered, censored = summary.artillery, summary.latency.answered, summary.latency.censored
    assert own is not None
    assert answered is not None
    assert censored is not None
    print("| | truth | haproof | Artillery's own summary |\n|---|---|---|---|")
    own = {
        Outcome.GOOD: f"{own.codes.get('200', 0):,} answers 200",
        Outcome.SLOW: "not counted separately",
        Outcome.SERVER_ERROR: f"{own.codes.get('503', 0):,} answers 503",
        Outcome.TIMEOUT: ", ".join(f"{n:,} {c}" for c, n in own.errors.items() if "TIME" in c),
        Outcome.REFUSED: f"{own.errors.get('ECONNREFUSED', 0):,} ECONNREFUSED",
        Outcome.RESET: f"{own.errors.get('ECONNRESET', 0):,} ECONNRESET",
    }
    for outcome, text in own.items():
        print(
            f"| {outcome} | {truth.counts[outcome]:,} | {summary.requests.count(outcome):,} | {text} |"
        )
    print(f"| availability | {truth.availability:.2%} | {summary.requests.availability:.2%} | – |")
    print(f"| p99 of the answered | {truth.p99_ms:,.0f} ms | {answered['p99']} | {own.p99_ms} ms |")
    print(f"| p99 of all | never answered | {censored['p99']} | – |")
    print(summary.validity.model_dump_json(indent=1), summary.probe, own, file=sys.stderr)


if __name__ == "__main__":
    table()
