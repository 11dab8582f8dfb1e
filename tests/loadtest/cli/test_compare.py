"""The command `compare`: what it prints, and which runs it rejects."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import main
from loadtest.models import RunSummary
from loadtest.runs import paths


def changed(run: RunSummary, part: str, **values: Any) -> RunSummary:
    record = getattr(run, part)
    return run.model_copy(update={part: record.model_copy(update=values)})


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


def test_a_rejected_comparison_exits_with_3(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    save(1)
    other = changed(save(2), "scenario", timeout_s=5.0)
    paths.save_summary(base / other.id, other)
    assert main.main(["compare", "20261122T000001Z", "20261122T000002Z"]) == 3
    assert "differ in timeout (10 s and 5 s)" in capsys.readouterr().err


def test_an_invalid_run_is_not_compared(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    run = save(1)
    checks = [check.model_copy(update={"passed": False}) for check in run.validity.checks[:1]]
    paths.save_summary(base / run.id, changed(run, "validity", checks=checks))
    assert main.main(["compare", run.id, save(2).id]) == 3
    assert "not all of them are valid" in capsys.readouterr().err


def test_a_run_without_its_requests_is_reported(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    run = save(1)
    (base / run.id / f"{paths.REQUESTS}.gz").unlink()
    assert main.main(["compare", run.id, save(2).id]) == 4
    assert paths.REQUESTS in capsys.readouterr().err


def test_a_run_is_not_compared_with_itself(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    run = save(1)
    assert main.main(["compare", run.id, run.id[:16]]) == 4
    assert f"{run.id} is given twice; compare it with another run" in capsys.readouterr().err


def test_a_confidence_that_is_no_number_is_rejected(capsys: pytest.CaptureFixture[str]):
    assert main.main(["compare", "a", "b", "--confidence", "nan"]) == 4
    assert "give 50 to 99.99" in capsys.readouterr().err


def test_equal_runs_are_equivalent_within_a_wide_margin(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    save(1)
    save(2)
    names = ["20261122T000001Z", "20261122T000002Z"]
    wide = ["--margin", "400%", "--margin", "5pp", "--json"]
    assert main.main(["compare", *names, *wide]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["outcome"] == "equivalent"
    assert {row["outcome"] for row in said["changes"]} == {"equivalent"}
    assert {row["margin"] for row in said["changes"]} == {"400 %", "5 pp"}
    assert main.main(["compare", *names, "--margin", "timeouts=0.001pp", "--json"]) == 0
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)["changes"]}
    assert rows["timeouts"]["outcome"] == "inconclusive"
    assert rows["p99"]["relative_low"] == 0 == rows["p99"]["relative_high"]


def test_the_margins_of_the_slo_file_count_without_an_option(
    save: Callable[..., RunSummary], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    save(1)
    save(2)
    file = tmp_path / "slo.yml"
    file.write_text("margins: {p50: 3 ms}\n")
    names = ["20261122T000001Z", "20261122T000002Z"]
    assert main.main(["compare", *names, "--slo", str(file), "--margin", "p95=4ms", "--json"]) == 0
    rows = {row["key"]: row["margin"] for row in json.loads(capsys.readouterr().out)["changes"]}
    assert (rows["p50"], rows["p95"], rows["p99"]) == ("3 ms", "4 ms", "10 %")


def test_compare_prints_markdown_in_both_languages(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    save(1)
    save(2, ttfb_ms=50.0)
    names = ["20261122T000001Z", "20261122T000002Z"]
    assert main.main(["compare", *names, "--markdown"]) == 0
    english = capsys.readouterr().out
    assert english.startswith("## ❌ B is worse\n")
    assert "| p99 of all | 11.0 ms | 56.0 ms | +45.0 ms (+409 %) |" in english
    assert main.main(["compare", *names, "--markdown", "--lang", "ko"]) == 0
    korean = capsys.readouterr().out
    assert "나빠짐" in korean
    assert "± 10 %" in korean
    assert "worse" not in korean
