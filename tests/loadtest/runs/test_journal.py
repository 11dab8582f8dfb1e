"""Journals stay readable up to where they are damaged, and the reader says where that is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.runs import journal
from loadtest.runs.journal import Journal, Tail


def test_a_tail_hands_out_whole_lines_only(tmp_path: Path):
    file = tmp_path / "some.ndjson"
    tail = Tail(file)
    assert tail.lines() == []
    file.write_bytes(b"one\ntw")
    assert tail.lines() == ["one"]
    assert tail.lines() == []
    with file.open("ab") as sink:
        sink.write("o ä\n".encode()[:-2])
    assert tail.lines() == []
    with file.open("ab") as sink:
        sink.write("ä\n".encode()[-2:])
    assert tail.lines() == ["two ä"]


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1))),
    st.data(),
)
def test_what_is_appended_is_what_is_read_however_it_arrives(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[list[str]], data: st.DataObject
):
    whole = tmp_path_factory.mktemp("journal") / "whole.ndjson.gz"
    whole.touch()
    for piece in pieces:
        journal.append(whole, "".join(f"{line}\n" for line in piece))
    expected = [line for piece in pieces for line in piece]
    reader = Journal(whole)
    assert list(reader) == expected
    assert (reader.damage, reader.unfinished) == (None, False)

    raw = whole.read_bytes()
    cut = data.draw(st.integers(0, len(raw)))
    growing = whole.with_name("growing.ndjson.gz")
    tail = Tail(growing)
    growing.write_bytes(raw[:cut])
    first = tail.lines()
    assert first == expected[: len(first)]
    growing.write_bytes(raw)
    assert first + tail.lines() == expected

    # Whatever was lost at the end, what came before is there.
    growing.write_bytes(raw[:cut])
    reader = Journal(growing)
    assert list(reader) == first
    assert reader.damage is None


def test_a_damaged_piece_ends_the_reading_and_is_reported(tmp_path: Path):
    file = tmp_path / "some.ndjson.gz"
    journal.append(file, "one\ntwo\n")
    with file.open("ab") as sink:
        sink.write(b"rubbish")
    journal.append(file, "three\n")
    reader = Journal(file)
    assert list(reader) == ["one", "two"]
    assert "is broken at line 2: what follows is not gzip" in str(reader.damage)
    with pytest.raises(ValueError, match="not gzip"):
        Tail(file).lines()


def test_a_flipped_bit_is_found(tmp_path: Path):
    file = tmp_path / "some.ndjson.gz"
    for number in range(3):
        journal.append(file, f"line {number}\n" * 20)
    raw = bytearray(file.read_bytes())
    raw[-12] ^= 1  # in the last piece: its checksum no longer fits
    file.write_bytes(raw)
    reader = Journal(file)
    assert [line for line in reader if "line 2" not in line] == ["line 0"] * 20 + ["line 1"] * 20
    assert reader.damage
