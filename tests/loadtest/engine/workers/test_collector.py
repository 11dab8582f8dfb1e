"""However a load's records are split among workers, the run is what one worker would have recorded."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.analysis import counting
from loadtest.engine.workers.collector import Collector, recorded
from loadtest.profiles import Phase, Profile
from loadtest.runs import journal, paths, table
from loadtest.runs.recording import parse_exchange

LOAD = Profile("ours", (Phase("hold", 4, 10),))
ANSWERS: list[dict[str, Any]] = [
    {"status": 200, "expected": True, "error": None, "sent": True},
    {"status": 503, "expected": False, "error": None, "sent": True},
    {"status": None, "expected": None, "error": "ETIMEDOUT", "sent": True},
    {"status": None, "expected": None, "error": "no such variable", "sent": False},
]


@st.composite
def requests(draw: st.DrawFn) -> str:
    """A line as a recorder writes it; of a few users, so that one has several."""
    answer = draw(st.sampled_from(ANSWERS))
    total = draw(st.floats(0.001, 10_000))
    times = {
        "arrived": draw(st.floats(0, 4_000)),
        "start": draw(st.floats(0, 5_000)),
        "total": total,
    }
    ttfb = None if answer["status"] is None else total * draw(st.floats(0, 1))
    user = f"{draw(st.integers(1, 9))}-{draw(st.integers(1, 5))}"
    where = {"vu": user, "endpoint": draw(st.sampled_from(["index page", "log in"]))}
    return json.dumps({**where, **times, "ttfb": ttfb, **answer})


SPLITS = st.lists(  # which worker writes each piece, and what is in it
    st.tuples(st.integers(0, 4), st.lists(requests(), min_size=1, max_size=8)), max_size=25
)


@settings(deadline=None, max_examples=60)
@given(SPLITS)
def test_the_run_is_its_workers_records_together(pieces: list[tuple[int, list[str]]]):
    with tempfile.TemporaryDirectory() as name:
        run = Path(name)
        workers = [run / f"worker-{number}" for number in range(1, 6)]
        for one in workers:
            one.mkdir()
        complaints = list[str]()
        collector = Collector(run, LOAD, workers, complaints.append)
        collector.start()
        for worker, lines in pieces:
            journal.append(
                workers[worker] / f"{paths.REQUESTS}.gz", "".join(f"{line}\n" for line in lines)
            )
        collector.close()

        assert complaints == []
        together = [parse_exchange(line) for _, lines in pieces for line in lines]
        expected = table.from_exchanges(together)
        if not together:
            assert journal.locate(run, paths.REQUESTS) is None
            return
        found, read = table.read(run / f"{paths.REQUESTS}.gz", None)
        assert read.damage is None
        assert not read.unfinished
        assert counting.requests(found) == counting.requests(expected)
        assert counting.users(found, 2) == counting.users(expected, 2)
        merged, whole = counting.latency(found, 10), counting.latency(expected, 10)
        assert (merged.answered, merged.censored) == (whole.answered, whole.censored)
        assert sum(recorded(one).sent for one in workers) == sum(one.sent for one in together)
