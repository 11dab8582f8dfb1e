"""The command `proof`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commandline.exit_codes import ExitCode
from loadtest.cli import main
from loadtest.experiments import models
from tests.loadtest.experiments.builders import record_of


def test_without_experiments_it_says_how_to_run_one(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["proof"]) == ExitCode.FAILURE
    assert "there are no experiments below" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("survived", ExitCode.SUCCESS),
        ("not survived", ExitCode.BROKEN_PROMISE),
        ("not shown", ExitCode.NO_VERDICT),
    ],
)
def test_what_was_recorded_is_put_on_one_page(
    base: Path, capsys: pytest.CaptureFixture[str], outcome: str, code: int
) -> None:
    (base / "run-ha").mkdir()
    models.save(base / "run-ha", record_of(outcome=outcome))
    assert main.main(["proof"]) == code
    printed = capsys.readouterr().out
    assert "instance-dies" in printed
    assert f"proof: {base / 'proof' / 'proof.html'}" in printed
    assert (base / "proof" / "proof.html").exists()
    assert main.main(["proof", "--history"]) == ExitCode.SUCCESS
    assert "Proofs: 1" in capsys.readouterr().out


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["proof", "--schema"]) == ExitCode.SUCCESS
    assert json.loads(capsys.readouterr().out)["title"] == "Proof"
