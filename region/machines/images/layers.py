"""A layer: the project's own files above a root file system, and what it hides of it."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from region.machines.images import cache, confined, privileges
from region.machines.images.errors import ImageError

_Kind = Literal["directory", "opaque", "file", "link", "whiteout"]


@dataclass(frozen=True)
class _Entry:
    kind: _Kind
    mode: int = 0
    owner: tuple[int, int] = (0, 0)
    content: bytes = b""


class Layer:
    """Collects the entries of a layer; `build` writes them once and for all.

    Directories that only lead to an entry get the owner and mode that they have below, because the
    topmost directory of an overlay decides.
    """

    def __init__(
        self, below: Path, tops: frozenset[str], fresh: frozenset[str] = frozenset()
    ) -> None:
        """Lie above the root file system `below`.

        Args:
            below: Its directory.
            tops: Its top-level names that instances see.
            fresh: Those of which instances see only what this layer has.
        """
        self._below = below
        self._tops = tops
        self._fresh = fresh
        self._entries: dict[str, _Entry] = {}

    def directory(
        self, path: str, mode: int = 0o755, owner: tuple[int, int] = (0, 0), *, opaque: bool = False
    ) -> None:
        """Add a directory; an opaque one hides what is in it below."""
        self._add(path, _Entry("opaque" if opaque else "directory", mode, owner))

    def file(
        self, path: str, content: str | bytes, mode: int = 0o644, owner: tuple[int, int] = (0, 0)
    ) -> None:
        """Add a file."""
        data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
        self._add(path, _Entry("file", mode, owner, data))

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, _Entry("link", content=os.fsencode(target)))

    def hide(self, path: str) -> None:
        """Hide a file or directory of the root file system below, unless an entry replaces it."""
        self._add(path, _Entry("whiteout"), replace=False)

    def adopt_directory(self, path: str) -> bool:
        """Add a directory of the root file system below, unless it is hidden; return whether it is not.

        `path` leads over no links. Its owner becomes root.
        """
        if self._hidden(path):
            return False
        self._entries.setdefault(path, self._like_below(path))
        return True

    def adopt_file(self, path: str, source: Path, mode: int) -> None:
        """Add the file `source` of the root file system below, unless it is hidden or replaced."""
        if not self._hidden(path):
            self._entries.setdefault(path, _Entry("file", mode, content=source.read_bytes()))

    def _hidden(self, path: str) -> bool:
        known = self._entries.get(path)
        return known is not None and known.kind in {"whiteout", "opaque"}

    def has(self, top: str) -> bool:
        """Return whether the layer has anything at the top-level name."""
        return f"/{top}" in self._entries

    def has_directory(self, path: str) -> bool:
        """Return whether the layer has the directory `path`, given without links."""
        entry = self._entries.get(path)
        return entry is not None and entry.kind in {"directory", "opaque"}

    def build(self, where: Path) -> Path:
        """Write the layer below the cache directory `where`, unless an equal one is there."""
        entries = sorted(self._entries.items())
        digest = hashlib.sha256(repr((privileges.OF_THE_HOST, entries)).encode()).hexdigest()
        return cache.prepared(where / "layers" / digest[:32], where, self._write)

    def _add(self, path: str, entry: _Entry, *, replace: bool = True) -> None:
        parts = PurePosixPath(self._real(path)).parts
        for depth in range(2, len(parts)):
            parent = "/".join(parts[:depth]).replace("//", "/")
            known = self._entries.get(parent)
            hidden = known is not None and known.kind in {"whiteout", "opaque"}
            if hidden and entry.kind == "whiteout":
                # Nothing of it is to be seen anyway, and in an opaque directory, which is merged
                # with nothing, the kernel lists a whiteout as a file.
                return
            if known is not None and known.kind == "whiteout":
                # Ours lies in something hidden: only ours is to be seen there.
                self._entries[parent] = _Entry("opaque", 0o755)
            elif known is None:
                self._entries[parent] = self._like_below(parent)
        name = "/".join(parts).replace("//", "/")
        if replace or name not in self._entries:
            self._entries[name] = entry
        if entry.kind == "opaque":
            hidden_below = [
                other
                for other, found in self._entries.items()
                if found.kind == "whiteout" and other.startswith(f"{name}/")
            ]
            for other in hidden_below:
                del self._entries[other]

    def _real(self, path: str) -> str:
        """Follow the links of the directories that lead to `path`, as far as instances see them."""
        parent, _, name = path.rpartition("/")
        top = path.split("/")[1]
        if top in self._fresh or not parent:
            return path
        real = confined.resolve(self._below, parent)
        seen = real.split("/")[1] in self._tops - self._fresh
        return f"{real}/{name}" if seen and (self._below / real[1:]).is_dir() else path

    def _like_below(self, path: str) -> _Entry:
        if path.split("/")[1] not in self._fresh:
            try:
                found = (self._below / path[1:]).stat()
            except OSError:
                return _Entry("directory", 0o755)
            if stat.S_ISDIR(found.st_mode):
                owner = privileges.owner_of(found)
                return _Entry("directory", stat.S_IMODE(found.st_mode), owner)
        return _Entry("directory", 0o755)

    def _write(self, directory: Path) -> None:
        try:
            for path, entry in sorted(self._entries.items()):
                _write(directory / path[1:], entry)
        except OSError as error:
            raise ImageError(
                f"The layer above an image cannot be written to {directory} ({error}); set "
                "XDG_CACHE_HOME to a directory on a local file system with extended attributes."
            ) from error


def _write(path: Path, entry: _Entry) -> None:
    if entry.kind == "whiteout":
        privileges.make_whiteout(path)
        return
    if entry.kind == "link":
        path.symlink_to(os.fsdecode(entry.content))
    elif entry.kind == "file":
        path.write_bytes(entry.content)
    else:
        path.mkdir()
        if entry.kind == "opaque":
            privileges.make_opaque(path)
    if os.geteuid() == 0:
        os.chown(path, *entry.owner, follow_symlinks=False)
    if entry.kind != "link":
        path.chmod(entry.mode)
