"""Which worker of pytest-xdist runs which test, in which order, and how much of the computer it gets.

There is a worker more than there are cores: tests of the region wait more than they compute. These come
first for the kernel's scheduler too: the others take only what is left to them.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

TOGETHER = ("tests/policies/programs",)
"""Folders whose files share what is costly to make: one worker makes it for all of them."""
LONGEST = (
    *("region", "engine", "machines"),
    *TOGETHER,
    *("tests/loadtest/reporting/test_in_browser.py", "tests/region", "tests/loadtest"),
)
"""Groups and folders in the order in which they begin, and then all others: what takes minutes is not
begun at the end, when the other workers would wait for it."""
AHEAD = {"region", "machines"}
"""Groups whose tests have deadlines, those of services and health checks."""
BEHIND = 10
"""Niceness of all others."""


def unit_of(nodeid: str) -> str:
    """Return what one worker runs together with this test: its group, its file, or files of a folder."""
    scope = nodeid.rpartition("@")[2] if nodeid.rfind("@") > nodeid.rfind("]") else nodeid
    file = scope.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def in_turn(units: Iterable[str]) -> list[str]:
    """Sort units so that what takes longest begins first."""

    def turn(unit: str) -> int:
        path = PurePath(unit)
        places = (n for n, name in enumerate(LONGEST) if path.is_relative_to(name))
        return next(places, len(LONGEST))

    return sorted(units, key=turn)


class Distribution(LoadGroupScheduling):
    """Gives each worker one unit after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        if not any(self.assigned_work.values()):
            self.workqueue = OrderedDict((one, self.workqueue[one]) for one in self._begin())
        super()._assign_work_unit(node)

    def _begin(self) -> list[str]:
        """Return all units in turn, with a quick one behind the first of each worker.

        A worker is given two units before it begins: a long one would wait there for another one.
        """
        units, workers = in_turn(self.workqueue), len(self.nodes)
        return [*units[:workers], *reversed(units[-workers:]), *units[workers:-workers]]


def give_way(item: pytest.Item) -> None:
    """Let tests with machines have the computer first, where that can be taken back."""
    if os.environ.get("PYTEST_XDIST_WORKER") and os.geteuid() == 0:
        groups = {group for mark in item.iter_markers("xdist_group") for group in mark.args}
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, 0 if groups & AHEAD else BEHIND)
