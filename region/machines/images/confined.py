"""Paths inside a root file system, with its links followed as its own processes would."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from region.machines.images.errors import ImageError

_MAX_LINKS = 40


def resolve(root: Path, path: str) -> str:
    """Return the absolute path in `root` that `path` leads to; what does not exist is kept.

    Raises:
        ImageError: Its links form a loop.
    """
    pending = list(reversed(PurePosixPath(path).parts))
    found: list[str] = []
    links = 0
    while pending:
        part = pending.pop()
        if part in {"/", "."}:
            continue
        if part == "..":
            found = found[:-1]
            continue
        candidate = root.joinpath(*found, part)
        if not candidate.is_symlink():
            found.append(part)
            continue
        links += 1
        if links > _MAX_LINKS:
            raise ImageError(f"The links of {path} in {root} form a loop; choose another image.")
        target = PurePosixPath(candidate.readlink())
        if target.is_absolute():
            found = []
        pending.extend(reversed(target.parts))
    return "/" + "/".join(found)


def on_host(root: Path, path: str) -> Path:
    """Return where the host has what `path` leads to in `root`; it never lies outside."""
    return root / resolve(root, path).lstrip("/")


def read(root: Path, path: str) -> str:
    """Return the text of a file of the root file system, empty if it has none."""
    try:
        return on_host(root, path).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
