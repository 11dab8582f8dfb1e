"""Every virtual user is a visitor of its own, and the file of credentials is private."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest

from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES
from loadtest.scenario import credentials


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("name", ["smoke", "quick"])
def test_no_two_users_get_the_same_visitor(name: str, workers: int):
    profile = PROFILES[name]
    dealt = credentials.rows(profile, workers)
    used: list[str] = []
    for worker, arrivals in enumerate(profile.arrivals_by_worker(workers)):
        own = dealt[worker::workers]  # as Artillery's dist.ts deals them
        assert len(own) >= arrivals, "a worker would begin again"
        used += [name for name, _ in own[:arrivals]]
    assert len(set(used)) == len(used) == profile.planned_users
    assert max(used) == credentials.username(profile.planned_users)


def test_the_file_is_private_and_complete(tmp_path: Path):
    file = tmp_path / "credentials.csv"
    credentials.write(file, PROFILES["smoke"], workers=1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(newline="") as text:
        rows = list(csv.reader(text))
    assert rows[0] == ["username", "password"]
    assert rows[1] == ["visitor-000001", "music-note-demo"]
    assert len(rows) == 1 + PROFILES["smoke"].planned_users


def test_too_few_seeded_visitors_are_reported_before_the_run():
    credentials.check_supply(PROFILES["quick"], 2_550)
    with pytest.raises(LoadTestError, match=r"needs 2550 .* only 2549; set `pulumi config set"):
        credentials.check_supply(PROFILES["quick"], 2_549)
