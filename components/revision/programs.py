"""For which processors the programs in a revision are compiled. Pure.

Programs, libraries and native modules for Linux are ELF files, which say so in their first bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_MAGIC: Final = b"\x7fELF"
_BIG_ENDIAN: Final = 2
_HEADER_BYTES: Final = 20
_MACHINES: Final = {3: "i386", 40: "arm", 62: "x86_64", 183: "arm64", 243: "riscv64"}
"""`e_machine` of the ELF header: EM_386, EM_ARM, EM_X86_64, EM_AARCH64, EM_RISCV."""


def architecture(file: Path) -> str | None:
    """Return what a file is compiled for, in EC2's words; None for anything but a program."""
    with file.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
    if not header.startswith(_MAGIC) or len(header) < _HEADER_BYTES:
        return None
    order = "big" if header[5] == _BIG_ENDIAN else "little"
    number = int.from_bytes(header[18:20], order)
    return _MACHINES.get(number, f"ELF machine {number}")


def only_for_others(source: Path, members: Iterable[Path], wanted: str) -> str | None:
    """Return the beginning of a sentence if there are programs and none is for `wanted`.

    A revision may hold the same library for several processors; one for the right one is enough.
    """
    found: dict[str, Path] = {}
    for member in members:
        made_for = architecture(member)
        if made_for == wanted:
            return None
        if made_for:
            found.setdefault(made_for, member.relative_to(source))
    if not found:
        return None
    named = " and ".join(f"{made_for} ({file})" for made_for, file in sorted(found.items()))
    return f"the programs in {source} are compiled for {named}"
