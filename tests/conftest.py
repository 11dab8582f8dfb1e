"""What tests need, decided by what they use, and how they share the machine when they run side by side.

`make test` runs several workers (`tests/distribution.py`). Tests that start real processes on the
region's loopback addresses must not run at the same time, so they form one group, which one worker runs
in order; those of machines and their network, which have no address on the host, form another. A
test that puts a stack under load must not run beside any other test: it waits until the tests of all
other workers have ended, and those workers wait for it.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import reruns
from tests.distribution import Distribution, give_way

settings.register_profile("haproof", deadline=None)
settings.load_profile(
    "haproof"
)  # how long an example takes says more about the machine than the code

STARTS_MOTO = frozenset({"make_plane", "plane"})
"""Fixtures that start moto: a second or two per test."""
GROUPS = {"e2e": "region", "region": "region", "engine": "engine"}
"""Marker -> group of tests that one worker runs one after the other."""
CONFORMANCE = "tests/conformance/"
OF_MACHINES = ("tests/region/machines/", "tests/region/network/")
"""Where tests of the region are that use nothing of the host's network."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--aws",
        action="store_true",
        help="run the conformance tests against AWS itself, in the account of the environment: "
        "creates instances, load balancers and databases there, and removes them",
    )
    parser.addoption("--kills", type=int, default=6, help="experiments that are killed, at random")
    parser.addoption("--first-kill", type=int, default=0, help="the number of the first of them")


def pytest_configure() -> None:
    """Let tests interrupt what they start, also where a shell runs pytest itself in its background.

    There it ignores SIGINT, and whatever it starts would inherit that and never end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the test. Here and not when all are collected: pytest-xdist reads the groups then."""
    if item.nodeid.startswith(CONFORMANCE):
        item.add_marker("conformance")
        item.add_marker("region")
    if STARTS_MOTO & set(getattr(item, "fixturenames", ())):
        item.add_marker("moto")
    for marker, group in GROUPS.items():
        if item.get_closest_marker(marker):
            own = marker == "region" and item.nodeid.startswith(OF_MACHINES)
            item.add_marker(pytest.mark.xdist_group("machines" if own else group))
            break


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run side by side what must not: pytest-xdist groups tests by changing their ids."""
    _spare_the_collector()
    if not getattr(session.config.option, "loadgroup", False):
        return
    for item in session.items:
        if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
            pytest.exit(
                f"pytest {pytest.__version__} and pytest-xdist do not group {item.nodeid}", 4
            )


def _spare_the_collector() -> None:
    """Keep it from walking all tests and imported libraries again and again, a sixth of the CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_xdist_auto_num_workers() -> int | None:
    """Return the workers of `-n auto`; None where the user has set their number."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    return len(os.sched_getaffinity(0)) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Distribution | None:
    return Distribution(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    reruns.hold(session)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reruns.tell(terminalreporter)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    give_way(item)
    with _machine(alone=item.get_closest_marker("alone") is not None):
        return (yield)


QUEUE_LOCK = Path(__file__)
MACHINE_LOCK = Path(__file__).parent.parent / "pyproject.toml"
"""Files of the checkout that only serve to be locked: nothing is left to clean up."""


@contextmanager
def _machine(*, alone: bool) -> Iterator[None]:
    """Share the machine with the other workers, or have it alone.

    A test that wants it alone keeps the queue locked while it waits. Otherwise the other workers'
    tests, which follow each other closely, would never leave the machine free.
    """
    with QUEUE_LOCK.open() as queue, MACHINE_LOCK.open() as machine:
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(queue, fcntl.LOCK_UN)
        yield
