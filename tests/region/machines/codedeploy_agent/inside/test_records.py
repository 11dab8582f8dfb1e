from __future__ import annotations

import os

import pytest

from region.machines.codedeploy_agent.inside import records


def test_old_archives_go_but_never_the_last_successful(tmp_path):
    group = tmp_path / "group"
    for number in range(9):
        (group / f"d-{number}").mkdir(parents=True)
        os.utime(group / f"d-{number}", (number, number))
    request = {"action": "retain", "group": str(group), "current": str(group / "d-8"), "count": 5}
    removed = records.main({**request, "last_successful": str(group / "d-0")})["removed"]
    assert removed == ["d-1", "d-2", "d-3", "d-4"]
    assert sorted(path.name for path in group.iterdir()) == ["d-0", "d-5", "d-6", "d-7", "d-8"]


@pytest.mark.parametrize("existing", [0, 4])
def test_few_archives_stay(tmp_path, existing):
    for number in range(existing):
        (tmp_path / "g" / f"d-{number}").mkdir(parents=True)
    request = {"action": "retain", "group": str(tmp_path / "g"), "current": "", "count": 5}
    assert records.main({**request, "last_successful": ""}) == {"removed": []}


def test_a_record_is_replaced_and_a_log_is_continued(tmp_path):
    path = tmp_path / "a/b/log"
    for text in ("one\n", "two\n"):
        records.main({"action": "append", "path": str(path), "text": text})
    assert path.read_text() == "one\ntwo\n"
    records.main({"action": "write", "path": str(path), "text": "three"})
    assert path.read_text() == "three"
    assert list(path.parent.iterdir()) == [path]
