"""The HTTP API of the notes: JSON in, JSON out, including errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from music_note import notes, sessions
from music_note.database import UnavailableError
from music_note.notes import InvalidRequestError, Notes, Page

BODY_MAX_BYTES = 32_768
RETRY_AFTER_S = 1
REPEATED = ("piece", "limit")
"""Query parameters that carry over to the URL of the next page."""

T = TypeVar("T")


class Store(notes.Rows, sessions.KeySource, Protocol):
    """What the notes need from the database."""


async def read_body(request: Request, most: int) -> bytes:
    """Read a request's body; respond with 413 as soon as it exceeds `most` bytes."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            raise HTTPException(413, f"the body has more than {most} bytes")
    return bytes(received)


class NotesApi:
    """The endpoints below `/notes`. All require a session."""

    def __init__(self, store: Store, known: sessions.Sessions) -> None:
        self._notes = Notes(store)
        self._sessions = known

    def routes(self) -> list[Route]:
        """Return the routes in the order in which Starlette tries them."""
        return [
            Route("/notes", self.collection, methods=["GET", "POST"]),
            Route("/notes/search", self.search),
            Route("/notes/{number}", self.read),
        ]

    async def collection(self, request: Request) -> Response:
        """Serve `/notes`; one route, so that a 405 response allows both methods."""
        return await (self.create if request.method == "POST" else self.own)(request)

    async def own(self, request: Request) -> Response:
        """List the visitor's own notes: `?limit=` and `?after=`, the cursor from `next`."""
        limit, after = _paging(request)
        page = await self._as_user(request, lambda user: self._notes.own(user, limit, after))
        return _answer(request, page)

    async def search(self, request: Request) -> Response:
        """Search all notes for pieces that begin with `?piece=`."""
        limit, after = _paging(request)
        prefix = notes.plain_text("piece", request.query_params.get("piece"), notes.PIECE_MAX)
        if not prefix:
            raise InvalidRequestError("piece is empty; send the beginning of the piece's name")
        page = await self._as_user(request, lambda _: self._notes.search(prefix, limit, after))
        return _answer(request, page)

    async def read(self, request: Request) -> Response:
        """Return one note, or 404."""
        try:
            number = notes.whole_number("id", request.path_params["number"], notes.HIGHEST_ID)
        except InvalidRequestError:
            raise HTTPException(404, "there is no such note") from None
        note = await self._as_user(request, lambda _: self._notes.read(number))
        if note is None:
            raise HTTPException(404, "there is no such note")
        return JSONResponse(note)

    async def create(self, request: Request) -> Response:
        """Create a note from JSON `{"piece": …, "text": …}`; respond with 201 and its location."""
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise HTTPException(415, "send the note as application/json")
        try:
            form: Any = json.loads(await read_body(request, BODY_MAX_BYTES))
        except (ValueError, RecursionError):
            raise InvalidRequestError("the body is not JSON") from None
        piece, text = notes.new_note(form)
        note = await self._as_user(request, lambda user: self._notes.create(user, piece, text))
        return JSONResponse(note, 201, {"location": f"/notes/{note['id']}"})

    async def _as_user(self, request: Request, work: Callable[[str], Awaitable[T]]) -> T:
        """Run `work` with the visitor's name."""
        user = await self._sessions.user(request.cookies.get(sessions.COOKIE, ""))
        if user is None:
            raise HTTPException(401, "not logged in")
        return await work(user)


def _paging(request: Request) -> tuple[int, str | None]:
    limit = request.query_params.get("limit", str(notes.LIMIT_DEFAULT))
    return (
        notes.whole_number("limit", limit, notes.LIMIT_MAX),
        request.query_params.get("after"),
    )


def _answer(request: Request, page: Page) -> Response:
    following = None
    if page.after is not None:
        same = {name: value for name, value in request.query_params.items() if name in REPEATED}
        following = f"{request.url.path}?{urlencode({**same, 'after': page.after})}"
    return JSONResponse({"notes": page.notes, "next": following})


async def _on_http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _on_invalid_request(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _on_unavailable(_request: Request, error: Exception) -> Response:
    print(f"music-note: {error}", file=sys.stderr)
    message = {"error": "the database does not answer; try again"}
    return JSONResponse(message, 503, {"retry-after": str(RETRY_AFTER_S)})


ERROR_HANDLERS: dict[Any, Callable[[Request, Exception], Any]] = {
    HTTPException: _on_http_error,
    InvalidRequestError: _on_invalid_request,
    UnavailableError: _on_unavailable,
}
"""Exceptions with their own response."""
