"""Builds actionlint and checks the workflows with it.

It is built from Go modules (8 s on two cores): its release archives, and the PyPI package that
fetches them, need a host that not every network reaches.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from toolchain import paths, progress
from toolchain.engine import go_command
from toolchain.errors import ToolError

MODULE = paths.ROOT / "toolchain" / "actionlint"
EXECUTABLE = paths.TOOLS / "actionlint" / "actionlint"
PACKAGE = "github.com/rhysd/actionlint/cmd/actionlint"
WORKFLOWS = paths.ROOT / ".github" / "workflows"


def ensure() -> str:
    """Build the pinned actionlint if it is missing, and return one line about it.

    Raises:
        ToolError: it cannot be built.
    """
    stamp = EXECUTABLE.with_name("go.sum")
    pinned = (MODULE / "go.sum").read_text(encoding="ascii")
    if not EXECUTABLE.exists() or not stamp.exists() or stamp.read_text("ascii") != pinned:
        progress.run(
            [
                *(str(go_command()), "build", "-trimpath", "-ldflags", "-s -w"),
                *("-o", str(EXECUTABLE), PACKAGE),
            ],
            title="build actionlint from Go modules (once)",
            log=paths.TOOLS / "log" / "actionlint.log",
            cwd=MODULE,
            environment={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
        )
        stamp.write_text(pinned, encoding="ascii")
    return f"actionlint: {EXECUTABLE.relative_to(paths.ROOT)}"


def check(directory: Path = WORKFLOWS) -> str:
    """Check every workflow in `directory`, and return one line about them.

    Raises:
        ToolError: there are none, or actionlint has findings; the message lists them.
    """
    files = sorted(directory.glob("*.yml"))
    if not files:
        raise ToolError(f"{directory} holds no workflow (*.yml)")
    # Without shellcheck and pyflakes: the result must not depend on whether a machine has them.
    command = [str(EXECUTABLE), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise ToolError(f"actionlint:\n{(done.stdout + done.stderr).strip()}")
    return f"actionlint: {len(files)} workflows without findings"
