"""Open files that a load may need: what the computer does not allow is told before the load."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from loadtest.engine import descriptors
from loadtest.profiles import PROFILES, Phase, Profile
from loadtest.scenario import scenario

LOGIN = scenario.load("login")
REQUIRE = """
import resource, sys
from loadtest.engine import descriptors
from loadtest.errors import GeneratorError
from loadtest.profiles import PROFILES
from loadtest.scenario import scenario
resource.setrlimit(resource.RLIMIT_NOFILE, (64, int(sys.argv[1])))
def refuse(*_): raise ValueError("not permitted")
resource.setrlimit, given = refuse, resource.setrlimit
try:
    descriptors.require(PROFILES["quick"], scenario.load("login"))
except GeneratorError as error:
    sys.exit(str(error))
"""


def test_each_user_who_may_be_in_flight_needs_one():
    quick = PROFILES["quick"]
    assert quick.planned_users < descriptors.needed(quick, LOGIN) < quick.planned_users + 1000
    # No more than arrive while one user waits for all that it asks.
    seed = PROFILES["seed"]
    most = seed.peak_rate * LOGIN.longest_s
    assert most < descriptors.needed(seed, LOGIN) < most + 1000 < seed.planned_users
    closed = Profile("closed", (Phase("hold", 60, 100, None, None, 20),))
    assert descriptors.needed(closed, LOGIN) < 1000


@pytest.mark.parametrize(("allowed", "fine"), [(256, False), (8192, True)])
def test_too_few_are_told_and_enough_are_not(allowed: int, fine: bool):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < allowed:
        pytest.skip("this computer allows fewer itself")
    done = subprocess.run(
        [sys.executable, "-c", REQUIRE, str(allowed)], capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == fine, done.stderr
    if not fine:
        assert "profile 'quick' may have 2," in done.stderr
        assert "this shell allows 256: raise the limit (`ulimit -Hn`" in done.stderr
