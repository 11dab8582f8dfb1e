"""The command `recover`: broken runs become runs that every command reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commandline.exit_codes import ExitCode
from loadtest.analysis import run_loading
from loadtest.cli import main
from loadtest.errors import ResultsError
from loadtest.runs import paths

MAGIC = b"\x1f\x8b\x08"
"""What every gzip member begins with."""


def test_recover_saves_the_summary(killed: Path, capsys: pytest.CaptureFixture[str]):
    (killed / paths.CREDENTIALS).write_text("username,password\n")
    before = run_loading.load_summary(killed)
    assert main.main(["recover", str(killed)]) == ExitCode.NO_VERDICT
    assert "invalid" in capsys.readouterr().out
    assert json.loads((killed / paths.SUMMARY).read_text())["cut_short"] is True
    assert run_loading.load_summary(killed) == before
    assert not (killed / paths.CREDENTIALS).exists()
    # A report does not pick it up as the latest run.
    assert not (killed.parent / "latest-ha.json").exists()


def test_a_damaged_file_is_reported_and_what_came_before_is_kept(
    whole: Path, capsys: pytest.CaptureFixture[str]
):
    file = whole / "requests.ndjson.gz"
    pieces = file.read_bytes().split(MAGIC)[1:]
    raw = b"".join(
        [MAGIC + pieces[0], MAGIC + pieces[1], b"rubbish", *(MAGIC + p for p in pieces[2:])]
    )
    file.write_bytes(raw)
    with pytest.raises(ResultsError, match=r"is broken at line \d+: .*recover"):
        run_loading.load_requests(whole)

    assert main.main(["recover", str(whole)]) == ExitCode.NO_VERDICT
    summary = run_loading.load_summary(whole)
    assert summary.requests.total == 200
    assert "is broken at line 200" in str(summary.cut_reason)
    assert len(run_loading.load_requests(whole)) == summary.requests.total
    assert (whole / "requests.ndjson.gz.broken").read_bytes() == raw
    assert (whole / "run.json.broken").exists()


def test_a_directory_without_settings_is_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main.main(["recover", str(tmp_path)]) == 4
    assert "settings.json" in capsys.readouterr().err
