from __future__ import annotations

import os

import pytest

from region.machines.codedeploy_agent.hook_script import look_at
from region.machines.root_file_system import RootFileSystem


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").write_text("")
    return RootFileSystem(lambda: tmp_path)


def test_a_missing_script_and_what_is_no_file(machine, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for missing in ("/x", "/bin/sh/x", "/loop"):
        with pytest.raises(FileNotFoundError):
            look_at(machine, missing)
    for other in ("/bin", "/pipe"):
        assert not look_at(machine, other).is_file


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
def test_the_interpreter_is_what_the_kernel_takes_for_it(
    machine, tmp_path, text, interpreter, exists
):
    (tmp_path / "x").write_bytes(text.encode())
    found = look_at(machine, "/x")
    assert (found.interpreter, found.interpreter_exists) == (interpreter, exists)
    assert found.first_line == text.split("\n", 1)[0]


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o755), (0o600, 0o711), (0o750, 0o750)])
def test_it_is_made_executable(machine, tmp_path, before, after):
    path = tmp_path / "x"
    path.write_text("")
    path.chmod(before)
    assert look_at(machine, "/x").is_file
    assert path.stat().st_mode & 0o777 == after


def test_a_link_leads_where_it_leads_in_the_machine(machine, tmp_path):
    (tmp_path / "x").symlink_to("/bin/sh")
    assert look_at(machine, "/x").is_file
    assert (tmp_path / "bin/sh").stat().st_mode & 0o111


def test_a_log_gets_the_directories_that_it_needs(machine, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "a").symlink_to("/real")
    for _ in range(2):
        machine.make_directories("/a/b/c")
    assert (tmp_path / "real/b/c").is_dir()
    machine.make_directories("/new/one")
    assert (tmp_path / "new/one").is_dir()
