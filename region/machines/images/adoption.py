"""Giving an instance's root what the computer's root owns, where this process is not that root.

In a user namespace the files of the computer's root belong to nobody: the namespace's root can read
what everybody can, change nothing, and the kernel ignores set-user-ID bits. So the layer above gets
what an instance's root has to own: all of /etc, the upper directories of the rest, `sudo` and the like.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from region.machines.images.layers import Layer

_LEVELS: Final = 4
"""How deep below a top-level directory an instance's root can create files: a directory takes 4 KiB."""

_WHOLE: Final = ("/etc", "/usr/libexec/sudo", "/usr/lib/sudo")
"""Where also the files are copied: settings, and plug-ins that `sudo` accepts from root only."""


def adopt(layer: Layer, root: Path, tops: Iterable[str]) -> None:
    """Add to `layer` what an instance's root has to own of the directories `tops` below `root`."""
    for top in tops:
        _adopt(layer, root, top, _LEVELS)
    for whole in _WHOLE:
        if (root / whole[1:]).is_dir():
            _adopt(layer, root, whole, _LEVELS, files=True)


def _adopt(layer: Layer, root: Path, path: str, levels: int, *, files: bool = False) -> None:
    if not layer.adopt_directory(path):
        return
    for entry in _entries(root / path[1:]):
        name = f"{path}/{entry.name}"
        found = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode) and (levels > 1 or files):
            _adopt(layer, root, name, levels - 1, files=files)
            continue
        wanted = stat.S_ISREG(found.st_mode) and (files or found.st_mode & stat.S_ISUID)
        if wanted and os.access(entry.path, os.R_OK):
            # The group of a set-group-ID program is nobody's, too.
            mode = stat.S_IMODE(found.st_mode) & ~stat.S_ISGID
            layer.adopt_file(name, Path(entry.path), mode)


def _entries(directory: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except PermissionError:
        return
