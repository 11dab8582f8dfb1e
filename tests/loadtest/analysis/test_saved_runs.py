"""Saved runs are found by name and read again."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.analysis import columns, run_loading, saved_runs
from loadtest.analysis.saved_runs import SavedRun, UnreadableRun
from loadtest.errors import ResultsError
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.runs import paths


def test_a_saved_run_with_the_published_counts_gives_the_published_shares(golden_base: Path):
    kept = saved_runs.load(golden_base, "latest-single")
    requests = run_loading.load_requests(kept.directory)
    timeouts = requests.is_(Outcome.TIMEOUT)
    failed = columns.users(requests).failed
    assert (len(failed), timeouts.sum()) == (27_000, 14_766)
    assert f"{timeouts.mean():.1%}" == "37.6%"
    assert f"{failed.mean():.1%}" == "54.7%"
    # The summary that was written beside them says the same.
    assert f"{kept.summary.requests.timeout_share:.1%}" == "37.6%"
    assert f"{kept.summary.users.failed_share:.1%}" == "54.7%"


def test_runs_are_found_by_id_beginning_and_directory(
    save: Callable[..., RunSummary], base: Path, tmp_path: Path
):
    run = save(1)
    save(2)
    for name in (run.id, "20261122T000001Z", str(base / run.id)):
        assert saved_runs.find(base, name) == base / run.id
    assert saved_runs.find(base, "latest-ha").name == "20261122T000002Z-ha-quick"
    with pytest.raises(ResultsError, match=r"2 runs below .* start with"):
        saved_runs.find(base, "20261122T")
    with pytest.raises(ResultsError, match="the newest are 20261122T000001Z-ha-quick"):
        saved_runs.find(base, "1999")
    with pytest.raises(ResultsError, match="there are none"):
        saved_runs.find(tmp_path / "nowhere", "x")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "../" * 2000, ""])
def test_what_cannot_be_a_name_is_no_run(save: Callable[..., RunSummary], base: Path, name: str):
    save(1)
    with pytest.raises(ResultsError, match="there is no run"):
        saved_runs.find(base, name)


def test_a_copy_of_a_run_is_no_second_run(save: Callable[..., RunSummary], base: Path):
    run = save(1)
    shutil.copytree(base / run.id, base / "20261122T000009Z-ha-quick")
    found = [saved_runs.load(base, one) for one in (run.id, "20261122T000009Z")]
    with pytest.raises(
        ResultsError, match=r"is given twice, as .*1Z-ha-quick and as .*9Z-ha-quick"
    ):
        saved_runs.given_once(found)
    assert saved_runs.given_once(found[:1]) == found[:1]


def test_runs_of_one_stack_alone_are_not_read_to_find_a_pair(
    save: Callable[..., RunSummary], base: Path, monkeypatch: pytest.MonkeyPatch
):
    for number in (1, 2, 3):
        save(number)
    read = list[Path]()
    monkeypatch.setattr(run_loading, "load_summary", read.append)
    with pytest.raises(ResultsError, match="no finished run of 'single'"):
        saved_runs.latest_pair(base)
    assert read == []


def test_a_saved_run_knows_its_versions(golden: tuple[RunSummary, RunSummary]):
    run = SavedRun(Path("x"), golden[1])
    assert run.app_versions == ["v1"]
    assert dataclasses.astuple(UnreadableRun(Path("x"), "y")) == (Path("x"), "y")


def test_the_latest_pair_had_the_same_load(
    golden: tuple[RunSummary, RunSummary], save: Callable[..., RunSummary], base: Path
):
    """After a quick run of one stack alone, the two before it are still what can be compared."""
    for summary in golden:
        (base / summary.id).mkdir()
        paths.save_summary(base / summary.id, summary)
    (base / save(9).id).rename(base / "20261123T000000Z-ha-quick")
    assert saved_runs.latest_pair(base) == tuple(base / one.id for one in golden)


def test_without_two_of_the_same_load_the_latest_pair_is_the_latest_of_each(
    golden: tuple[RunSummary, RunSummary], save: Callable[..., RunSummary], base: Path
):
    (base / golden[0].id).mkdir()
    paths.save_summary(base / golden[0].id, golden[0])
    later = save(9)
    assert saved_runs.latest_pair(base) == (base / golden[0].id, base / later.id)
    with pytest.raises(ResultsError):
        saved_runs.latest_pair(base / "nowhere")
