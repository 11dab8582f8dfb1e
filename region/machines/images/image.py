"""What an AMI id stands for: the root file system of an instance, as mounts of an OCI bundle."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from region.machines.images import privileges


@dataclass(frozen=True)
class Overlay:
    """A directory of the instance that it may change, over directories that stay as they are.

    Attributes:
        destination: The absolute path in the instance.
        lowers: The directories below the instance's own, the topmost first.
    """

    destination: str
    lowers: tuple[Path, ...]


@dataclass(frozen=True)
class Bind:
    """A file or directory of the host that the instance may only read."""

    destination: str
    source: Path


@dataclass(frozen=True)
class Image:
    """A root file system that any number of instances may use at the same time.

    Attributes:
        name: "host", "al2023", or the name of the directory or tarball.
        overlays: Sorted so that a mount comes after those that it lies in.
        directories: Path and mode of each directory of the instance's own root directory.
        links: Path and target of each symbolic link there.
        volatile: Path and mode of each directory that is empty after a boot (tmpfs).
        description: One line for the user: what is used.
        notes: What does not work with this image, each with the remedy.
    """

    name: str
    overlays: tuple[Overlay, ...]
    binds: tuple[Bind, ...]
    directories: tuple[tuple[str, int], ...]
    links: tuple[tuple[str, str], ...]
    volatile: tuple[tuple[str, int], ...] = (("/run", 0o755), ("/run/lock", 0o1777))
    description: str = ""
    notes: tuple[str, ...] = ()

    def create_root(self, root: Path) -> None:
        """Create the instance's own root directory; what exists stays as it is."""
        root.mkdir(parents=True, exist_ok=True)
        for path, mode in self.directories:
            directory = root / path.lstrip("/")
            if not os.path.lexists(directory):
                directory.mkdir(parents=True)
                directory.chmod(mode)
        for path, target in self.links:
            link = root / path.lstrip("/")
            if not os.path.lexists(link):
                link.symlink_to(target)

    def changes_of(self, storage: Path, destination: str) -> Path:
        """Return where an instance's own files of the overlay at `destination` are kept."""
        return storage / "upper" / quote(destination, safe="")

    def mounts(self, storage: Path) -> list[dict[str, Any]]:
        """Return the mounts of an OCI configuration and create what they write to.

        Args:
            storage: The instance's own directory for what it changes: `upper` and `work`, on one
                file system that is not an overlay itself. What is there already is used again.
        """
        overlays = [_mounted(overlay, storage) for overlay in self.overlays]
        binds = [
            {
                "destination": bind.destination,
                "type": "none",
                "source": str(bind.source),
                "options": ["rbind", "ro"],
            }
            for bind in self.binds
        ]
        volatile = [
            {
                "destination": path,
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "nodev", f"mode={mode:o}"],
            }
            for path, mode in self.volatile
        ]
        return [*overlays, *binds, *volatile]


def _mounted(overlay: Overlay, storage: Path) -> dict[str, Any]:
    name = quote(overlay.destination, safe="")
    upper, work = storage / "upper" / name, storage / "work" / name
    if not upper.is_dir():
        # The root of an overlay has the attributes of its topmost directory, which is this one.
        like = overlay.lowers[0].stat()
        upper.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(upper, like.st_uid, like.st_gid)
        upper.chmod(stat.S_IMODE(like.st_mode))
    work.mkdir(parents=True, exist_ok=True)
    return {
        "destination": overlay.destination,
        "type": "overlay",
        "source": "overlay",
        "options": [
            "lowerdir=" + ":".join(_escaped(lower) for lower in overlay.lowers),
            f"upperdir={_escaped(upper)}",
            f"workdir={_escaped(work)}",
            *privileges.OVERLAY_OPTIONS,
        ],
    }


def _escaped(path: Path) -> str:
    """Escape what separates directories and options of an overlay."""
    return "".join(f"\\{sign}" if sign in "\\:," else sign for sign in str(path))
