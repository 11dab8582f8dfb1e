"""Additional hints when a stack could not be built, released or loaded on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psutil

from region.options import command

REPEAT: Final = "The stack itself is up."
"""Begins the line in which the hook after `pulumi up` says how to go on with a stack that stays."""

BUSY_CPUS: Final = 0.5
"""CPUs that other programs may use without slowing applications that start side by side."""
_SECONDS: Final = 1.0


def with_lost_state(text: str, root: Path) -> str:
    """Return the message; with how to start over, where the region in `root` has lost an earlier state."""
    if not any(root.glob("state.pickle.unusable-*")):
        return text
    return (
        f"{text}\nThe region has lost an earlier state, as after an update of this checkout. If the stack "
        f"refers to something of it that does not exist, start over with: {command('stop --remove', root)}"
    )


def explained(text: str, *, kept: bool) -> str:
    """Return the message of a failure with what matters on this computer; call it at the end.

    Args:
        text: What failed.
        kept: Whether the stacks are still there. If not, what uses the CPU now are other programs.
    """
    if kept:
        return text
    lines = [line for line in text.splitlines() if not line.startswith(REPEAT)]
    if len(lines) < len(text.splitlines()):
        lines.append(
            "The stacks are removed. To look into an instance, run it again with `--keep`, then: "
            "python -m rehearsal instances"
        )
    used = psutil.cpu_percent(interval=_SECONDS) / 100 * (psutil.cpu_count() or 1)
    if used > BUSY_CPUS:
        lines.append(
            f"Other programs use {used:.1f} of {psutil.cpu_count()} CPUs of this computer. If something "
            "took too long above, that may be why: end them, or start fewer instances "
            "(`-c minSize=3 -c desiredCapacity=3`)"
        )
    return "\n".join(lines)
