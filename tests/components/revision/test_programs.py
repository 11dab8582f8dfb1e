"""For which processors the programs in a revision are compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.revision import programs


def elf(machine: int, *, order: str = "little") -> bytes:
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02" + (b"\x01" if order == "little" else b"\x02")
    header[18:20] = machine.to_bytes(2, "little" if order == "little" else "big")
    return bytes(header)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (elf(62), "x86_64"),
        (elf(183), "arm64"),
        (elf(183, order="big"), "arm64"),
        (elf(22), "ELF machine 22"),
        (b"#!/bin/sh\n", None),
        (b"\x7fELF", None),
        (b"", None),
    ],
)
def test_the_processor_of_a_file(tmp_path: Path, content: bytes, found: str | None):
    file = tmp_path / "file"
    file.write_bytes(content)
    assert programs.architecture(file) == found


def test_one_program_for_the_wanted_processor_is_enough(tmp_path: Path):
    files = [tmp_path / "notes.txt", tmp_path / "lib-arm64.so", tmp_path / "lib-x86.so"]
    for file, content in zip(files, (b"text", elf(183), elf(62)), strict=True):
        file.write_bytes(content)
    assert programs.only_for_others(tmp_path, files, "x86_64") is None
    assert programs.only_for_others(tmp_path, files[:1], "x86_64") is None
    found = programs.only_for_others(tmp_path, files[:2], "x86_64")
    assert found == f"the programs in {tmp_path} are compiled for arm64 (lib-arm64.so)"
