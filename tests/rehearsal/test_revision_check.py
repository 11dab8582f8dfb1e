"""A revision is checked by the program itself, before anything is started."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from commandline.exit_codes import ExitCode
from region import preflight
from rehearsal import cli, revision_check, run_options

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
    assert revision_check.require(revision) == []


def test_programs_for_another_processor_only_are_told(revision: Path) -> None:
    header = bytearray(64)
    header[:6], header[18:20] = b"\x7fELF\x02\x01", (243).to_bytes(2, "little")
    (revision / "app" / "ledger").write_bytes(header)
    [notice] = revision_check.require(revision)
    assert "compiled for riscv64 (app/ledger); this computer has " in notice


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


def refusal(revision: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    """What a rehearsal of `revision` ends with, before it starts anything."""
    root = tmp_path / "region"
    assert cli.main(["run", "--root", str(root), "--revision", str(revision)]) == ExitCode.FAILURE
    assert not root.exists()
    return "".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("kind", "command"), [("zip", "unzip -q"), ("gztar", "tar -xf"), ("tar", "tar -xf")]
)
def test_an_archive_is_refused_with_the_command_that_unpacks_it(
    revision: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, command: str
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "my shop"), kind, revision))
    told = refusal(archive, capsys, tmp_path)
    assert "isanarchive" in told
    assert command.replace(" ", "") in told


def test_the_command_that_unpacks_an_archive_works(revision: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "it's mine"), "gztar", revision))
    with pytest.raises(typer.BadParameter) as caught:
        run_options.revision_directory(archive)
    command = str(caught.value).split("name the directory: ", 1)[1].split(", then", 1)[0]
    subprocess.run(["bash", "-ec", command], cwd=tmp_path, check=True)
    assert (tmp_path / "it's mine-revision" / "appspec.yml").is_file()


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no program be missing."""
    monkeypatch.setattr(preflight, "require", lambda _: None)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("moved", "remedy"),
    [
        ("build/revision/appspec.yml", "build/revision/appspec.yml is one: name "),
        ("shop-1.2/appspec.yml", "shop-1.2/appspec.yml is one: name "),
        ("appspec.yaml", "rename appspec.yaml to appspec.yml"),
        ("AppSpec.yml", "rename AppSpec.yml to appspec.yml"),
        (None, "name the directory that has it at its root, after building it"),
    ],
)
def test_a_directory_without_appspec_is_told_where_one_is(
    revision: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    moved: str | None,
    remedy: str,
) -> None:
    file = revision / "appspec.yml"
    if moved is None:
        file.unlink()
    else:
        (revision / moved).parent.mkdir(parents=True, exist_ok=True)
        file.rename(revision / moved)
    assert remedy.replace(" ", "") in refusal(revision, capsys, tmp_path)


@pytest.mark.usefixtures("tools")
def test_a_directory_that_does_not_exist_is_told(
    revision: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "bulidedoesnotexist" in refusal(revision / "bulid e", capsys, tmp_path)
