"""A revision is checked by the program itself, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandline.exit_codes import ExitCode
from region import preflight
from rehearsal import cli, revision_check

APPSPEC = """\
version: 0.0
os: linux
files: [{source: /app, destination: /opt/app}]
hooks:
  ApplicationStart: [{location: start.sh}]
"""


@pytest.fixture
def revision(tmp_path: Path) -> Path:
    made = tmp_path / "my app"
    (made / "app").mkdir(parents=True)
    (made / "app" / "server.js").write_text("")
    (made / "start.sh").write_text("#!/bin/sh\n")
    (made / "appspec.yml").write_text(APPSPEC)
    return made


def test_one_that_can_be_deployed_passes(revision: Path) -> None:
    revision_check.require(revision)


def test_all_that_is_wrong_ends_a_rehearsal_before_it_begins(
    revision: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(preflight, "require", lambda _: None)
    (revision / "start.sh").unlink()
    file = revision / "appspec.yml"
    file.write_text(APPSPEC.replace("source: /app", "source: /build"))
    root = tmp_path / "region"
    arguments = ["run", "--root", str(root), "--revision", str(revision)]
    assert cli.main(arguments) == ExitCode.FAILURE
    told = " ".join(capsys.readouterr().err.split())
    assert "nothing was started, as the revision is wrong:" in told
    assert f"{file}:3: " in told
    assert f'{file}:5: the script "start.sh" for ApplicationStart is not a file' in told
    assert not root.exists()


@pytest.mark.parametrize("text", ["hooks: [", "version: 0.0\nos: windows\n", "\x00"])
def test_what_is_no_appspec_is_told_with_its_file(revision: Path, text: str) -> None:
    (revision / "appspec.yml").write_text(text)
    with pytest.raises(revision_check.RevisionError, match=r"my app/appspec\.yml:\d+: "):
        revision_check.require(revision)


def test_a_linked_directory_is_told(revision: Path) -> None:
    (revision / "linked").symlink_to(revision / "app")
    with pytest.raises(revision_check.RevisionError, match="linked directory"):
        revision_check.require(revision)
