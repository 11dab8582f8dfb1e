"""The command blocks of the documents, typed as they stand there, in a clone of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from commandline.errors import reported
from tests.document_blocks import BY_HAND, ROOT, RUNS, Run, text_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("clone") / "haproof"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # Not newer than what is installed: else `make preview` installs it once more, into this project's
    # own `.venv` and `.tools`, with paths that lead into a directory that is gone after the tests.
    installed = min((ROOT / one / ".stamp").stat().st_mtime for one in (".venv", ".tools"))
    for name in listed.stdout.split("\0")[:-1]:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
        os.utime(target, (installed, installed))
    for name in (".venv", ".tools"):
        (directory / name).symlink_to(ROOT / name)
    yield directory
    type_in(directory, "python -m rehearsal stop --remove", timeout=120)


def type_in(clone: Path, text: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    """Type lines into a shell that ends at the first one that fails."""
    return subprocess.run(
        ["bash", "-ec", f"set -o pipefail; source .venv/bin/activate\n{text}"],
        cwd=clone,
        # A person answers `yes`, and no terminal is there to ask.
        env=os.environ | {"PULUMI_SKIP_CONFIRMATIONS": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="module")
def both_stacks(clone: Path) -> Path:
    """The clone with both stacks up, loaded once, and the files that blocks read."""
    begun = type_in(clone, "python -m rehearsal run --profile smoke --keep --speed 4")
    if begun.returncode == 3 and (why := reported(begun.stdout.splitlines())):
        pytest.skip(f"this computer is too busy to play the stacks: {why[0]}")
    # Otherwise a busy computer may leave a run without a verdict; the stacks are up all the same.
    assert begun.returncode in (0, 3), begun.stdout
    gate = (clone / "docs" / "gate.md").read_text(encoding="utf-8")
    [slo] = re.findall(r"^```yaml\n(applies_to.*?)^```", gate, re.MULTILINE | re.DOTALL)
    (clone / "our-slo.yml").write_text(slo, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "e2e" / "ours.yml", clone / "ours.yml")
    library = clone / "loadtest" / "experiments" / "library"
    shutil.copy(library / "instance-dies.yaml", clone / "ours.yaml")
    return clone


def test_by_hand_begins_with_nothing_and_leaves_nothing(clone: Path):
    done = type_in(clone, text_of(BY_HAND))

    assert done.returncode == 0, done.stdout
    # A computer that is busy with other things may have no verdict. A broken promise ends with 2.
    assert re.search(r"^ha: (kept|undecided|invalid)", done.stdout, re.MULTILINE), done.stdout
    after = type_in(clone, "python -m rehearsal instances")
    assert after.returncode == 4


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.document}: {run.first_line}")
def test_a_block_can_be_typed_as_it_stands(both_stacks: Path, run: Run):
    environment = 'eval "$(python -m rehearsal env)"; export TOKEN=ours\n'

    done = type_in(both_stacks, environment + text_of(run))

    assert done.returncode == 0, f"{text_of(run)}\n{done.stdout}"
    assert "Traceback" not in done.stdout
