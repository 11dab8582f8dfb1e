"""What regions left on this computer after somebody removed their directories.

A region's network is a named network namespace, which lasts until it is removed: `rehearsal stop` does so,
and finds it by the region's directory. The namespace says which one that is: an alias of its loopback
device (`region.network.links.mark`).
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from toolchain import locate

NAMESPACES: Final = Path("/run/netns")
"""Where named namespaces are. `ip` and HAProxy have the same directory compiled in."""
PREFIX: Final = "haproof-"
_TIMEOUT: Final = 10.0


def networks() -> Iterator[str]:
    """Yield a sentence for each network that no region can have any more, with what removes it.

    Only root sees whose they are: for others there is nothing to tell.

    Raises:
        ToolError: `ip` is missing.
    """
    if os.geteuid() != 0:
        return
    for path in sorted(NAMESPACES.glob(f"{PREFIX}*")):
        root = _root_of(path.name)
        if root is None:
            yield (
                f"{path.name} does not say whose it is; unless a region of an earlier version runs, remove "
                f"it: ip netns delete {path.name}"
            )
        elif not root.is_dir():
            yield (
                f"{path.name} is of a region in {root}, which somebody has removed; remove it: "
                f"python -m rehearsal stop --root {shlex.quote(str(root))}"
            )


def _root_of(name: str) -> Path | None:
    command = [str(locate.ip()), "-netns", name, "-json", "link", "show", "dev", "lo"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=True)
        return Path(json.loads(done.stdout)[0]["ifalias"])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError):
        return None
