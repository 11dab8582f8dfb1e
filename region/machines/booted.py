"""A note that a machine has booted: it keeps running when a killed region is started again.

One that was still booting has nobody who takes its boot to the end, and boots once more.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from region.takeover.followed import boot_id

_FILE: Final = "booted"


def note(directory: Path) -> None:
    """Note that the machine with its files in `directory` runs; on a full disk it is not noted."""
    with suppress(OSError):
        (directory / _FILE).write_text(boot_id())


def forget(directory: Path) -> None:
    """Take the note back: the machine is about to end."""
    (directory / _FILE).unlink(missing_ok=True)


def noted(directory: Path) -> bool:
    """Return whether the machine has booted, since this computer has."""
    with suppress(OSError):
        return (directory / _FILE).read_text() == boot_id()
    return False
