from __future__ import annotations

import os

import pytest

from region.machines.codedeploy_agent.inside.archives import retain


def test_old_archives_go_but_never_the_last_successful(tmp_path):
    group = tmp_path / "group"
    for number in range(9):
        (group / f"d-{number}").mkdir(parents=True)
        os.utime(group / f"d-{number}", (number, number))
    request = {"group": str(group), "current": str(group / "d-8"), "count": 5}
    removed = retain({**request, "last_successful": str(group / "d-0")})
    assert removed == ["d-1", "d-2", "d-3", "d-4"]
    assert sorted(path.name for path in group.iterdir()) == ["d-0", "d-5", "d-6", "d-7", "d-8"]


@pytest.mark.parametrize("existing", [0, 4])
def test_few_archives_stay(tmp_path, existing):
    for number in range(existing):
        (tmp_path / "g" / f"d-{number}").mkdir(parents=True)
    request = {"group": str(tmp_path / "g"), "current": "", "count": 5}
    assert retain({**request, "last_successful": ""}) == []
