"""Runs that are kept: read again, listed, found by name, compared, and refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis import archive, changes, columns, comparability, reading
from loadtest.analysis.archive import Broken, Kept
from loadtest.analysis.summary import Measurements, summarise
from loadtest.cli import main
from loadtest.errors import ComparisonError, ResultsError
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES
from loadtest.runs import paths
from loadtest.runs.recording import Exchange
from loadtest.stack.outputs import StackOutputs

SEED, QUICK = PROFILES["seed"], PROFILES["quick"]


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOADTEST_RESULTS", str(tmp_path))
    monkeypatch.setattr(main.signal, "signal", lambda *_: None)
    return tmp_path


@pytest.fixture
def save(
    base: Path,
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    make_outputs: Callable[..., StackOutputs],
    make_saved: Callable[..., Path],
) -> Callable[..., RunSummary]:
    """Saves a quick run of the HA stack whose answers take `ttfb_ms` and 0 to 6 ms more."""

    def save_one(number: int, ttfb_ms: float = 5.0, **timeouts: int) -> RunSummary:
        exchanges = make_users(QUICK, ttfb_ms=ttfb_ms, **timeouts)
        name = f"20261122T00000{number}Z-ha-quick"
        summary = summarise(make_measurements(exchanges, QUICK, id=name))
        make_saved(base, summary, exchanges, make_outputs())
        return summary

    return save_one


# --- the published figures ------------------------------------------------------------------------


def test_a_saved_run_with_the_published_counts_gives_the_published_shares(golden_base: Path):
    kept = archive.load(golden_base, "latest-single")
    requests = reading.load_requests(kept.directory)
    timeouts = requests.is_(Outcome.TIMEOUT)
    failed = columns.users(requests).failed
    assert (len(failed), timeouts.sum()) == (27_000, 14_766)
    assert f"{timeouts.mean():.1%}" == "37.6%"
    assert f"{failed.mean():.1%}" == "54.7%"
    # The summary that was written beside them says the same.
    assert f"{kept.summary.requests.timeout_share:.1%}" == "37.6%"
    assert f"{kept.summary.users.failed_share:.1%}" == "54.7%"


def test_comparing_the_published_runs_prints_the_published_shares(
    golden_base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("LOADTEST_RESULTS", str(golden_base))
    assert main.main(["compare", "latest-single", "latest-ha"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line[:14].strip(): line.split() for line in lines}
    assert rows["failed users"][2:6] == ["54.7", "%", "0", "%"]
    assert rows["timeouts"][1:5] == ["37.6", "%", "0", "%"]
    assert rows["failed users"][-1] == rows["p99 of all"][-1] == "better"
    assert any(line.startswith("B is better in failed users, timeouts") for line in lines)


# --- compare --------------------------------------------------------------------------------------


def test_a_run_does_not_differ_from_itself(save: Callable[..., RunSummary], base: Path):
    save(1)
    run = archive.load(base, "20261122T000001Z")
    compared = changes.compare(run, run, by_endpoint=True)
    assert {change.finding for change in compared.changes} == {"no difference shown"}
    assert {change.difference for change in compared.changes} == {0}
    assert len(compared.changes) == 7 + 2 * 2
    assert not compared.changed
    assert compared.sentence.startswith("No difference shown, with 95 % confidence. The p99 may")


def test_what_got_worse_is_named(save: Callable[..., RunSummary], base: Path):
    save(1)
    save(2, ttfb_ms=9.0)
    a, b = (archive.load(base, f"20261122T00000{n}Z") for n in (1, 2))
    found = {c.metric: c for c in changes.compare(a, b).changes}
    assert found["p99 of all"].finding == "worse"
    assert found["p99 of all"].difference == 4
    assert found["p99 of all"].low is not None
    assert found["p99 of all"].low <= 4
    assert found["failed users"].finding == "no difference shown"
    back = {c.metric: c.finding for c in changes.compare(b, a).changes}
    assert back["p99 of all"] == "better"


def test_more_rows_need_more_evidence_each(save: Callable[..., RunSummary], base: Path):
    save(1)
    run = archive.load(base, "20261122T000001Z")
    few, many = (changes.compare(run, run, by_endpoint=more) for more in (False, True))
    assert few.changes[0].confidence == pytest.approx(1 - 0.05 / 7, abs=1e-6)
    assert many.changes[0].confidence == pytest.approx(1 - 0.05 / 11, abs=1e-6)


def test_a_percentile_without_answers_is_a_limit(save: Callable[..., RunSummary], base: Path):
    save(1, index_timeouts=200)
    save(2)
    silent, fast = (archive.load(base, f"20261122T00000{n}Z") for n in (1, 2))
    p99 = {c.metric: c for c in changes.compare(silent, fast).changes}["p99 of all"]
    assert (p99.a, p99.a_at_least, p99.b_at_least) == (10_000, True, False)
    assert p99.low is None
    p99 = {c.metric: c for c in changes.compare(silent, silent).changes}["p99 of all"]
    assert (p99.difference, p99.finding) == (None, "cannot be told")


def test_compare_prints_json(save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]):
    save(1)
    save(2)
    assert main.main(["compare", "20261122T000001Z", "20261122T000002Z", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [run["id"][:16] for run in (said["a"], said["b"])] == [
        "20261122T000001Z",
        "20261122T000002Z",
    ]
    assert len(said["changes"]) == 7


def changed(run: RunSummary, part: str, **values: Any) -> RunSummary:
    record = getattr(run, part)
    return run.model_copy(update={part: record.model_copy(update=values)})


@pytest.mark.parametrize(
    ("part", "values", "named"),
    [
        ("scenario", {"digest": "f" * 64}, "scenario ("),
        ("scenario", {"timeout_s": 5.0}, "time-out (10 s and 5 s)"),
        (
            "scenario",
            {"new_connection_per_user": False},
            "connections (a new one per user and kept open)",
        ),
        ("profile", {"description": "1/s"}, "load profile ("),
        ("generator", {"artillery": "2.0.33"}, "Artillery (2.0.34 and 2.0.33)"),
        ("generator", {"node": "22.1.0"}, "Node (24.19.0 and 22.1.0)"),
        ("generator", {"workers": 9}, "worker threads ("),
        ("generator", {"host_cpus": 64}, "CPUs (2 and 64)"),
        ("users", {"created": 26_000}, "offered load (27,000 users and 26,000 users)"),
    ],
)
def test_runs_of_other_conditions_are_refused(
    golden: tuple[RunSummary, RunSummary], part: str, values: dict[str, Any], named: str
):
    other = changed(golden[1], part, **values)
    with pytest.raises(ComparisonError) as error:
        comparability.require(golden[1], other)
    assert named in str(error.value)
    assert error.value.exit_code == 3


def test_every_difference_is_named_at_once(golden: tuple[RunSummary, RunSummary]):
    other = changed(changed(golden[1], "generator", node="22.1.0"), "scenario", timeout_s=5.0)
    assert [d.name for d in comparability.differences(golden[1], other)] == ["time-out", "Node"]


def test_an_offered_load_within_two_percent_is_the_same(golden: tuple[RunSummary, RunSummary]):
    assert not comparability.differences(golden[1], changed(golden[1], "users", created=26_500))


def test_refusal_is_exit_code_3(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    save(1)
    other = changed(save(2), "scenario", timeout_s=5.0)
    paths.save_summary(base / other.id, other)
    assert main.main(["compare", "20261122T000001Z", "20261122T000002Z"]) == 3
    assert "differ in time-out (10 s and 5 s)" in capsys.readouterr().err


def test_an_invalid_run_is_not_compared(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    run = save(1)
    checks = [check.model_copy(update={"passed": False}) for check in run.validity.checks[:1]]
    paths.save_summary(base / run.id, changed(run, "validity", checks=checks))
    assert main.main(["compare", run.id, run.id]) == 3
    assert "not every one is valid" in capsys.readouterr().err


def test_a_run_without_its_requests_is_told(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    run = save(1)
    (base / run.id / f"{paths.REQUESTS}.gz").unlink()
    assert main.main(["compare", run.id, run.id]) == 4
    assert paths.REQUESTS in capsys.readouterr().err


# --- finding and listing --------------------------------------------------------------------------


def test_runs_are_found_by_id_beginning_and_directory(
    save: Callable[..., RunSummary], base: Path, tmp_path: Path
):
    run = save(1)
    save(2)
    for name in (run.id, "20261122T000001Z", str(base / run.id)):
        assert archive.find(base, name) == base / run.id
    assert archive.find(base, "latest-ha").name == "20261122T000002Z-ha-quick"
    with pytest.raises(ResultsError, match="begins 2 runs"):
        archive.find(base, "20261122T")
    with pytest.raises(ResultsError, match="the newest are 20261122T000001Z-ha-quick"):
        archive.find(base, "1999")
    with pytest.raises(ResultsError, match="there is none at all"):
        archive.find(tmp_path / "nowhere", "x")


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
        (["--stack", "ha"], 2),
        (["--stack", "single"], 0),
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


def test_no_results_are_no_error(base: Path, capsys: pytest.CaptureFixture[str]):
    assert list(archive.runs(base / "absent")) == []
    assert main.main(["history"]) == 0
    assert capsys.readouterr().out.startswith("0 of 0 runs")


def test_a_kept_run_knows_its_versions(golden: tuple[RunSummary, RunSummary]):
    run = Kept(Path("x"), golden[1])
    assert run.app_versions == ["v1"]
    assert dataclasses.astuple(Broken(Path("x"), "y")) == (Path("x"), "y")
