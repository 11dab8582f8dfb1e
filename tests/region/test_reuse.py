"""A region that runs is used only by a command that asks for one like it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import region.cli as region_cli
from commandline.exit_codes import ExitCode
from region import image_options, session


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "a root"
    place.mkdir()
    found = session.Session(
        os.getpid(), session.own_creation_time(), 4566, 0, "ap-northeast-2", speed=10.0
    )
    session.write(place, found)
    image_options.remember(place, image_options.parse(["host"]))
    return place


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--image", "al2023"], "--image is host, not al2023"),
        (["--region", "eu-west-1"], "--region is ap-northeast-2, not eu-west-1"),
        (["--speed", "1"], "--speed is 10, not 1"),
        (["--port", "9"], "--port is 4566, not 9"),
        (["--cpu-factor", "2"], "--cpu-factor is unknown, not 2"),
        (["--image", "/not/an/image"], "there is no image '/not/an/image'"),
    ],
)
def test_what_differs_is_named_with_the_remedy(
    root: Path, capsys: pytest.CaptureFixture[str], options: list[str], named: str
) -> None:
    assert region_cli.main(["start", "--root", str(root), *options]) == ExitCode.FAILURE
    said = capsys.readouterr().err
    assert named in said
    assert "already running (" not in said


@pytest.mark.parametrize(
    "options", [[], ["--image", "host"], ["--speed", "10"], ["--region", "ap-northeast-2"]]
)
def test_equal_values_are_accepted_and_hints_name_the_root(
    root: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    place = root
    assert region_cli.main(["start", "--root", str(place), *options]) == ExitCode.SUCCESS
    said = capsys.readouterr().err
    assert "already running" in said
    assert f"python -m rehearsal env --root '{place}'" in said
    assert f"python -m rehearsal stop --root '{place}'" in said


def test_errors_name_the_root_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["env"], ["status"], ["instances"], ["shell", "web"]):
        region_cli.main([words[0], "--root", str(tmp_path), *words[1:]])
        assert f"python -m rehearsal start --root {tmp_path}" in capsys.readouterr().err
