"""What an AMI id stands for: the root file system of an instance, as mounts of an OCI bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Overlay:
    """A directory of the instance that it may change, over directories that stay as they are.

    The instance's own directory above them must have the owner and mode of the topmost one: it
    decides about the root of the mount.

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
        description: One line for the user: what is used.
        notes: What does not work with this image, each with the remedy.
    """

    name: str
    overlays: tuple[Overlay, ...]
    binds: tuple[Bind, ...]
    directories: tuple[tuple[str, int], ...]
    links: tuple[tuple[str, str], ...]
    description: str = ""
    notes: tuple[str, ...] = ()
