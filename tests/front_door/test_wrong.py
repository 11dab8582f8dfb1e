"""Wrong arguments, files and surroundings end with one message, the documented code and nothing changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.front_door import arguments, files, surroundings
from tests.front_door.attempt import Row, errors_in, prepare, run, state_of

ROWS = (*arguments.ROWS, *files.ROWS, *surroundings.ROWS)
INHERITED = ("AWS_", "PULUMI_", "LOADTEST_")


@pytest.fixture(autouse=True)
def restored_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the caller's region or account; commands change the environment of their process."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(INHERITED):
            del os.environ[name]
    os.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "COLUMNS": "200"}
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(tmp_path / "nowhere")
    # What boto3 has read for another row is not this one's.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    yield
    os.environ.clear()
    os.environ |= before


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_refused_in_one_message(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path, row.files)
    os.environ |= row.environment
    before = state_of(tmp_path)

    code = run(row.words)

    printed = capfd.readouterr()
    assert code == row.code
    [message] = errors_in(printed.err)
    assert [one for one in row.says if one not in message] == [], message
    assert "Traceback" not in printed.err + printed.out
    assert "\x1b" not in message
    assert printed.out == ""
    after = state_of(tmp_path)
    assert {name: one for name, one in after.items() if name not in row.leaves} == before


def test_there_are_as_many_as_promised():
    assert len({(one.typed, *one.files, *one.environment.items(), *one.says) for one in ROWS}) > 190
