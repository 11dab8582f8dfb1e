"""The command `history`: which runs it lists, and what it says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.analysis import run_loading, saved_runs
from loadtest.cli import main
from loadtest.models import RunSummary
from loadtest.profiles import PROFILES
from loadtest.runs import paths

SEED, QUICK = PROFILES["seed"], PROFILES["quick"]


# --- compare --------------------------------------------------------------------------------------


# --- finding and listing --------------------------------------------------------------------------


def test_history_lists_the_newest_first_and_names_what_is_broken(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    save(1)
    save(2, index_timeouts=10)
    (base / "20261122T000003Z-ha-quick").mkdir()
    (base / "20261122T000004Z-ha-quick").mkdir()
    (base / "20261122T000004Z-ha-quick" / paths.SUMMARY).write_text("{")
    (base / "report").mkdir()
    assert main.main(["history"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line[:16] for line in lines[2:]] == ["20261122T000002Z", "20261122T000001Z"]
    assert "broken" in lines[2]
    assert "10 (0.4 %)" in lines[2]
    assert lines[3].endswith("v1")
    assert "skipped 20261122T000003Z-ha-quick: cannot read" in said.err
    assert "skipped 20261122T000004Z-ha-quick:" in said.err
    assert "report" not in said.out + said.err


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ([], 2),
        (["--topology", "ha"], 2),
        (["--topology", "single"], 0),
        (["--profile", "quick"], 2),
        (["--profile", "seed"], 0),
        (["--verdict", "kept"], 1),
        (["--version", "v"], 2),
        (["--version", "w"], 0),
        (["--limit", "1"], 1),
    ],
)
def test_history_filters_and_prints_json(
    save: Callable[..., RunSummary],
    options: list[str],
    listed: int,
    capsys: pytest.CaptureFixture[str],
):
    save(1)
    save(2, index_timeouts=10)
    assert main.main(["history", "--json", *options]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["runs"]) == listed
    assert said["skipped"] == []
    for run in said["runs"]:
        assert run["p99"]["value_ms"] > 0
        assert run["users"] == QUICK.planned_users


def test_no_more_runs_are_read_than_are_listed(
    save: Callable[..., RunSummary],
    base: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    for number in range(1, 7):
        save(number)
    read = list[Path]()
    load = run_loading.load_summary

    def counted(path: Path) -> RunSummary:
        read.append(path)
        return load(path)

    monkeypatch.setattr(run_loading, "load_summary", counted)
    assert main.main(["history", "--limit", "2"]) == 0
    assert f"the newest 2 runs in {base}; --limit shows more" in " ".join(
        capsys.readouterr().out.split()
    )
    assert len(read) == 3
    assert main.main(["history", "--limit", "6"]) == 0
    assert "6 of 6 runs" in capsys.readouterr().out


def test_no_results_are_not_an_error(base: Path, capsys: pytest.CaptureFixture[str]):
    assert list(saved_runs.runs(base / "absent")) == []
    assert main.main(["history"]) == 0
    assert capsys.readouterr().out.startswith("0 of 0 runs")
