"""The command line: exit codes, one-line messages, and what post-up writes down."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import main
from loadtest.cli import post_up as cli_post_up
from loadtest.engine.runner import INTERRUPTED, RunResult
from loadtest.errors import GeneratorError, ReleaseError
from loadtest.models import RunSummary
from loadtest.runs import paths
from loadtest.stack.outputs import StackOutputs
from loadtest.stack.release import Release


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOADTEST_RESULTS", str(tmp_path))
    monkeypatch.setattr(main.signal, "signal", lambda *_: None)
    return tmp_path


@pytest.fixture
def given(raw_outputs: dict[str, Any], tmp_path: Path) -> str:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(raw_outputs))
    return str(file)


def run_with(summary: RunSummary, monkeypatch: pytest.MonkeyPatch, module: Any = main) -> list[Any]:
    calls: list[Any] = []

    def fake(outputs: StackOutputs, profile: Any, **options: Any) -> RunResult:
        calls.append((outputs, profile, options))
        return RunResult(Path("results") / summary.id, summary)

    monkeypatch.setattr(module, "run_load", fake)
    return calls


@pytest.mark.parametrize(
    ("outcome", "code"), [("kept", 0), ("measured", 0), ("broken", 2), ("invalid", 3)]
)
def test_the_verdict_is_the_exit_code(
    outcome: str,
    code: int,
    given: str,
    golden: tuple[RunSummary, RunSummary],
    monkeypatch: pytest.MonkeyPatch,
):
    verdict = golden[1].verdict.model_copy(update={"outcome": outcome})
    calls = run_with(golden[1].model_copy(update={"verdict": verdict}), monkeypatch)
    assert main.main(["run", "--outputs", given, "--profile", "smoke"]) == code
    assert calls[0][1].name == "smoke"


def test_an_interrupted_run_is_130(
    given: str, golden: tuple[RunSummary, RunSummary], monkeypatch: pytest.MonkeyPatch
):
    cut = {"cut_short": True, "cut_reason": INTERRUPTED}
    run_with(golden[1].model_copy(update=cut), monkeypatch)
    assert main.main(["run", "--outputs", given]) == 130


def test_the_profile_is_the_stacks_own_unless_it_is_none(
    raw_outputs: dict[str, Any],
    golden: tuple[RunSummary, RunSummary],
    monkeypatch: pytest.MonkeyPatch,
):
    calls = run_with(golden[1], monkeypatch)
    for setting, used in (("seed", "seed"), ("none", "quick")):
        monkeypatch.setattr(
            "sys.stdin", io.StringIO(json.dumps({**raw_outputs, "loadProfile": setting}))
        )
        main.main(["run", "--outputs", "-"])
        assert calls[-1][1].name == used


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "either --stack NAME or --outputs FILE"),
        (["run", "--outputs", "absent.json"], "cannot read the stack outputs absent.json"),
        (["run", "--nonsense"], "No such option"),
        (["dance"], "No such command"),
        (["report"], "no finished run of 'single'"),
    ],
)
def test_wrong_use_is_infrastructure_and_never_a_broken_promise(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main.main(arguments) == 4
    assert message in capsys.readouterr().err.replace("\n", " ")


def test_an_unknown_profile_names_the_known_ones(given: str, capsys: pytest.CaptureFixture[str]):
    assert main.main(["run", "--outputs", given, "--profile", "huge"]) == 4
    assert "choose one of seed, quick, smoke" in capsys.readouterr().err


COMMANDS = ("release", "run", "report", "recover", "compare", "history", "gate", "plan", "post-up")


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]):
    assert main.main([*command, "--help"]) == 0
    assert "python -m loadtest" in capsys.readouterr().out


def test_report_compares_the_latest_runs(
    base: Path,
    golden: tuple[RunSummary, RunSummary],
    single_outputs: StackOutputs,
    make_outputs: Callable[..., StackOutputs],
    capsys: pytest.CaptureFixture[str],
):
    for summary, stack in zip(golden, (single_outputs, make_outputs()), strict=True):
        (base / summary.id).mkdir()
        paths.save_summary(base / summary.id, summary)
        (base / summary.id / paths.OUTPUTS).write_text(stack.to_json())
    assert main.main(["report"]) == 0
    assert "kept its promise" in capsys.readouterr().out
    assert (base / "report" / "report.html").exists()


def post_up(
    raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch, base: Path
) -> tuple[int, dict[str, Any]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(raw)))
    code = main.main(["post-up"])
    return code, json.loads(cli_post_up.record_path(base, "ha").read_text())


def test_post_up_releases_and_loads(
    raw_outputs: dict[str, Any],
    golden: tuple[RunSummary, RunSummary],
    base: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(
        cli_post_up.release, "release", lambda *_, **__: Release("d-1", "ab", ["i"])
    )
    run_with(golden[1], monkeypatch, cli_post_up)
    code, record = post_up(raw_outputs, monkeypatch, base)
    assert code == 0
    assert record["released"] is True
    assert record["verdict"]["outcome"] == "kept"
    assert record["run"] == golden[1].id


def test_post_up_without_load(
    raw_outputs: dict[str, Any], base: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cli_post_up.release, "release", lambda *_, **__: Release(None, "ab", ["i"]))
    code, record = post_up({**raw_outputs, "loadProfile": "none"}, monkeypatch, base)
    assert (code, record["released"], record["verdict"]) == (0, True, None)


@pytest.mark.parametrize(
    ("error", "code"),
    [(ReleaseError("no"), 4), (GeneratorError("no"), 4), (KeyboardInterrupt(), 130)],
)
def test_post_up_writes_a_failure_down(
    error: BaseException,
    code: int,
    raw_outputs: dict[str, Any],
    base: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli_post_up.release, "release", fail)
    found, record = post_up(raw_outputs, monkeypatch, base)
    assert found == code
    assert record["released"] is False
    assert record["error"] in {"no", "interrupted"}
