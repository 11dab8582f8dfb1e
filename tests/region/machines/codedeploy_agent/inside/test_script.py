from __future__ import annotations

import pytest

from region.machines.codedeploy_agent.inside import script


def test_a_missing_script_and_a_directory(tmp_path):
    assert script.main({"path": str(tmp_path / "x")}) == {"state": "missing"}
    assert script.main({"path": str(tmp_path)}) == {"state": "directory"}


@pytest.mark.parametrize(
    ("text", "interpreter", "exists"),
    [
        ("#!/bin/sh\necho\n", "/bin/sh", True),
        ("#! /bin/sh -e\n", "/bin/sh", True),
        ("#!\t/bin/sh\t-e", "/bin/sh", True),
        ("#!/bin/sh\r\necho\r\n", "/bin/sh\r", False),
        ("#!/no/where\n", "/no/where", False),
        ("echo hi\n", "", False),
        ("", "", False),
    ],
)
def test_the_interpreter_is_what_the_kernel_takes_for_it(tmp_path, text, interpreter, exists):
    (tmp_path / "x").write_bytes(text.encode())
    found = script.main({"path": str(tmp_path / "x")})
    assert (found["interpreter"], found["interpreter_exists"]) == (interpreter, exists)
    assert found["first_line"] == text.split("\n", 1)[0]


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o755), (0o600, 0o711), (0o750, 0o750)])
def test_it_is_made_executable(tmp_path, before, after):
    path = tmp_path / "x"
    path.write_text("")
    path.chmod(before)
    assert script.main({"path": str(path)})["made_executable"] == (before != after)
    assert path.stat().st_mode & 0o777 == after
