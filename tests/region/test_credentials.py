from __future__ import annotations

import stat
from pathlib import Path

import pytest

from region import credentials
from region.api.credentials import Credentials
from region.credentials import CredentialError


def test_a_root_keeps_its_random_key_pair_where_nobody_else_gets(tmp_path: Path):
    first = credentials.ensure(tmp_path)
    assert credentials.ensure(tmp_path) == credentials.read(tmp_path) == first
    other = credentials.ensure(tmp_path / "other")
    assert first.access_key_id != other.access_key_id
    assert first.secret_access_key != other.secret_access_key
    assert len(first.access_key_id) == 20
    assert len(first.secret_access_key) == 40
    path = credentials.file(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert first.secret_access_key not in repr(first)


def test_a_directory_that_was_open_is_closed(tmp_path: Path):
    credentials.file(tmp_path).parent.mkdir(mode=0o755)
    credentials.ensure(tmp_path)
    assert stat.S_IMODE(credentials.file(tmp_path).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"access_key_id": "x"}'])
def test_a_damaged_key_pair_is_told_with_the_remedy(tmp_path: Path, content: str):
    with pytest.raises(CredentialError, match="start the region"):
        credentials.read(tmp_path)
    credentials.ensure(tmp_path)
    credentials.file(tmp_path).write_text(content)
    with pytest.raises(CredentialError, match="delete the file"):
        credentials.ensure(tmp_path)


def test_what_an_instance_gets_survives_the_process_and_tells_nothing_about_others():
    user = credentials.new()
    first, second = Credentials(user), Credentials(user)
    own = first.issue("i-1")
    assert second.known(own.access_key_id) is None
    assert second.issue("i-1") == own
    assert second.known(own.access_key_id) == own
    assert Credentials(credentials.new()).issue("i-1") != own
    assert len({own.secret_access_key, own.session_token, first.issue("i-2").session_token}) == 3
    second.revoke("i-1")
    second.revoke("i-never")
    assert second.known(own.access_key_id) is None
    assert second.known(user.access_key_id) == user
    assert second.known("ü") is None
