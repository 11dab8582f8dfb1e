"""Instances as they are listed and as a user names them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import region.cli as region_cli
from commandline.exit_codes import ExitCode
from region.access.inventory import (
    AccessError,
    Instance,
    duration,
    find,
    find_directory,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def made(instance_id: str, name: str = "", state: str = "running") -> Instance:
    return Instance(
        instance_id, name, "t4g.nano", "z", "10.1.0.4", state, "ok", NOW - timedelta(minutes=3)
    )


FLEET = [
    made("i-0aaa1", "web"),
    made("i-0aab2", "db"),
    made("i-0abc3", "web", "terminated"),
    made("i-0abd4", "old", "terminated"),
    made("i-0aae5", "twin"),
    made("i-0aaf6", "twin"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("i-0aaa1", "i-0aaa1"),
        ("i-0aab", "i-0aab2"),
        ("0aab", "i-0aab2"),
        ("web", "i-0aaa1"),  # the one that is left
        ("old", "i-0abd4"),
        ("i-0abc", "i-0abc3"),
    ],
)
def test_an_instance_is_named_by_id_prefix_or_tag(wanted: str, found: str) -> None:
    assert find(FLEET, wanted).instance_id == found


def test_an_exact_id_wins_over_a_longer_one() -> None:
    assert find([made("i-0a"), made("i-0ab")], "i-0a").instance_id == "i-0a"


@pytest.mark.parametrize("wanted", ["i-0aa", "twin"])
def test_an_ambiguous_name_lists_whom_it_may_mean(wanted: str) -> None:
    with pytest.raises(AccessError) as error:
        find(FLEET, wanted)
    assert "more than one" in str(error.value)
    assert "i-0aae5  running  twin" in str(error.value)
    assert "i-0aaf6" in str(error.value)


@pytest.mark.parametrize("wanted", ["i-9", "nobody", ""])
def test_an_unknown_name_lists_what_runs(wanted: str) -> None:
    with pytest.raises(AccessError) as error:
        find(FLEET, wanted)
    assert "i-0aab2  running  db" in str(error.value)
    assert "i-0abc3" not in str(error.value)


def test_escapes_in_a_name_do_not_reach_the_terminal() -> None:
    with pytest.raises(AccessError) as error:
        find([made("i-1", "\x1b[2Jevil")], "x")
    assert "\x1b" not in str(error.value)


def test_without_instances_it_says_so() -> None:
    with pytest.raises(AccessError, match="has no instances"):
        find([], "web")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (200_000, "2d")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_directories_of_a_region_that_has_ended(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="it left no logs"):
        find_directory(tmp_path, "i-0a")
    for name in ("i-0ab", "i-0ac"):
        (tmp_path / "instances" / name).mkdir(parents=True)
    assert find_directory(tmp_path, "0ab").name == "i-0ab"
    with pytest.raises(AccessError, match=r"more than one.*i-0ab, i-0ac"):
        find_directory(tmp_path, "i-0a")
    with pytest.raises(AccessError, match="not an instance"):
        find_directory(tmp_path, "../instances")


def test_the_list_of_a_region(
    root: Path, launch: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert region_cli.main(["instances", "--root", str(root)]) == ExitCode.SUCCESS
    assert capsys.readouterr().out == "no instances\n"
    ended = launch("gone", state=48)
    web = launch("[red]web[/red]")
    pending = launch(state=0)

    assert region_cli.main(["instances", "--root", str(root)]) == ExitCode.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["instance", "name", "type", "zone"]
    shown = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert list(shown)[-1] == ended
    assert shown[web][:5] == (
        ["[red]web[/red]", "t4g.nano", "ap-northeast-2a", "10.20.0.5", "running"]
    )
    assert shown[pending][3] == "pending"  # without a name

    assert region_cli.main(["instances", "--json", "--root", str(root)]) == ExitCode.SUCCESS
    listed = {item["instance_id"]: item for item in json.loads(capsys.readouterr().out)}
    assert list(listed) == list(shown)
    assert listed[web]["name"] == "[red]web[/red]"
    assert listed[web]["health"] in {"ok", "initializing"}
    assert listed[pending]["health"] == ""
    assert 0 <= listed[web]["age_seconds"] < 60
    assert datetime.fromisoformat(listed[web]["launched"]).tzinfo is not None


def test_without_a_region_there_is_no_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert region_cli.main(["instances", "--root", str(tmp_path)]) == ExitCode.FAILURE
    assert "python -m rehearsal start" in capsys.readouterr().err
