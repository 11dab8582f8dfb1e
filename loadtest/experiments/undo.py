"""The fault journal: every change and how to undo it, on disk before the change is made.

One file per experiment below `results/faults/`, lines of JSON:

    {"header": {"id": …, "pid": …, "region": …, "endpoint": …, "experiment": …}}
    {"open": 1, "way_back": "network-acl", "arguments": {…}, "what": "subnet-1 has its network ACL"}
    {"done": 1}

A line is on the disk (fsync) before the call that it is about; that something was put back need not be
known, as a way back may be taken twice. Whoever runs the experiment holds a lock on the file, which the
kernel releases when the process ends, however it ends; so whoever gets the lock knows that nobody else puts
things back. The file is removed once nothing is left to put back.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Final

from loadtest.errors import ExperimentError

DIRECTORY = "faults"
SUFFIX = ".ndjson"
MARK_LENGTH: Final = 60
UNFINISHED = ".part"
"""A journal under this name has not been begun: nothing was done by whoever died while making it."""


@dataclass(frozen=True)
class WayBack:
    """How to put one change back. `handler` is a name of `ways_back.HANDLERS`."""

    handler: str
    arguments: Mapping[str, Any]
    what: str
    """What holds again afterwards, in words."""


@dataclass(frozen=True)
class Header:
    """Whose journal it is."""

    id: str
    """Also the mark that everything made for the experiment carries."""
    pid: int
    region: str
    endpoint: str | None
    """None: AWS itself."""
    experiment: str
    stack: str = ""
    """The stack's name; older journals have none."""
    account: str = ""
    """The AWS account's number; empty in a local region, which its endpoint tells from others."""

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Header:
        """Return the header of a journal's first line; what a newer version adds is ignored.

        Raises:
            TypeError: Something is missing, or of another type.
        """
        given = {one.name: raw[one.name] for one in fields(cls) if one.name in raw}
        for name, value in given.items():
            kind = {"pid": int, "endpoint": str | None}.get(name, str)
            if not isinstance(value, kind):
                raise TypeError(f"{name} is {value!r}")
        return cls(**given)


def mark_of(name: str) -> str:
    """Return a name as it may be part of a tag, of an S3 key and of a file's name.

    A file of somebody else's may be called anything: AWS takes few characters in a tag, and no more than
    others in a name. What is too long keeps an end of its own.
    """
    plain = re.sub(r"[^\w.-]", "-", name, flags=re.ASCII)
    if len(plain) <= MARK_LENGTH:
        return plain
    own = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{plain[: MARK_LENGTH - len(own) - 1]}-{own}"


class FaultJournal:
    """An open journal, locked."""

    def __init__(self, path: Path, file: IO[str], header: Header) -> None:
        """Use a file that is open for appending and locked; see `create` and `take`."""
        self.path, self.header = path, header
        self._file = file
        self._open: dict[int, WayBack] = {}
        self._next = 1
        self._damaged = list[int]()
        # Actions in the background note their changes from threads of their own.
        self._lock = threading.Lock()

    @classmethod
    def create(cls, directory: Path, header: Header) -> FaultJournal:
        """Begin a journal and lock it.

        Raises:
            ExperimentError: It cannot be written: without one, no fault may begin.
        """
        path = directory / f"{header.id}{SUFFIX}"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            # Under its name only once it is locked: nobody may take it for an abandoned one.
            part = path.with_suffix(UNFINISHED)
            file = _locked_new(part)
            journal = cls(path, file, header)
            journal._write({"header": vars(header)})
            part.replace(path)
            _sync_directory(directory)
        except OSError as error:
            raise ExperimentError(
                f"cannot write the fault journal {path} ({error.strerror}); without it nothing could "
                "be put back, so nothing was done"
            ) from error
        return journal

    @classmethod
    def take(cls, path: Path, *, wait: bool = False) -> FaultJournal | None:
        """Lock a journal that somebody left; None if its experiment still runs, or it is gone.

        With `wait`, return only once the experiment has ended.

        Raises:
            ExperimentError: It cannot be read.
        """
        try:
            # What is not a string is a damaged line like any other.
            file = path.open("r+", encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ExperimentError(
                f"cannot read the fault journal {path} ({error.strerror}): what it would put back is "
                "unknown"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.close()
            return None
        if os.fstat(file.fileno()).st_nlink == 0:
            file.close()
            return None
        return cls._read(path, file)

    @staticmethod
    def header_of(path: Path) -> Header | None:
        """Return whose journal it is that somebody else holds; None if it does not say."""
        with (
            contextlib.suppress(OSError, ValueError, TypeError, KeyError),
            path.open(encoding="utf-8") as file,
        ):
            return Header.read(json.loads(file.readline())["header"])
        return None

    @classmethod
    def _read(cls, path: Path, file: IO[str]) -> FaultJournal:
        header: Header | None = None
        found: dict[int, WayBack] = {}
        damaged, number = list[int](), 0
        _cut_off_unfinished(path, file)
        for place, line in enumerate(file, 1):
            try:
                raw = json.loads(line)
                if "header" in raw:
                    header = Header.read(raw["header"])
                elif "open" in raw:
                    number = int(raw["open"])
                    arguments = dict(raw["arguments"])
                    found[number] = WayBack(str(raw["way_back"]), arguments, str(raw["what"]))
                else:
                    found.pop(int(raw["done"]), None)
            except (ValueError, TypeError, KeyError):
                damaged.append(place)
        if header is None and (found or damaged):
            file.close()
            raise ExperimentError(
                f"the fault journal {path} is damaged: its first line does not say where the faults are. "
                "Put back by hand what its other lines name, then remove it"
            )
        if header is None:
            # Its writer died before the first line was whole: nothing had been done yet.
            header = Header(path.stem, 0, "", None, "")
        journal = cls(path, file, header)
        journal._open, journal._next, journal._damaged = found, number + 1, damaged
        file.seek(0, os.SEEK_END)
        return journal

    def note(self, way_back: WayBack) -> int:
        """Write down how to put back what is about to be changed; returns its number.

        Raises:
            ExperimentError: It cannot be written: the change may not be made.
        """
        with self._lock:
            number = self._next
            line = {
                "open": number,
                "way_back": way_back.handler,
                "arguments": dict(way_back.arguments),
                "what": way_back.what,
            }
            try:
                self._write(line)
            except OSError as error:
                raise ExperimentError(
                    f"cannot write the fault journal {self.path} ({error.strerror}): nothing was changed"
                ) from error
            self._open[number] = way_back
            self._next = number + 1
        return number

    def done(self, number: int) -> None:
        """Note that this change was put back.

        On a full disk that is not written: it would only be put back once more.
        """
        with self._lock:
            if self._open.pop(number, None) is not None:
                with contextlib.suppress(OSError):
                    self._write({"done": number})

    @property
    def to_put_back(self) -> list[tuple[int, WayBack]]:
        """What is still to be put back, the latest change first."""
        with self._lock:
            return sorted(self._open.items(), reverse=True)

    @property
    def unreadable(self) -> list[str]:
        """What cannot be put back as it cannot be read, and what to do then."""
        return [
            f"line {place} of the fault journal {self.path} is damaged: put back by hand what it names, "
            "then remove the file"
            for place in self._damaged
        ]

    def close(self) -> None:
        """Release the journal; remove it if nothing is left to put back. Idempotent."""
        if self._file.closed:
            return
        if not self._open and not self._damaged:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        """Write a line whole, or nothing of it: what is left of one would damage the next."""
        number = self._file.fileno()
        end = os.fstat(number).st_size
        left = (json.dumps(line) + "\n").encode()
        os.lseek(number, end, os.SEEK_SET)
        try:
            while left:
                left = left[os.write(number, left) :]
            os.fsync(number)
        except OSError:
            os.ftruncate(number, end)
            raise


def _cut_off_unfinished(path: Path, file: IO[str]) -> None:
    """Remove a last line without an end: its writer died, and what it announced was not done."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.ftruncate(file.fileno(), whole)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked_new(path: Path) -> IO[str]:
    """Create a file and lock it."""
    while True:
        file = path.open("x", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()  # `remove_unfinished` of another experiment came between the two


def remove_unfinished(results: Path) -> None:
    """Remove what is left of journals whose writer died before they had a name."""
    for path in (results / DIRECTORY).glob(f"*{UNFINISHED}"):
        with contextlib.suppress(OSError), path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def unfinished_journals(results: Path) -> list[Path]:
    """Return the journals of experiments that have not ended, or did not put everything back."""
    return sorted((results / DIRECTORY).glob(f"*{SUFFIX}"))
