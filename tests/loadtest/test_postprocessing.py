"""A run of the published size is counted in seconds, and in little memory."""

from __future__ import annotations

from tests.benchmarks import postprocessing


def test_54000_requests_are_summarised_in_five_seconds_and_300_mb():
    found = postprocessing.measure()
    assert found["requests"] == 54_000
    assert found["seconds"] < 5
    assert found["bytes"] < 300e6
