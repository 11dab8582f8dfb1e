"""`python -m rehearsal preview`: both stacks, the pack, a report; nothing built, nothing left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commandline.exit_codes import ExitCode
from rehearsal.policy_report import MANDATORY
from rehearsal.preview import SETTINGS, Previews

pytestmark = [pytest.mark.engine, pytest.mark.region]


def test_both_stacks_pass_in_the_report(rehearsal: Any, tmp_path: Path) -> None:
    page = tmp_path / "deep" / "summary.md"

    done = rehearsal("preview", "--summary", str(page))

    assert done.returncode == ExitCode.SUCCESS, done.stdout[-4000:]
    written = page.read_text()
    assert "| `single` | ✅ passed | 0 |" in written
    assert "| `ha` | ✅ passed | 0 |" in written
    # The baseline is not held to high availability.
    single = written.partition("### Stack `single`")[2].partition("### Stack `ha`")[0]
    assert "`asg-multi-az`" in single.partition("Not applicable")[2]
    assert written.count("Monthly cost: about") == 2
    assert rehearsal.left_over() == []


def test_a_mandatory_violation_is_an_exit_code_of_its_own(rehearsal: Any, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    settings = {**SETTINGS, "minimumHealthyHosts": "0"}

    code = Previews(rehearsal.root, page, settings=settings).run()

    assert code == ExitCode.BROKEN_PROMISE
    written = page.read_text()
    assert "| `single` | ✅ passed | 0 |" in written
    assert "| `ha` | ❌ failed | 1 |" in written, written
    rows = [line for line in written.splitlines() if line.startswith("| [`codedeploy-min-healthy")]
    (row,) = rows
    assert "aws:codedeploy/deploymentGroup:DeploymentGroup" in row
    assert MANDATORY.capitalize() in written
    assert rehearsal.left_over() == []
