"""Archives in the bucket: a worker's share, and chunks of what it records."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loadtest.engine.fargate.messages import Status
from loadtest.runs import paths

STATUS: Final = "status.json"
PLAN: Final = "plan.json"
GROWING: Final = (f"{paths.REQUESTS}.gz", paths.GENERATOR)
"""Files of a worker that are sent as they grow."""
WHOLE: Final = (paths.ARTILLERY_REPORT, paths.ARTILLERY_LOG)
"""Those that are sent once it has ended."""


def pack(files: Mapping[str, bytes], *, compress: bool = False) -> bytes:
    """Return an archive of the files, given by their names."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz" if compress else "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def unpack(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive by their names; whatever is not a file of one name is left out.

    Raises:
        ValueError: It is not an archive.
    """
    found = dict[str, bytes]()
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            for entry in opened:
                content = opened.extractfile(entry) if entry.isfile() else None
                if content is not None and Path(entry.name).name == entry.name:
                    found[entry.name] = content.read()
    except tarfile.TarError as error:
        raise ValueError(f"what a worker sent is not an archive: {error}") from error
    return found


def directory(path: Path, names: Iterable[str] | None = None) -> dict[str, bytes]:
    """Read the files of a directory: all, or those of `names` that exist."""
    chosen = sorted(path.iterdir()) if names is None else [path / name for name in names]
    return {file.name: file.read_bytes() for file in chosen if file.is_file()}


@dataclass
class Sender:
    """Makes the pieces of what a worker records."""

    path: Path
    _sent: dict[str, int] = field(default_factory=dict[str, int])
    _digests: dict[str, str] = field(default_factory=dict[str, str])

    def piece(self, status: Status, *, last: bool = False) -> bytes:
        """Return what has come since the last piece; with the `last` one also what is sent whole."""
        files = dict[str, bytes]()
        for name in GROWING:
            fresh = self._fresh(self.path / name)
            if fresh:
                files[name] = fresh
                self._sent[name] = self._sent.get(name, 0) + len(fresh)
        digests = dict[str, str]()
        if last:
            files |= directory(self.path, WHOLE)
            names = (*GROWING, *(name for name in WHOLE if name in files))
            digests = {name: digest(self.path / name) for name in names}
        told = status.model_copy(update={"sizes": dict(self._sent), "sha256": digests})
        return pack({STATUS: told.model_dump_json().encode(), **files})

    def _fresh(self, file: Path) -> bytes:
        try:
            with file.open("rb") as opened:
                opened.seek(self._sent.get(file.name, 0))
                return opened.read()
        except FileNotFoundError:
            return b""


class Receiver:
    """Puts the pieces of one worker together again, in a directory of its own."""

    def __init__(self, path: Path) -> None:
        """Receive into that directory."""
        self._path = path

    def take(self, archive: bytes) -> Status:
        """Write what a piece has, and return what the worker says with it.

        Raises:
            ValueError: It is not what a worker sends, or something is missing.
            OSError: It cannot be written.
        """
        files = unpack(archive)
        status = Status.model_validate_json(files.get(STATUS, b""))
        for name in GROWING:
            if name in files:
                with (self._path / name).open("ab", buffering=0) as file:
                    file.write(files[name])
        for name in WHOLE:
            if name in files:
                (self._path / name).write_bytes(files[name])
        for name, size in status.sizes.items():
            found = (self._path / name).stat().st_size if name in GROWING else size
            if found != size:
                raise ValueError(f"{name}: {found:,} bytes came of {size:,} that were sent")
        for name, expected in status.sha256.items():
            if name in (*GROWING, *WHOLE) and digest(self._path / name) != expected:
                raise ValueError(f"{name} is not what the worker has recorded")
        return status


def digest(file: Path) -> str:
    """Return the SHA-256 of a file; of nothing if it does not exist."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return hashlib.sha256().hexdigest()
