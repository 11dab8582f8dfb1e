"""Wrong arguments end with one message and the documented code."""

from __future__ import annotations

from pathlib import Path

import pytest

import loadtest.cli.main as loadtest_cli
import rehearsal.cli as rehearsal_cli


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["start", "--root", ""], "name a directory for the region's state"),
        (["stop", "--root", "."], "name a directory for the region's state"),
        (["capacity", "--request-ms", "1", "--rate", "inf"], "must be a number greater than 0"),
        (["run", "--scenario", "/nonexistent.yml"], "cannot read the scenario '/nonexistent.yml'"),
        (["run", "--results", "/proc/nowhere"], "cannot write results to /proc/nowhere"),
        (["run", "--pass-env", "HAPROOF_NOT_SET"], "there is no such environment variable"),
        (["preview", "--program", "/nonexistent"], "cannot read /nonexistent/Pulumi.yaml"),
        (["preview", "--stack", "prod"], "--stack goes with --program"),
    ],
)
def test_the_rehearsal_refuses_them(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("COLUMNS", "200")
    assert rehearsal_cli.main(arguments) == 4
    said = capsys.readouterr().err
    assert message in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["history", "--topology", "nosuch"], "nosuch"),
        (["run", "--stack", "ha", "--scenario", "/nonexistent.yml"], "cannot read the scenario"),
        (["bottleneck", "a\x1b[31mb"], "a\\x1b[31mb"),
    ],
)
def test_the_load_test_refuses_them(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("LOADTEST_RESULTS", str(tmp_path))
    assert loadtest_cli.main(arguments) == 4
    said = capsys.readouterr().err
    assert message in said
    assert "\x1b[31mb" not in said
