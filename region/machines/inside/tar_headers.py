"""Headers of a tar from an untrusted source: bounded, and damage is an error.

Python takes a damaged header for the archive's end, unless it is the first, and reads names and links
of any length into memory. Standard library only, for programs that run confined to a machine too.
"""

from __future__ import annotations

import tarfile
from typing import Self

LARGEST = 1024 * 1024
"""Bytes of a header that carries more than a number: names, links, extended attributes."""
_LONG = frozenset(
    {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE}
    | {tarfile.SOLARIS_XHDTYPE}
)


class BoundedHeader(tarfile.TarInfo):
    """The `tarinfo` of such an archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Parse a header's block.

        Raises:
            ReadError: It is damaged.
            Exception: What belongs to it is too long; which one is for `too_long` to say.
        """
        try:
            found = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if cls.ends(buf):
                raise
            raise tarfile.ReadError(f"it ends or is damaged in the middle: {error}") from error
        if found.type in _LONG and found.size > LARGEST:
            raise cls.too_long(found.size)
        return found

    @classmethod
    def ends(cls, block: bytes | bytearray) -> bool:
        """Return whether the archive ends here: with zeros or, as GNU tar takes it too, with nothing."""
        return not any(block)

    @classmethod
    def too_long(cls, size: int) -> Exception:
        """Return the error for a header of `size` bytes."""
        return tarfile.ReadError(f"a header has {size} bytes; at most {LARGEST} are read")
