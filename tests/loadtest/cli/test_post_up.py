"""The command `post-up`: what it does, and what it records."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import main, tools
from loadtest.cli import post_up as cli_post_up
from loadtest.errors import GeneratorError, ReleaseError
from loadtest.models import RunSummary
from loadtest.profiles import Phase
from loadtest.stack.release import Release


def post_up(
    raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch, base: Path
) -> tuple[int, dict[str, Any]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(raw)))
    code = main.main(["post-up"])
    return code, json.loads(cli_post_up.record_path(base, "ha").read_text())


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Artillery be installed."""
    monkeypatch.setattr(tools, "artillery", lambda: ["node", "artillery"])


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each release succeed at once."""
    done = Release("d-1", "ab", ["i"])
    monkeypatch.setattr(cli_post_up.release, "release", lambda *_, **__: done)


@pytest.mark.usefixtures("released")
def test_post_up_releases_and_loads(
    raw_outputs: dict[str, Any],
    golden: tuple[RunSummary, RunSummary],
    base: Path,
    loads: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    loads(cli_post_up, golden[1])
    code, record = post_up(raw_outputs, monkeypatch, base)
    assert code == 0
    assert record["released"] is True
    assert record["verdict"]["outcome"] == "kept"
    assert record["run"] == golden[1].id


@pytest.mark.usefixtures("released")
def test_post_up_without_load(
    raw_outputs: dict[str, Any], base: Path, monkeypatch: pytest.MonkeyPatch
):
    code, record = post_up({**raw_outputs, "loadProfile": "none"}, monkeypatch, base)
    assert (code, record["released"], record["verdict"]) == (0, True, None)


def script_with(phases: str, directory: Path) -> str:
    file = directory / "ours.yml"
    file.write_text(
        f"config:\n  http: {{timeout: 5}}\n{phases}scenarios:\n  - flow: [{{get: {{url: /}}}}]\n"
    )
    return str(file)


@pytest.mark.usefixtures("released")
def test_post_up_runs_the_load_that_the_setting_writes_out(
    raw_outputs: dict[str, Any],
    golden: tuple[RunSummary, RunSummary],
    base: Path,
    loads: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    calls = loads(cli_post_up, golden[1])
    code, record = post_up(
        {**raw_outputs, "loadProfile": "ramp 5:9:4s, hold 2s"}, monkeypatch, base
    )
    assert (code, record["loadProfile"]) == (0, "ramp 5:9:4s, hold 2s")
    assert calls[0].profile.phases == (Phase("ramp", 4, 5, 9), Phase("hold", 2, 9))


@pytest.mark.usefixtures("released")
def test_post_up_runs_the_script_s_own_load(
    raw_outputs: dict[str, Any],
    golden: tuple[RunSummary, RunSummary],
    base: Path,
    loads: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    calls = loads(cli_post_up, golden[1])
    phases = "  phases: [{duration: 10, arrivalCount: 30}]\n"
    monkeypatch.setenv("LOADTEST_SCENARIO", script_with(phases, base))
    code, _ = post_up({**raw_outputs, "loadProfile": "script"}, monkeypatch, base)
    assert code == 0
    assert calls[0].profile.planned_users == 30
    # With a profile, the script's phases are not read.
    post_up(raw_outputs, monkeypatch, base)
    assert calls[1].profile.name == "quick"


def test_post_up_releases_nothing_if_the_script_has_no_load(
    raw_outputs: dict[str, Any], base: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("LOADTEST_SCENARIO", script_with("", tmp_path))
    code, record = post_up({**raw_outputs, "loadProfile": "script"}, monkeypatch, base)
    assert (code, record["released"]) == (4, False)
    assert "has no `phases`: name a script that has some in LOADTEST_SCENARIO" in record["error"]


def test_post_up_tells_all_that_is_wrong_in_one_round_and_releases_nothing(
    raw_outputs: dict[str, Any], base: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    script = tmp_path / "bad.yml"
    script.write_text("config: {}\nscenarios: [{flow: [{get: {url: x}}]}]\n")
    monkeypatch.setenv("LOADTEST_SCENARIO", str(script))
    monkeypatch.setenv("LOADTEST_GENERATOR", "wrk")
    monkeypatch.setenv("LOADTEST_SLO", str(tmp_path / "gone.yml"))
    monkeypatch.setenv("LOADTEST_PASS_ENV", "NO_SUCH_VARIABLE, NO_OTHER")
    code, record = post_up(raw_outputs, monkeypatch, base)
    assert (code, record["released"]) == (4, False)
    said = record["error"]
    assert said.startswith("4 things are wrong:")
    expected = (
        "gone.yml",
        "generator 'wrk'",
        "'NO_OTHER', 'NO_SUCH_VARIABLE'",
        f"{script}:2:28: a URL begins with a slash: write `/x`",
    )
    assert [one for one in expected if one not in said] == [], said


def test_post_up_releases_nothing_whose_results_cannot_be_written(
    raw_outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("LOADTEST_RESULTS", "/proc/nowhere")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(raw_outputs)))
    assert main.main(["post-up"]) == 4
    assert "cannot write results to /proc/nowhere" in capsys.readouterr().err


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("error", "code"),
    [(ReleaseError("no"), 4), (GeneratorError("no"), 4), (KeyboardInterrupt(), 130)],
)
def test_post_up_records_a_failure(
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
