"""Files that grow line by line and stay readable whatever happens to their writer.

A journal consists of whole lines of text, plain (`.ndjson`) or compressed (`.ndjson.gz`). Compressed,
it is a sequence of gzip members (RFC 1952, section 2.2, allows several per file), one for each piece
that was appended. So `zcat` reads it, several writers may append to it, and if the writer is killed or
the disk is full only the last piece is lost, not the file.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from loadtest.errors import ResultsError

CHUNK = 1 << 14
GZIP = 16 + zlib.MAX_WBITS


def locate(directory: Path, name: str) -> Path | None:
    """Find the journal of that name (without `.gz`), compressed or not; None if it does not exist."""
    candidates = (directory / f"{name}.gz", directory / name)
    return next((path for path in candidates if path.is_file()), None)


def append(path: Path, text: str) -> None:
    """Append whole lines as a gzip member of their own.

    Raises:
        OSError: The disk is full, for instance.
    """
    with path.open("ab", buffering=0) as file:
        file.write(gzip.compress(text.encode(), compresslevel=6))


class _Members:
    """Decompresses a sequence of gzip members as their bytes arrive."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(GZIP)
        self.begun = False
        """Whether a member has started but not ended."""
        self.error: str | None = None
        """Why nothing further can be decompressed."""

    def feed(self, data: bytes) -> bytes:
        made = list[bytes]()
        while data and not self.error:
            self.begun = True
            try:
                made.append(self._member.decompress(data))
            except zlib.error as error:
                self.error = f"what follows is not gzip ({error})"
                break
            data = self._member.unused_data
            if self._member.eof:
                self._member, self.begun = zlib.decompressobj(GZIP), False
        return b"".join(made)


class _Plain:
    """The same interface for uncompressed text."""

    begun = False
    error: str | None = None

    def feed(self, data: bytes) -> bytes:
        return data


def _decoder(path: Path) -> _Members | _Plain:
    return _Members() if path.suffix == ".gz" else _Plain()


class Tail:
    """Follows a journal while another process appends to it; returns whole lines only."""

    def __init__(self, path: Path) -> None:
        """Follow the file from its start; it need not exist yet."""
        self._path = path
        self._decoder = _decoder(path)
        self._offset = 0
        self._rest = b""

    def lines(self) -> list[str]:
        """Return the lines completed since the last call; none while the file does not exist.

        Raises:
            ValueError: What was appended is not gzip.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        self._offset += len(data)
        text = self._decoder.feed(data)
        if self._decoder.error:
            raise ValueError(f"{self._path}: {self._decoder.error}")
        *complete, self._rest = (self._rest + text).split(b"\n")
        return [line.decode("utf-8", "replace") for line in complete if line]


class Journal:
    """The lines of a journal as far as it can be read. Iterate once, then read the attributes."""

    def __init__(self, path: Path) -> None:
        """Prepare to read the file; iterating opens it."""
        self.path = path
        self.lines = 0
        """Number of lines returned so far."""
        self.damage: str | None = None
        """Why reading stopped before the end of the file; None if it did not."""
        self.unfinished = False
        """Whether the end is missing: the writer died in the middle of a piece."""

    def __iter__(self) -> Iterator[str]:
        """Yield every whole line; stop where the file is damaged, and record why."""
        decoder, rest = _decoder(self.path), b""
        for data in self._chunks():
            *complete, rest = (rest + decoder.feed(data)).split(b"\n")
            for line in complete:
                if line:
                    self.lines += 1
                    yield line.decode("utf-8", "replace")
                if self.damage:
                    return
            if decoder.error:
                self.stop(decoder.error)
                return
        self.unfinished = bool(rest) or decoder.begun

    def stop(self, why: str) -> None:
        """Stop reading: the line returned last is damaged, or what follows it is."""
        self.damage = f"{self.path} is broken at line {self.lines:,}: {why}"

    def _chunks(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise ResultsError(f"cannot read {self.path}: {error.strerror}") from error
