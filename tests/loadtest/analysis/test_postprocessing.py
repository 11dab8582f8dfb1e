"""A run of the published size is counted in little memory; `make bench` prints how fast."""

from __future__ import annotations

from benchmarks import postprocessing


def test_54000_requests_are_summarised_in_300_mb():
    found = postprocessing.measure()
    assert found["requests"] == 54_000
    assert found["bytes"] < 300e6
