"""An example rehearsed by the main command. In a file of its own: another region's stacks, such as
those that the deployed examples keep for their whole file, have the same addresses.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commandline.exit_codes import ExitCode
from tests.e2e.conftest import Command
from tests.examples.builds import build_revision, version_of

pytestmark = [pytest.mark.e2e, pytest.mark.examples]


@pytest.mark.alone
def test_one_is_rehearsed_like_the_sample_service(rehearsal: Command, tmp_path: Path) -> None:
    revision = build_revision("node-express", tmp_path / "node-express")
    results = tmp_path / "results"

    done = rehearsal(
        *("run", "--profile", "smoke", "--results", str(results)),
        *("--revision", str(revision), "--config", "instanceType=t4g.small"),
        timeout=1200,
    )

    assert done.returncode in {ExitCode.SUCCESS, ExitCode.BROKEN_PROMISE}, done.stdout[-4000:]
    for stack, instances in (("single", 1), ("ha", 6)):
        run = json.loads((next(results.glob(f"*-{stack}-smoke")) / "run.json").read_text())
        assert len(run["instances"]) == instances
        assert {v for one in run["instances"] for v in one["versions"]} == {version_of(revision)}
