"""Run in the container by test_container.py: a region, an instance that is asked, and the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.region.small_stack import fetch, launch


def command(root: Path, *words: str) -> str:
    """Run a command of the region in `root`, which must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "region", words[0], "--root", str(root), *words[1:]],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main(root: Path) -> None:
    """Start a region, launch an instance, fetch from it, enter it, stop."""
    command(root, "start")
    try:
        instance, address = launch(root)
        assert fetch(address) == b"from a machine"
        assert command(root, "shell", instance, "--", "id", "-u").strip() == "0"
    finally:
        command(root, "stop")
    groups = list(Path("/sys/fs/cgroup").glob("**/haproof/*"))
    assert groups == [], groups
    print("served, and left nothing")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
