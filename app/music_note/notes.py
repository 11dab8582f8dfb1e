"""The notes that visitors write about the pieces they practice, and the search over them.

A note belongs to its author; every logged-in visitor may read it. Pagination is by key, never by
offset: the last page costs as much as the first, and a new note shifts none of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

PIECE_MAX = 200
TEXT_MAX = 4_000
LIMIT_MAX = 50
LIMIT_DEFAULT = 20
HIGHEST_ID = 2**63 - 1
"""Maximum of PostgreSQL's bigint."""

INSERT = "INSERT INTO note (owner, piece, body) VALUES ($1, $2, $3) RETURNING id, created_at"
SELECT = "SELECT id, owner, piece, body, created_at FROM note WHERE id = $1"
SELECT_OWN = """
SELECT id, owner, piece, left(body, 120), created_at
FROM note
WHERE owner = $1 AND id < $2
ORDER BY id DESC
LIMIT $3
"""

# A range instead of LIKE: it can use an index even in a prepared statement's generic plan, and has
# no wildcards to escape. U+10FFFF sorts after every other character; in the C collation names with a
# common prefix are adjacent, whatever locale the database was created with. The index for it is
# `migration.CREATE_SEARCH_INDEX`.
SELECT_FOUND = """
SELECT id, owner, piece, left(body, 120), created_at, lower(piece)
FROM note
WHERE (lower(piece) COLLATE "C", id) > (greatest(lower($1::text), $2::text COLLATE "C"), $3::bigint)
    AND lower(piece) COLLATE "C" < lower($1) || chr(1114111)
ORDER BY lower(piece) COLLATE "C", id
LIMIT $4
"""


class Rows(Protocol):
    """Something that runs statements."""

    async def run(
        self, statement: str, *values: Any, repeat: bool = True
    ) -> Sequence[Sequence[Any]]:
        """Run one statement with `values` for $1, $2, …, and return its rows."""
        ...


class InvalidRequestError(ValueError):
    """The request is invalid; the message is for the client's developer."""


@dataclass(frozen=True)
class Page:
    """Notes ready for JSON, and the cursor of the next page; None at the end."""

    notes: list[dict[str, Any]]
    after: str | None


class Notes:
    """The notes in the database."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    async def create(self, owner: str, piece: str, text: str) -> dict[str, Any]:
        """Create a note. Never retried automatically: a second attempt could create it twice."""
        rows = await self._database.run(INSERT, owner, piece, text, repeat=False)
        number, created = rows[0]
        return _note([number, owner, piece, text, created], "text")

    async def read(self, number: int) -> dict[str, Any] | None:
        """Return one full note; None if there is none with that number."""
        rows = await self._database.run(SELECT, number)
        return _note(rows[0], "text") if rows else None

    async def own(self, owner: str, limit: int, after: str | None) -> Page:
        """List a visitor's own notes, newest first."""
        before = HIGHEST_ID if after is None else whole_number("after", after, HIGHEST_ID)
        rows = await self._database.run(SELECT_OWN, owner, before, limit + 1)
        return _page(rows, limit, lambda last: str(last[0]))

    async def search(self, prefix: str, limit: int, after: str | None) -> Page:
        """Search all notes by the beginning of the piece's name, case-insensitively and sorted."""
        number, key = (0, "") if after is None else _search_cursor(after)
        rows = await self._database.run(SELECT_FOUND, prefix, key, number, limit + 1)
        return _page(rows, limit, lambda last: f"{last[0]}:{last[5]}")


def new_note(form: Any) -> tuple[str, str]:
    """Parse piece and text of a new note from a JSON body.

    Raises:
        InvalidRequestError: A value is missing or invalid.
    """
    if not isinstance(form, dict):
        raise InvalidRequestError("send a JSON object with piece and text")
    piece = plain_text("piece", form.get("piece"), PIECE_MAX)
    if not piece.strip():
        raise InvalidRequestError("piece is empty; name the piece that the note is about")
    return piece.strip(), plain_text("text", form.get("text"), TEXT_MAX)


def plain_text(name: str, value: Any, most: int) -> str:
    """Return `value` if it is a string of at most `most` characters that PostgreSQL can store.

    Raises:
        InvalidRequestError: It is not.
    """
    if not isinstance(value, str):
        raise InvalidRequestError(f"{name} is missing or not a string")
    if len(value) > most:
        raise InvalidRequestError(f"{name} has {len(value)} characters; at most {most} are allowed")
    if "\0" in value or re.search("[\ud800-\udfff]", value):
        raise InvalidRequestError(
            f"{name} contains a character that cannot be stored (NUL or a lone surrogate)"
        )
    return value


def whole_number(name: str, text: str, most: int, least: int = 1) -> int:
    """Parse a whole number between `least` and `most`.

    Raises:
        InvalidRequestError: The text is not such a number.
    """
    # The length first: Python refuses to convert thousands of digits.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        raise InvalidRequestError(f"{name} must be a whole number from {least} to {most}")
    number = int(text)
    if not least <= number <= most:
        raise InvalidRequestError(f"{name} must be a whole number from {least} to {most}")
    return number


def _search_cursor(after: str) -> tuple[int, str]:
    number, colon, key = after.partition(":")
    if not colon:
        raise InvalidRequestError(
            "after is not a cursor of this search; take it from the previous page"
        )
    return whole_number("after", number, HIGHEST_ID), plain_text("after", key, 4 * PIECE_MAX)


def _page(rows: Sequence[Sequence[Any]], limit: int, cursor: Any) -> Page:
    shown = rows[:limit]
    more = len(rows) > limit
    return Page([_note(row, "excerpt") for row in shown], cursor(shown[-1]) if more else None)


def _note(row: Sequence[Any], body: str) -> dict[str, Any]:
    number, owner, piece, text, created = row[:5]
    return {
        "id": number,
        "owner": owner,
        "piece": piece,
        body: text,
        "created_at": created.isoformat(timespec="seconds"),
    }
