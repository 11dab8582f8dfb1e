"""A hold that is written as a ramp starts the visitors that a steady phase starts: Artillery's code."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from loadtest.engine.generators.artillery.generator import ARRIVAL_CLOCK, RECORDER
from loadtest.profiles import PROFILES, Phase, Profile, counted, pause
from toolchain import locate

pytestmark = pytest.mark.region

ARRIVALS = Path(__file__).with_name("arrivals.mjs")
HOLDS = sorted({phase.arrival_rate for p in PROFILES.values() for phase in p.phases[1:]})
SECONDS = 4
STEADY = {"name": "hold", "duration": SECONDS}


def started_ms(phase: dict[str, str | float], workers: int) -> list[np.ndarray]:
    """When each of Artillery's worker threads starts its visitors, in milliseconds."""
    return all_started_ms([phase], workers)


def all_started_ms(
    phases: list[dict[str, str | float]],
    workers: int,
    stalls: Sequence[tuple[int, int]] = (),
    clock: Path | None = None,
) -> list[np.ndarray]:
    node, script = locate.artillery_command()
    command = [node, ARRIVALS, Path(script).parent.parent, str(workers), json.dumps(phases)]
    command += [json.dumps(stalls), *([clock] if clock else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [np.array(times) for times in json.loads(done.stdout)]


@pytest.mark.parametrize("rate", HOLDS)
@pytest.mark.parametrize("workers", [1, 3])
def test_both_notations_start_the_same_visitors_in_every_second(rate: int, workers: int):
    hold = Phase("hold", SECONDS, rate)
    written = hold.to_artillery()
    assert written["rampTo"] == rate

    ramp = started_ms(written, workers)
    steady = started_ms({**STEADY, "arrivalRate": rate}, workers)

    assert [len(times) for times in ramp] == hold.arrivals(workers)
    for one, other in zip(ramp, steady, strict=True):
        # In one thread to the resolution of a timer; in several, a thread's own interval is rounded
        # down to milliseconds and begins anew every second.
        assert np.max(np.abs(one - other[: len(one)])) <= (2.1 if workers == 1 else 45)
        edges = np.arange(SECONDS + 1) * 1000 + 3
        apart = np.histogram(one, edges)[0] - np.histogram(other, edges)[0]
        assert np.all(np.abs(apart) <= (0 if workers == 1 else 1))


def test_the_planned_times_are_those_of_the_ramp():
    hold = Phase("hold", SECONDS, 125)
    (times,) = started_ms(hold.to_artillery(), 1)
    assert np.max(np.abs(times / 1000 - hold.schedule())) <= 0.0021


def test_the_test_sees_a_rate_that_a_ramp_does_not_start_evenly():
    phase: dict[str, str | float] = {**STEADY, "arrivalRate": 120}
    (ramp,) = started_ms({**phase, "rampTo": 120}, 1)
    (steady,) = started_ms(phase, 1)
    # floor(1000 / 120) = 8 ms: all have started after 0.96 of the second.
    assert np.max(np.abs(ramp - steady)) >= 39


MIXED = Profile(
    "mixed",
    (
        Phase("ramp", 4, 0.5, 6),
        pause("pause", 2),
        counted("count", 7, 3, most_at_once=2),
        Phase("hold", 3, 2),
    ),
)
FEW = Profile("few", (counted("count", 7, 3), Phase("hold", 3, 3)))


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("profile", [MIXED, FEW], ids=["mixed", "few"])
def test_counts_pauses_and_fractions_start_whom_the_plan_says(profile: Profile, workers: int):
    found = all_started_ms([one.to_artillery() for one in profile.phases], workers)
    assert [len(times) for times in found] == profile.arrivals_by_worker(workers)
    if workers == 1:
        assert np.max(np.abs(found[0] / 1000 - profile.schedule())) <= 0.0041


STALLS = ((950, 700), (2100, 300), (3990, 400))
"""Two of them hold up the end of a second, which may be the end of a phase, too."""
LOADS = {
    "one phase": Profile("one", (Phase("hold", 6, 125),)),
    "pairs": Profile("pairs", tuple(Phase("hold", 2, 124, 126) for _ in range(3))),
}


@pytest.mark.parametrize("profile", LOADS.values(), ids=LOADS)
def test_who_comes_after_a_standstill_of_the_event_loop_is_on_time(profile: Profile):
    phases = [one.to_artillery() for one in profile.phases]
    (alone,) = all_started_ms(phases, 1, STALLS)
    (kept,) = all_started_ms(phases, 1, STALLS, ARRIVAL_CLOCK)
    assert len(kept) == profile.planned_users
    late, cured = (np.sort(one) - profile.schedule() * 1000 for one in (alone, kept))
    # Artillery itself stays behind for good.
    assert late[-1] >= 600
    assert cured[-1] <= 5
    # Whoever was due in a standstill comes soon after it: one visitor per round of the loop.
    assert cured.max() <= max(length for _, length in STALLS) * 1.5
    assert cured.min() >= -5


def test_without_a_standstill_a_kept_time_starts_whom_artillery_starts():
    phases = [one.to_artillery() for one in MIXED.phases]
    (alone,), (kept,) = all_started_ms(phases, 1), all_started_ms(phases, 1, (), ARRIVAL_CLOCK)
    assert np.max(np.abs(alone - kept)) <= 1


STANDSTILL = """
const recorder = require(process.argv[1]);
recorder.functions.haproofBeforeScenario({}, null, () => {});
setTimeout(() => { const until = performance.now() + 700; while (performance.now() < until); }, 700);
setTimeout(() => {}, 1900);
"""


def test_a_standstill_that_ends_with_a_beat_is_in_that_beat(tmp_path: Path):
    node, _ = locate.artillery_command()
    beats = tmp_path / "generator.ndjson"
    files = {"HAPROOF_GENERATOR_FILE": str(beats), "HAPROOF_REQUESTS_FILE": str(tmp_path / "r.gz")}
    command = [node, "-e", STANDSTILL, RECORDER]
    subprocess.run(command, check=True, timeout=60, env={**os.environ, **files})
    first = json.loads(beats.read_text().splitlines()[0])
    # 300 of its 700 ms are left when the beat is due; the histogram alone shows none of them.
    assert first["lag_max"] >= 300
