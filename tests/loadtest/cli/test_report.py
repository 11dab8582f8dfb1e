"""The command `report`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.cli import main
from loadtest.models import RunSummary
from loadtest.runs import paths
from loadtest.stack.outputs import StackOutputs


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
