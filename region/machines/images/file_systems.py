"""Which file systems are mounted where, and which of them can hold an instance's files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from region.machines.images.errors import ImageError

MOUNTS = Path("/proc/self/mountinfo")


def mount_points(mounts: Path = MOUNTS) -> Iterator[tuple[Path, str]]:
    """Yield all mount points of this process with their types, in the order of mounting."""
    for line in mounts.read_text(encoding="utf-8").splitlines():
        fields, _, rest = line.partition(" - ")
        escaped = fields.split()[4]
        path = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), escaped)
        yield Path(path), rest.split()[0]


def type_of(path: Path, mounts: Path = MOUNTS) -> str:
    """Return the type of the file system that `path` lies on, or would if it existed."""
    real = path.resolve()
    found = (Path("/"), "")
    for point, kind in mount_points(mounts):
        # A later mount on the same point hides the earlier one.
        if real.is_relative_to(point) and len(point.parts) >= len(found[0].parts):
            found = (point, kind)
    return found[1]


def require_upper(path: Path, option: str, mounts: Path = MOUNTS) -> None:
    """Check that overlays can keep their changes below `path`: not on another overlay.

    Raises:
        ImageError: They cannot; `option` says how to choose another directory.
    """
    if type_of(path, mounts) == "overlay":
        raise ImageError(
            f"{path} lies on an overlay file system, as everything in a container does that is no "
            "volume: the kernel puts no instance's files there. Start the container with a volume, "
            f"`--volume haproof:{path}`, or choose another directory by {option}."
        )
