"""The command `run`: exit codes, the profile, and series of runs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis import repeats
from loadtest.cli import main, tools
from loadtest.cli import run as cli_run
from loadtest.engine.runner import LoadTest, RunResult
from loadtest.errors import GeneratorError
from loadtest.messages.message import msg
from loadtest.models import RunSummary, Validity
from loadtest.stack.outputs import StackOutputs


@pytest.mark.parametrize(
    ("outcome", "code"),
    [("kept", 0), ("measured", 0), ("broken", 2), ("undecided", 3), ("invalid", 3)],
)
def test_the_verdict_is_the_exit_code(
    outcome: str,
    code: int,
    given: str,
    golden: tuple[RunSummary, RunSummary],
    loads: Callable[..., list[Any]],
):
    verdict = golden[1].verdict.model_copy(update={"outcome": outcome})
    calls = loads(cli_run, golden[1].model_copy(update={"verdict": verdict}))
    assert main.main(["run", "--outputs", given, "--profile", "smoke"]) == code
    assert calls[0].profile.name == "smoke"


def test_an_interrupted_run_exits_with_130(
    given: str, golden: tuple[RunSummary, RunSummary], loads: Callable[..., list[Any]]
):
    cut = {"cut_short": True, "cut_reason": msg("cut.interrupted")}
    loads(cli_run, golden[1].model_copy(update=cut))
    assert main.main(["run", "--outputs", given]) == 130


def test_the_default_profile_is_the_stacks_own_unless_it_is_none(
    raw_outputs: dict[str, Any],
    golden: tuple[RunSummary, RunSummary],
    loads: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    calls = loads(cli_run, golden[1])
    for setting, used in (("seed", "seed"), ("none", "quick")):
        monkeypatch.setattr(
            "sys.stdin", io.StringIO(json.dumps({**raw_outputs, "loadProfile": setting}))
        )
        main.main(["run", "--outputs", "-"])
        assert calls[-1].profile.name == used


def test_an_unknown_profile_names_the_known_ones(given: str, capsys: pytest.CaptureFixture[str]):
    assert main.main(["run", "--outputs", given, "--profile", "huge"]) == 4
    assert "choose one of seed, quick, smoke" in capsys.readouterr().err


@pytest.fixture
def loaded(
    tmp_path: Path,
    raw_outputs: dict[str, Any],
    single_outputs: StackOutputs,
    golden: tuple[RunSummary, RunSummary],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[int, list[str], Path]]:
    """Runs `run` over two stacks; `fake` may replace what a load returns."""
    single, ha = tmp_path / "single.json", tmp_path / "ha.json"
    ha.write_text(json.dumps(raw_outputs))
    single.write_text(single_outputs.to_json())

    def run(
        *options: str, fake: Callable[[int, RunSummary], RunSummary] | None = None
    ) -> tuple[int, list[str], Path]:
        calls: list[str] = []

        def load(outputs: StackOutputs, _test: LoadTest, **_: Any) -> RunResult:
            calls.append(outputs.topology)
            summary = golden[outputs.topology == "ha"]
            if fake:
                summary = fake(len(calls), summary)
            return RunResult(tmp_path / summary.id, summary)

        monkeypatch.setattr(cli_run, "run_load", load)
        monkeypatch.setattr(tools, "artillery", lambda: ["node", "artillery"])
        code = main.main(["run", "--outputs", str(single), "--outputs", str(ha), *options])
        return code, calls, tmp_path

    return run


def test_two_stacks_are_loaded_in_turn_and_the_series_is_saved(
    loaded: Callable[..., tuple[int, list[str], Path]], capsys: pytest.CaptureFixture[str]
):
    code, calls, base = loaded("--repeat", "3")
    assert code == 0
    assert calls == ["single", "ha", "ha", "single", "single", "ha"]
    (file,) = base.glob("repeats-*.json")
    kept = repeats.RunSeries.model_validate_json(file.read_text())
    assert [(run.slot, run.stack) for run in kept.runs][:3] == [(1, "single"), (1, "ha"), (2, "ha")]
    assert kept.contrasts[0].finding == "lower"
    said = capsys.readouterr().out
    assert "6 of 6 runs" in said
    assert "The share of failed users of ha is lower than that of single" in said


def test_the_most_severe_exit_code_wins(loaded: Callable[..., tuple[int, list[str], Path]]):
    def fake(call: int, run: RunSummary) -> RunSummary:
        if call == 2:
            failed = run.users.model_copy(update={"failed": 1})
            broken = run.verdict.model_copy(update={"outcome": "broken"})
            return run.model_copy(update={"users": failed, "verdict": broken})
        if call == 4:
            check = run.validity.checks[0].model_copy(update={"passed": False})
            invalid = run.verdict.model_copy(update={"outcome": "invalid"})
            return run.model_copy(update={"validity": Validity(checks=[check]), "verdict": invalid})
        return run

    assert loaded("--repeat", "2", fake=fake)[0] == 3
    assert loaded("--repeat", "1", fake=fake)[0] == 2


def test_an_error_midway_keeps_what_was_measured(
    loaded: Callable[..., tuple[int, list[str], Path]],
):
    def fake(call: int, run: RunSummary) -> RunSummary:
        if call == 4:
            raise GeneratorError("Artillery crashed")
        return run

    code, calls, base = loaded("--repeat", "3", fake=fake)
    assert (code, len(calls)) == (4, 4)
    (file,) = base.glob("repeats-*.json")
    kept = repeats.RunSeries.model_validate_json(file.read_text())
    assert (len(kept.runs), kept.planned) == (3, 6)


def test_json_is_the_only_standard_output(
    loaded: Callable[..., tuple[int, list[str], Path]], capsys: pytest.CaptureFixture[str]
):
    assert loaded("--repeat", "2", "--json")[0] == 0
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 4


def test_three_stacks_are_rejected(
    loaded: Callable[..., tuple[int, list[str], Path]], capsys: pytest.CaptureFixture[str]
):
    assert loaded("--outputs", "x.json")[0] == 4
    assert capsys.readouterr().err


@pytest.fixture
def sent(
    given: str,
    golden: tuple[RunSummary, RunSummary],
    loads: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[str, list[str]]]:
    """Runs `run` with options; returns the generator that would have sent the load, and its command."""
    calls = loads(cli_run, golden[1])
    monkeypatch.setattr(tools.optional, "command", lambda name: [f"/bin/{name}"])

    def run(*options: str) -> tuple[str, list[str]]:
        assert main.main(["run", "--outputs", given, *options]) in {0, 3}
        return calls[-1].generator, list(calls[-1].command)

    return run


def test_the_generator_is_chosen_by_option_then_by_variable(
    sent: Callable[..., tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
):
    assert sent() == ("artillery", ["node", "artillery"])
    assert sent("--generator", "k6") == ("k6", ["/bin/k6"])
    monkeypatch.setenv("LOADTEST_GENERATOR", "k6")
    assert sent() == ("k6", ["/bin/k6"])
    assert sent("--generator", "artillery") == ("artillery", ["node", "artillery"])


def test_what_the_generator_does_not_run_is_told_before_anything_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "ours.yml"
    file.write_text("config: {}\nscenarios:\n  - flow:\n      - parallel: [get: {url: /}]\n")
    assert main.main(["run", "--generator", "k6", "--scenario", str(file)]) == 4
    said = capsys.readouterr().err
    assert f"{file}:4:9: `parallel`: a user of k6" in said


def test_a_generator_that_is_not_installed_comes_with_the_command(
    given: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("toolchain.paths.TOOLS", tmp_path)
    monkeypatch.setattr("toolchain.locate.which", lambda *_, **__: None)
    assert main.main(["run", "--generator", "k6", "--outputs", given]) == 4
    assert "run `.venv/bin/python -m toolchain tool k6`" in capsys.readouterr().err


def test_pairs_end_with_the_first_look_that_tells(
    loaded: Callable[..., tuple[int, list[str], Path]], capsys: pytest.CaptureFixture[str]
):
    code, calls, base = loaded("--repeat-until-decided", "--max-pairs", "8")
    assert (code, len(calls)) == (0, 6)
    (file,) = base.glob("repeats-*.json")
    kept = repeats.RunSeries.model_validate_json(file.read_text())
    assert (kept.decided, kept.planned) == (True, 16)
    assert {one.outcome for one in kept.contrasts} == {"better"}
    assert kept.contrasts[0].confidence > repeats.CONTRAST_CONFIDENCE
    assert "Decided after 3 of at most 8 pairs" in capsys.readouterr().out


def test_pairs_that_do_not_tell_end_at_the_limit_without_a_verdict(
    loaded: Callable[..., tuple[int, list[str], Path]], capsys: pytest.CaptureFixture[str]
):
    def fake(call: int, run: RunSummary) -> RunSummary:
        users = run.users.model_copy(update={"failed": (call * 7919) % 9000})
        return run.model_copy(update={"users": users})

    limits = ("--repeat-until-decided", "--repeat", "2", "--max-pairs", "4")
    code, calls, _ = loaded(*limits, fake=fake)
    assert (code, len(calls)) == (3, 8)
    assert "Not decided after 4 of at most 4 pairs" in capsys.readouterr().out


def test_pairs_that_cannot_be_planned_are_refused_before_any_load(
    loaded: Callable[..., tuple[int, list[str], Path]],
    given: str,
    capsys: pytest.CaptureFixture[str],
):
    code, calls, _ = loaded("--repeat-until-decided", "--max-pairs", "2")
    assert (code, calls) == (4, [])
    assert "3 to 2 pairs cannot be planned" in capsys.readouterr().err
    assert main.main(["run", "--outputs", given, "--repeat-until-decided"]) == 4
    assert "give --stack twice" in capsys.readouterr().err
