from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music_note import passwords

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(TEXTS, TEXTS)
def test_only_the_password_itself_verifies(password: str, other: str) -> None:
    stored = passwords.hash_password(password, iterations=2)
    assert passwords.verify(password, stored)
    assert passwords.verify(other, stored) == (other == password)


def test_two_hashes_of_one_password_differ() -> None:
    assert passwords.hash_password("a", iterations=2) != passwords.hash_password("a", iterations=2)


def test_a_hash_with_sha_256_still_verifies() -> None:
    raw = hashlib.pbkdf2_hmac("sha256", b"secret", b"salt", 1)
    stored = f"pbkdf2_sha256$1$salt${base64.b64encode(raw).decode()}"
    assert passwords.verify("secret", stored)
    assert not passwords.verify("other", stored)


@pytest.mark.parametrize(
    "stored", ["", "plain", "md5$1$salt$x", "pbkdf2_sha256$x$salt$y", "pbkdf2_sha256$0$s$d"]
)
def test_text_in_another_format_never_verifies(stored: str) -> None:
    assert not passwords.verify("plain", stored)


@pytest.mark.parametrize("password", ["", "secret"])
def test_a_nul_at_the_end_is_not_the_same_password(password: str) -> None:
    assert not passwords.verify(f"{password}\0", passwords.hash_password(password, iterations=2))
    with pytest.raises(ValueError, match="NUL"):
        passwords.hash_password(f"{password}\0", iterations=2)
