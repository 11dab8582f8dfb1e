"""Where the agent looks for the appspec.yml of a revision; tests/appspec/ is about what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from region.machines.codedeploy_agent import appspec
from region.machines.errors import AppSpecError

MINIMAL = "version: 0.0\nos: linux\n"


class Files:
    """A machine's files without a machine."""

    def read_text(self, path):
        return Path(path).read_bytes().decode()

    def exists(self, path):
        return Path(path).exists()


def load(directory):
    return appspec.load(Files(), str(directory))


def test_an_error_names_file_and_line():
    with pytest.raises(AppSpecError, match=r"^appspec\.yml:2: .*unsupported operating system"):
        appspec.parse("version: 0.0\nos: windows\n")


def test_it_must_be_at_the_root(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/appspec.yml").write_text(MINIMAL)
    with pytest.raises(AppSpecError, match=r"did not find an AppSpec file.*pack the directory's"):
        load(tmp_path)


def test_the_hooks_do_not_find_the_other_name(tmp_path):
    (tmp_path / "appspec.yaml").write_text(MINIMAL)
    with pytest.raises(AppSpecError, match=r"did not find.*rename appspec\.yaml"):
        load(tmp_path)
    (tmp_path / "appspec.yml").write_text(f"{MINIMAL}file_exists_behavior: RETAIN")
    assert load(tmp_path).file_exists_behavior == "RETAIN"


def test_what_is_not_text_cannot_be_read(tmp_path):
    (tmp_path / "appspec.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(AppSpecError, match="cannot be read"):
        load(tmp_path)
