"""Windows hold what the counters grew by, whatever the moments of the samples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.analysis.host_windows import windows
from loadtest.runs.host import TargetSample
from tests.loadtest.analysis.computers import between, computer, target_of

BEGAN = 1_790_000_000_000.0


@given(st.floats(0.0, 0.99), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_the_parts_add_up_to_all_cpus(offset: float, ours: float, others: float):
    host = computer(BEGAN, 20, ours=ours, others=others, steal=0.1, offset_s=offset)
    seen = windows(host, target_of(BEGAN, 20), began_ms=BEGAN, duration_s=20, expects_target=True)
    assert len(seen) == 10
    assert seen.ours == pytest.approx(np.full(10, ours), abs=1e-6)
    assert seen.others == pytest.approx(np.full(10, others), abs=1e-6)
    total = seen.idle + seen.steal + seen.ours + seen.target + seen.others
    assert total == pytest.approx(np.full(10, 2.0), abs=1e-6)
    assert seen.known.all()


def test_an_instance_that_was_rebooted_counts_on():
    target = [
        TargetSample(BEGAN + n * 1000, "instance", "i-1", used, used, 0.1)
        for n, used in enumerate([5.0, 5.1, 5.2, 0.1, 0.2, 0.3, 0.4])
    ]
    seen = windows([], target, began_ms=BEGAN, duration_s=6, expects_target=True)
    assert seen.instances[0].whole == pytest.approx([0.1, 0.1, 0.1])
    assert seen.instances[0].quota_share == pytest.approx([1.0, 1.0, 1.0])


def test_a_gap_is_not_filled():
    host = [one for one in computer(BEGAN, 20) if not 8 < (one.at_ms - BEGAN) / 1000 < 13]
    seen = windows(host, [], began_ms=BEGAN, duration_s=20, expects_target=False)
    missing = [float(seen.edges_s[n]) for n in range(10) if not seen.host_known[n]]
    assert missing == [6.0, 8.0, 10.0, 12.0]


def test_idle_use_is_what_an_instance_used_before_the_load():
    target = target_of(BEGAN, 10, ["i-1"], share=lambda _, s: 0.02 if s < 0 else 0.08)
    seen = windows([], target, began_ms=BEGAN, duration_s=10, expects_target=True)
    assert seen.instances[0].idle == pytest.approx(0.02)
    assert seen.instances[0].services == pytest.approx(np.full(5, 0.08))


def test_an_instance_without_a_quota_has_no_share_of_one():
    target = [dataclasses.replace(one, quota_cores=None) for one in target_of(BEGAN, 10)]
    seen = windows([], target, began_ms=BEGAN, duration_s=10, expects_target=True)
    assert np.isnan(seen.instances[0].quota_share).all()


def test_a_burst_is_in_its_window():
    host = computer(BEGAN, 20, others=between(8, 10, 0.9), target=0.0, offset_s=0.0)
    seen = windows(host, [], began_ms=BEGAN, duration_s=20, expects_target=False)
    assert int(seen.others.argmax()) == 4
