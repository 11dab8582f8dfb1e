"""`history --change-points`: which runs are compared, what Otava is given, what is shown of its answer."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from loadtest.cli import main, tools
from loadtest.errors import LoadTestError
from loadtest.host_record import HostRecord
from loadtest.models import RunSummary
from loadtest.runs import paths

RUNS = [f"20261122T00000{n}Z-ha-quick" for n in range(1, 10)]
STAND_IN = """
import csv, json, os, pathlib, sys, yaml
config = yaml.safe_load(pathlib.Path(sys.argv[sys.argv.index("--config-file") + 1]).read_text())
kept = pathlib.Path(os.environ["KEPT"])
kept.joinpath("otava.yaml").write_text(yaml.safe_dump(config))
kept.joinpath("history.csv").write_text(pathlib.Path(config["tests"]["history"]["file"]).read_text())
change = {"metric": "p99", "index": 4, "mean_before": "11.0", "mean_after": "22.0", "time": 0}
print(json.dumps({"history": [{"time": 0, "attributes": {}, "changes": [change]}]}))
"""


@pytest.fixture
def otava(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Otava that keeps what it is given, and says that p99 doubled at the fifth run."""
    script = tmp_path / "otava.py"
    script.write_text(STAND_IN)
    monkeypatch.setenv("KEPT", str(tmp_path))
    monkeypatch.setattr(tools, "otava", lambda: [sys.executable, str(script)])
    return tmp_path


def changed(base: Path, run: RunSummary, **values: object) -> None:
    paths.save_summary(base / run.id, run.model_copy(update=values))


def watched(target: float | None) -> HostRecord:
    return HostRecord(
        window_s=15.0, cpus=2, ours=[0.5] * 2, target=[target] * 2, others=[0.0] * 2,
        steal=[0.0] * 2, idle=[1.0] * 2,
    )  # fmt: skip


def test_otava_reads_comparable_runs_and_the_change_is_named(
    save: Callable[..., RunSummary],
    base: Path,
    otava: Path,
    capsys: pytest.CaptureFixture[str],
):
    made = [save(number, ttfb_ms=5.0 if number < 6 else 16.0) for number in range(1, 8)]
    for one in made:
        changed(base, one, host=watched(0.2))
    other = save(8)
    changed(base, other, scenario=other.scenario.model_copy(update={"digest": "f" * 64}))
    cut = save(9)
    changed(base, cut, cut_short=True)
    first = save(0)
    changed(base, first, host=watched(0.2))
    # The newest complete run says under which conditions: the one with another scenario is alone.
    assert main.main(["history", "--change-points"]) == 4
    assert "1 of 10 saved runs are valid and alike" in capsys.readouterr().err
    changed(base, other, cut_short=True)
    assert main.main(["history", "--change-points", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["runs"], said["left_out"]) == (8, 2)
    (change,) = said["changes"]
    assert (change["run"], change["previous_run"]) == (RUNS[3], RUNS[2])
    assert (change["figure"], change["unit"], change["change_percent"]) == ("p99", "ms", 100.0)
    assert change["app_versions"] == ["v1"]
    with (otava / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert [float(row["p99"]) for row in rows] == [11.0] * 6 + [22.0] * 2
    # 0.2 CPUs for 30 s, over the requests of the run.
    assert float(rows[0]["cpu"]) == pytest.approx(6000 / made[0].requests.total)
    config = yaml.safe_load((otava / "otava.yaml").read_text())["tests"]["history"]
    assert config["metrics"].keys() == {"p50", "p99", "failed", "cpu"}
    assert {one["direction"] for one in config["metrics"].values()} == {-1}


def test_the_table_names_run_version_and_change(
    save: Callable[..., RunSummary], otava: Path, capsys: pytest.CaptureFixture[str]
):
    for number in range(1, 7):
        save(number)
    assert main.main(["history", "--change-points", "--limit", "6"]) == 0
    said = capsys.readouterr().out
    assert "change points: 1 in 6 runs" in said
    assert "p99 of all  11.00 ms  22.00 ms  +100 %" in said
    # Nobody watched the computer: nothing is known of the CPU.
    assert "CPU per request" not in said


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "import sys; print('no such test', file=sys.stderr); sys.exit(1)",
            "exit code 1: no such test",
        ),
        ("print('hello')", "Otava's answer is not understood: 'hello'"),
        ("print('{}')", "Otava's answer is not understood"),
    ],
)
def test_an_otava_that_fails_is_told_in_one_message(
    script: str,
    said: str,
    save: Callable[..., RunSummary],
    otava: Path,
    capsys: pytest.CaptureFixture[str],
):
    (otava / "otava.py").write_text(script)
    for number in range(1, 7):
        save(number)
    assert main.main(["history", "--change-points"]) == 4
    assert said in capsys.readouterr().err


def test_without_otava_one_line_names_the_command(
    save: Callable[..., RunSummary],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def missing() -> list[str]:
        raise LoadTestError("Otava is not installed; run `python -m toolchain tool otava`")

    monkeypatch.setattr(tools, "otava", missing)
    save(1)
    assert main.main(["history", "--change-points"]) == 4
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "python -m toolchain tool otava" in said


def test_too_few_runs_are_told_with_their_least_number(
    save: Callable[..., RunSummary], otava: Path, capsys: pytest.CaptureFixture[str]
):
    save(1)
    assert main.main(["history", "--change-points"]) == 4
    said = capsys.readouterr().err
    assert "1 of 1 saved runs are valid and alike" in said
    assert "need at least 6" in said
