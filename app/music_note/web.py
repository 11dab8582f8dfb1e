"""The HTTP interface."""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from music_note import notes, passwords, sessions
from music_note.admission import Admission
from music_note.api import ERROR_HANDLERS, NotesApi, read_body
from music_note.database import Database
from music_note.settings import Settings

LOGIN_MAX_BYTES = 4_096
CREDENTIAL_MAX = 1_000


def credentials(body: bytes) -> tuple[str, str] | None:
    """Parse user name and password from a login's JSON body; None for anything else."""
    try:
        form: Any = json.loads(body)
        username, password = (
            notes.plain_text(name, form[name], CREDENTIAL_MAX) for name in ("username", "password")
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return username, password


class Identified:
    """Middleware that adds the version, instance and zone to the headers of every response."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._headers = [
            (b"x-app-version", settings.version.encode()),
            (b"x-instance-id", settings.instance_id.encode()),
            (b"x-availability-zone", settings.availability_zone.encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the start of the response."""

        async def send_identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, send_identified)


class Service:
    """The endpoints and what they share."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._unknown = passwords.hash_password("", iterations=settings.password_iterations)
        self._sessions = sessions.Sessions(database)
        self._notes = NotesApi(database, self._sessions)
        page = files("music_note").joinpath("index.html").read_text(encoding="utf-8")
        self._index = HTMLResponse(page.replace("{{version}}", settings.version))

    async def login(self, request: Request) -> Response:
        """Log a visitor in with JSON `{"username": …, "password": …}`: 200, 400, 401 or 413."""
        form = credentials(await read_body(request, LOGIN_MAX_BYTES))
        if form is None:
            return JSONResponse({"error": "send JSON with username and password"}, 400)
        cookie = await self._session(*form)
        if cookie is None:
            return JSONResponse({"error": "unknown user or wrong password"}, 401)
        answer = JSONResponse({"user": form[0]})
        answer.set_cookie(sessions.COOKIE, cookie, max_age=sessions.MAX_AGE_S, httponly=True)
        return answer

    async def _session(self, username: str, password: str) -> str | None:
        stored = await self._database.password_hash(username)
        # An unknown name takes as long as a wrong password.
        if not await self._verified(password, stored or self._unknown) or stored is None:
            return None
        return await self._sessions.token(username)

    async def _verified(self, password: str, stored: str) -> bool:
        # A cheap hash takes less time than the way into a thread and back. An expensive one would
        # keep everybody waiting, health checks too.
        if self._settings.password_iterations <= passwords.INLINE_ITERATIONS:
            return passwords.verify(password, stored)
        return await asyncio.to_thread(passwords.verify, password, stored)

    async def logout(self, request: Request) -> Response:  # noqa: ARG002
        """End the visitor's session, if there is one: 204."""
        answer = Response(status_code=204)
        answer.delete_cookie(sessions.COOKIE, httponly=True)
        return answer

    async def me(self, request: Request) -> Response:
        """Return who is logged in: 200 with the name, or 401."""
        user = await self._sessions.user(request.cookies.get(sessions.COOKIE, ""))
        if user is None:
            return JSONResponse({"error": "not logged in"}, 401)
        return JSONResponse({"user": user})

    def routes(self) -> list[Route]:
        """Return all endpoints in the order in which they are tried."""
        return [
            Route("/", self._index, methods=["GET"]),
            # It does not query the database: a failed one would take down every instance at once.
            Route(self._settings.health_path, PlainTextResponse("ok"), methods=["GET"]),
            Route("/login", self.login, methods=["POST"]),
            Route("/me", self.me),
            Route("/logout", self.logout, methods=["POST"]),
            *self._notes.routes(),
        ]


def create_app(settings: Settings, database: Database) -> ASGIApp:
    """Create the ASGI application."""
    service = Service(settings, database)
    app = Starlette(routes=service.routes(), exception_handlers=ERROR_HANDLERS)
    admitted = Admission(
        app, at_once=settings.database_connections, exempt=frozenset({settings.health_path})
    )
    return Identified(admitted, settings=settings)
