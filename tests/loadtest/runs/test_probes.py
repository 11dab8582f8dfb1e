"""Probes are counted, and the outages between them found."""

from __future__ import annotations

import pytest

from loadtest.models import Outage, ProbeSettings
from loadtest.outcomes import Outcome
from loadtest.runs import probes
from loadtest.runs.probes import Probe

FAST = ProbeSettings(path="/health", interval_s=0.02, timeout_s=0.2)


def one(at_s: float, outcome: str = "good") -> Probe:
    match outcome:
        case "good":
            return Probe(at_s * 1000, 3.0, 200, None)
        case "5xx":
            return Probe(at_s * 1000, 3.0, 503, None)
        case _:
            return Probe(at_s * 1000, 2_000.0, None, "ETIMEDOUT")


def test_an_outage_lasts_from_the_first_bad_probe_to_the_next_good_one():
    recorded = [
        one(9, "5xx"),  # before the load: does not count
        one(10), one(10.2, "5xx"), one(10.4, "timeout"), one(10.6), one(10.8),
        one(11.0, "timeout"), one(11.2, "timeout"),
        one(12, "5xx"),  # after the last answer: neither
    ]  # fmt: skip
    found = probes.summarise(recorded, FAST, 10_000, 11_500)
    assert found.sent == 7
    assert found.outcomes[Outcome.GOOD] == 3
    assert found.availability == pytest.approx(3 / 7)
    # The last one has no end yet: it lasts until the last probe was given up.
    assert found.outages == [
        Outage(start_s=0.2, duration_s=0.4),
        Outage(start_s=1.0, duration_s=2.2),
    ]
    assert found.longest_outage_s == 2.2


def test_without_probes_there_is_no_record():
    found = probes.summarise([], FAST, 0, 1)
    assert (found.availability, found.longest_outage_s) == (None, 0.0)
