from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music_note import passwords


@given(st.text(max_size=30), st.text(max_size=30))
def test_only_the_password_itself_verifies(password: str, other: str) -> None:
    stored = passwords.hash_password(password, iterations=2)
    assert passwords.verify(password, stored)
    assert passwords.verify(other, stored) == (other == password)


def test_two_hashes_of_one_password_differ() -> None:
    assert passwords.hash_password("a", iterations=2) != passwords.hash_password("a", iterations=2)


@pytest.mark.parametrize(
    "stored", ["", "plain", "md5$1$salt$x", "pbkdf2_sha256$x$salt$y", "pbkdf2_sha256$0$s$d"]
)
def test_a_foreign_text_verifies_nothing(stored: str) -> None:
    assert not passwords.verify("plain", stored)
