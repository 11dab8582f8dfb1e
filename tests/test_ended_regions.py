"""What a killed test run leaves running ends by itself."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil

from tests.patience import PATIENCE

ROOT = Path(__file__).parent.parent
RUN = """
    import sys
    from pathlib import Path
    from region import daemons, private
    from tests.ended_regions import ending

    root = Path(sys.argv[1])
    with ending(root):
        private.root(root)
        (root / "lock").touch()
        files = {"record": root / "one.process.json", "log": root / "one.log"}
        started = daemons.spawn(["/bin/sleep", "1000"], **files)
        print(started.pid, flush=True)
        if sys.argv[2] == "ends":
            sys.exit()
        input()
"""


def run(root: Path, how: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """Start a run in `root`; return it and a process of its region."""
    command = [sys.executable, "-c", textwrap.dedent(RUN), str(root), how]
    pipe = subprocess.PIPE
    begun = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    assert begun.stdout is not None
    return begun, psutil.Process(int(begun.stdout.readline()))


def ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_run_that_is_killed_takes_its_region_along(tmp_path: Path) -> None:
    begun, part = run(tmp_path / "region", "waits")
    begun.kill()
    begun.wait()
    deadline = time.monotonic() + 2 * PATIENCE
    while not ended(part):
        assert time.monotonic() < deadline, "the region was left running"
        time.sleep(0.1)


def test_a_run_that_ends_stops_its_region_itself(tmp_path: Path) -> None:
    begun, part = run(tmp_path / "region", "ends")
    begun.wait(PATIENCE)
    assert not ended(part)
    part.kill()
