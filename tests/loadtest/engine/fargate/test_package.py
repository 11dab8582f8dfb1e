"""Pieces of records on their way: together they are the files, and what is missing or changed is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.engine.fargate import package
from loadtest.engine.fargate.messages import Status
from loadtest.engine.fargate.package import Receiver, Sender
from loadtest.runs import paths

REQUESTS = f"{paths.REQUESTS}.gz"


@given(pieces=st.lists(st.binary(max_size=40), max_size=8))
def test_pieces_together_are_the_file(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
):
    there, here = tmp_path_factory.mktemp("there"), tmp_path_factory.mktemp("here")
    sender, receiver = Sender(there), Receiver(here)
    for piece in pieces:
        with (there / REQUESTS).open("ab") as file:
            file.write(piece)
        receiver.take(sender.piece(Status(state="running")))
    (there / paths.ARTILLERY_REPORT).write_text("{}")
    said = receiver.take(sender.piece(Status(state="ended", exit_code=0), last=True))

    assert said.exit_code == 0
    assert (here / paths.ARTILLERY_REPORT).read_text() == "{}"
    if any(pieces):
        assert (here / REQUESTS).read_bytes() == b"".join(pieces)


def test_a_missing_piece_is_found(tmp_path: Path):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    sender, receiver = Sender(there), Receiver(here)
    (there / REQUESTS).write_bytes(b"one")
    receiver.take(sender.piece(Status(state="running")))
    (there / REQUESTS).write_bytes(b"onetwo")
    sender.piece(Status(state="running"))  # lost
    (there / REQUESTS).write_bytes(b"onetwothree")
    with pytest.raises(ValueError, match="8 bytes came of 11 that were sent"):
        receiver.take(sender.piece(Status(state="running")))


def test_a_record_that_was_changed_afterwards_is_found(tmp_path: Path):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    sender, receiver = Sender(there), Receiver(here)
    (there / REQUESTS).write_bytes(b"one")
    receiver.take(sender.piece(Status(state="running")))
    (here / REQUESTS).write_bytes(b"two")
    with pytest.raises(ValueError, match="is not what the worker has recorded"):
        receiver.take(sender.piece(Status(state="ended"), last=True))


def test_no_file_of_a_piece_leaves_its_directory(tmp_path: Path):
    archive = package.pack({"../outside": b"x", "inside": b"y"})
    assert package.unpack(archive) == {"inside": b"y"}
    said = package.pack(
        {package.STATUS: Status(state="running").model_dump_json().encode(), "begin": b"1"}
    )
    Receiver(tmp_path).take(said)
    # Only what a worker records is written.
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_archive_is_told():
    with pytest.raises(ValueError, match="not an archive"):
        package.unpack(b"<html>")
