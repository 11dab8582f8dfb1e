"""Named baselines: set, listed, removed, compared with, and what is wrong with one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import main
from loadtest.models import RunSummary
from loadtest.runs import paths

RUNS = [f"20261122T00000{n}Z-ha-quick" for n in range(1, 10)]


@pytest.fixture(autouse=True)
def file(base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOADTEST_BASELINES", str(base / "baselines.json"))
    return base / "baselines.json"


def rewrite(base: Path, run: RunSummary, part: str, **values: Any) -> None:
    record = getattr(run, part).model_copy(update=values)
    paths.save_summary(base / run.id, run.model_copy(update={part: record}))


def test_a_baseline_is_set_listed_and_removed(
    save: Callable[..., RunSummary], file: Path, capsys: pytest.CaptureFixture[str]
):
    save(1)
    save(2)
    assert main.main(["baseline", "set", "main", RUNS[0], RUNS[1], RUNS[0]]) == 0
    assert main.main(["baseline", "set", "old", "latest-ha"]) == 0
    assert json.loads(file.read_text())["baselines"]["main"]["runs"] == RUNS[:2]
    assert str(file.parent) not in file.read_text()
    capsys.readouterr()
    assert main.main(["baseline", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["baselines"]
    assert [(one["name"], one["scenario"], one["missing"]) for one in listed] == [
        ("main", "login", []),
        ("old", "login", []),
    ]
    assert main.main(["baseline", "remove", "old"]) == 0
    assert main.main(["baseline", "remove", "old"]) == 4
    assert "no baseline 'old'; it has main" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ttfb_ms", "margins", "code"),
    [
        (5.0, ["--margin", "400%", "--margin", "5pp"], 0),
        (5.0, ["--margin", "0.001pp"], 3),
        (60.0, ["--margin", "5pp"], 2),
    ],
)
def test_the_outcome_is_the_exit_code(
    ttfb_ms: float, margins: list[str], code: int, save: Callable[..., RunSummary]
):
    save(1)
    main.main(["baseline", "set", "main", RUNS[0]])
    save(2, ttfb_ms=ttfb_ms)
    # The name and the run may be left out: the only baseline, the latest run of its stack.
    assert main.main(["compare", "--to-baseline", *margins]) == code
    assert main.main(["compare", RUNS[1], "--to-baseline", "main", *margins]) == code


def test_several_runs_show_how_much_runs_differ(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    for number, ttfb_ms in enumerate((5.0, 5.4, 4.8, 5.1, 5.2, 9.0), start=1):
        save(number, ttfb_ms=ttfb_ms)
    main.main(["baseline", "set", "main", *RUNS[:4]])
    capsys.readouterr()
    assert main.main(["compare", RUNS[4], "--to-baseline", "main", "--json"]) == 3
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)["changes"]}
    assert rows["p99"]["finding"] == "no-difference"
    assert main.main(["compare", RUNS[5], "--to-baseline", "main", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    rows = {row["key"]: row for row in said["changes"]}
    assert rows["p99"]["outcome"] == "worse"
    assert (said["baseline"], len(said["more_a"])) == ("main", 3)
    assert rows["failed_users"]["low"] < 0 < rows["failed_users"]["high"]


def test_removed_runs_are_named_in_one_message(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    for number in (1, 2, 3):
        save(number)
    main.main(["baseline", "set", "main", *RUNS[:2]])
    for run in RUNS[:2]:
        shutil.rmtree(base / run)
    capsys.readouterr()
    assert main.main(["compare", "--to-baseline", "main"]) == 4
    said = capsys.readouterr().err
    assert said.count("error: ") == 1
    assert f"baseline 'main' is incomplete: {RUNS[0]}, {RUNS[1]} cannot be read" in said
    assert main.main(["baseline", "list"]) == 0
    assert RUNS[0] in capsys.readouterr().out


def test_other_conditions_are_named_in_one_message(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    first, second = save(1), save(2)
    rewrite(base, first, "generator", computer="a small one")
    main.main(["baseline", "set", "main", RUNS[0]])
    rewrite(base, second, "scenario", digest="f" * 64)
    second = second.model_copy(
        update={"scenario": second.scenario.model_copy(update={"digest": "f" * 64})}
    )
    rewrite(base, second, "generator", computer="a large one")
    capsys.readouterr()
    assert main.main(["compare", RUNS[1], "--to-baseline", "main"]) == 3
    said = capsys.readouterr().err
    assert said.count("error: ") == 1
    assert "scenario (" in said
    assert "computer (a small one and a large one)" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "a"], "compare takes two runs, not 1"),
        (["compare"], "compare takes two runs, not 0"),
        (["compare", "--to-baseline"], "has no baseline; it is empty"),
        (["compare", "--to-baseline", "x"], "no baseline 'x'; it is empty"),
        (["baseline", "set", "a/b", RUNS[0]], "cannot name a baseline"),
        (["baseline", "set", "main", "nothing"], "there is no run 'nothing'"),
    ],
)
def test_wrong_usage_ends_with_one_message(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert main.main(arguments) == 4
    assert said in capsys.readouterr().err


def test_copies_are_no_runs_of_their_own(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    save(1)
    save(2)
    shutil.copytree(base / RUNS[0], base / RUNS[7])
    assert main.main(["baseline", "set", "main", RUNS[0], RUNS[7]]) == 4
    assert "is given twice" in capsys.readouterr().err
    main.main(["baseline", "set", "main", RUNS[0]])
    capsys.readouterr()
    assert main.main(["compare", RUNS[7], "--to-baseline"]) == 4
    assert f"{RUNS[0]} is part of baseline 'main' itself" in capsys.readouterr().err
    assert main.main(["compare", RUNS[1], RUNS[1][:16], "--to-baseline"]) == 4
    assert "is given twice" in capsys.readouterr().err


def test_which_baseline_must_be_clear_and_a_run_is_not_its_own(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    save(1)
    main.main(["baseline", "set", "main", RUNS[0]])
    assert main.main(["compare", "--to-baseline"]) == 4
    assert f"{RUNS[0]} is part of baseline 'main' itself" in capsys.readouterr().err
    main.main(["baseline", "set", "old", RUNS[0]])
    assert main.main(["compare", "--to-baseline"]) == 4
    assert "--to-baseline main|old" in capsys.readouterr().err


def test_a_broken_file_is_told_with_its_remedy(file: Path, capsys: pytest.CaptureFixture[str]):
    for content, said in (
        ("{", "is not JSON"),
        ('{"baselines": {"a": {}}}', "holds no baselines: baselines.a.runs"),
        ("[]", "holds no baselines"),
        (
            json.dumps(
                {
                    "baselines": {
                        "a": {
                            "runs": [],
                            "topology": "ha",
                            "scenario": "login",
                            "profile": "quick",
                            "computer": "",
                            "set_at": "2026-11-22T00:00:00Z",
                        }
                    }
                }
            ),
            "holds no baselines: baselines.a.runs",
        ),
    ):
        file.write_text(content)
        assert main.main(["baseline", "list"]) == 4
        error = capsys.readouterr().err
        assert said in error
        assert "baseline set" in error
