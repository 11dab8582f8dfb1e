"""The option --image: what it accepts, and that it is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from region import image_options
from region.config import RegionConfig, RegionConfigError
from region.image_options import ImageChoice
from rehearsal import cli


def test_without_the_option_instances_use_this_computers_system(tmp_path: Path):
    assert image_options.chosen(tmp_path, None) == ImageChoice("host", {})


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "root").mkdir()
    monkeypatch.chdir(tmp_path)
    choice = image_options.parse(["al2023", "ami-0123=root"])
    assert choice == ImageChoice("al2023", {"ami-0123": str(tmp_path / "root")})


def test_a_path_may_contain_an_equals_sign(tmp_path: Path):
    odd = tmp_path / "a=b"
    odd.mkdir()
    assert image_options.parse([str(odd), f"ami-1={odd}"]) == ImageChoice(
        str(odd), {"ami-1": str(odd)}
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["nope"], "no image 'nope'"),
        ([""], "no image ''"),
        (["ami-1="], "no image ''"),
        (["ami-1=nope"], "no image 'nope'"),
        (["ami-=host"], "'ami-' is not an AMI id"),
        (["ami-1=host", "ami-1=al2023"], "ami-1 has an image already"),
        (["host", "al2023"], "'host' and 'al2023'"),
    ],
)
def test_wrong_values_are_rejected_with_a_remedy(values: list[str], said: str):
    with pytest.raises(RegionConfigError, match=said):
        image_options.parse(values)


def test_a_choice_says_the_same_as_options():
    choice = ImageChoice("al2023", {"ami-1": "host"})
    assert choice.arguments() == ["--image", "al2023", "--image", "ami-1=host"]
    assert image_options.parse(choice.values()) == choice


def test_the_last_choice_is_remembered_until_another_one_is_made(tmp_path: Path):
    choice = ImageChoice("al2023", {"ami-1": "host"})
    image_options.remember(tmp_path, choice)
    assert image_options.chosen(tmp_path, None) == choice
    assert image_options.chosen(tmp_path, ["host"]) == ImageChoice("host", {})


def test_a_damaged_record_is_as_good_as_none(tmp_path: Path):
    (tmp_path / "images.json").write_text("{")
    assert image_options.chosen(tmp_path, None) == ImageChoice()


def test_the_start_says_which_image_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lines = image_options.announce(RegionConfig(root=tmp_path))
    assert lines[0].startswith("instances use the image host: this computer's own system (")


@pytest.mark.parametrize("command", ["start", "run"])
def test_a_wrong_image_ends_a_command_at_once(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    code = cli.main([command, "--root", str(tmp_path / "region"), "--image", "nope"])
    assert code == 4
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "region").exists()
