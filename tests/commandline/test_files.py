"""What a user names is read whole, within bounds, and nobody is waited for."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from commandline import files


def test_a_file_is_read_as_open_does(tmp_path: Path):
    file = tmp_path / "a"
    file.write_bytes("\ufeffa\r\nb\n".encode())

    assert files.read_text(file) == "\ufeffa\nb\n"
    assert files.read_text(file, "utf-8-sig", newline="") == "a\r\nb\n"


def test_a_pipe_of_the_shell_is_waited_for():
    reading, writing = os.pipe()
    later = threading.Timer(0.2, lambda: (os.write(writing, b"here"), os.close(writing)))
    later.start()

    assert files.read_text(Path(f"/dev/fd/{reading}")) == "here"

    later.join()
    os.close(reading)


def test_a_file_may_be_so_large_and_no_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "LARGEST", 1024**2)
    file = tmp_path / "large"
    file.write_bytes(bytes(1024**2))
    assert len(files.read_text(file)) == 1024**2

    file.write_bytes(bytes(1024**2 + 1))
    with pytest.raises(OSError, match="more than 1 MiB"):
        files.read_text(file)


def test_what_is_a_constant_of_json_may_be_refused():
    def refuse(constant: str) -> float:
        raise ValueError(f"{constant} is not a number")

    with pytest.raises(ValueError, match="NaN is not a number"):
        files.parse_json("[NaN]", refuse)
    assert files.parse_json("[1]", refuse) == [1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1e999]", "1e999 is larger than any number"),
        (f"[{'9' * 400}]", "a number in it has 400 digits"),
        (f"[{'9' * 5000}]", "a number in it has 5,000 digits"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_computed_with_is_refused(text: str, said: str):
    with pytest.raises(ValueError, match=said):
        files.parse_json(text)
    assert files.parse_json("[1790000000123456789, 1e300, -2.5]") == [
        1790000000123456789,
        1e300,
        -2.5,
    ]


def test_a_value_in_a_message_is_short():
    assert files.shortened("short") == "'short'"
    assert len(files.shortened("long" * 100)) == 60
