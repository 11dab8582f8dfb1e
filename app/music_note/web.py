"""The HTTP interface."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

from itsdangerous import BadSignature, TimestampSigner
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from music_note import passwords
from music_note.admission import Admission
from music_note.database import Database
from music_note.settings import Settings

SESSION_COOKIE = "session"
SESSION_MAX_AGE_S = 3_600
LOGIN_MAX_BYTES = 4_096


def credentials(body: bytes) -> tuple[str, str] | None:
    """User name and password of a login's JSON body; None for anything else."""
    if len(body) > LOGIN_MAX_BYTES:
        return None
    try:
        form: Any = json.loads(body)
        username, password = form["username"], form["password"]
    except (ValueError, KeyError, TypeError):
        return None
    if not (isinstance(username, str) and isinstance(password, str)):
        return None
    return username, password


class Identified:
    """Middleware: every answer tells the version and the instance it came from."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._headers = [
            (b"x-app-version", settings.version.encode()),
            (b"x-instance-id", settings.instance_id.encode()),
            (b"x-availability-zone", settings.availability_zone.encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the headers to the start of the answer."""

        async def send_identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, send_identified)


class Service:
    """The endpoints, with what they share."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        # Logins hash and wait for the database: in threads, no more than there are connections.
        self._threads = ThreadPoolExecutor(settings.database_connections, "login")
        self._unknown = passwords.hash_password("", iterations=settings.password_iterations)
        self._signer: TimestampSigner | None = None
        page = files("music_note").joinpath("index.html").read_text(encoding="utf-8")
        self._index = page.replace("{{version}}", settings.version)

    async def index(self, request: Request) -> Response:  # noqa: ARG002
        """The index page."""
        return HTMLResponse(self._index)

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Whether this process serves.

        It asks no database: a check that does would take the whole fleet out with it.
        """
        return PlainTextResponse("ok")

    async def login(self, request: Request) -> Response:
        """Logs a visitor in: JSON `{"username": …, "password": …}`; 200, 400 or 401."""
        form = credentials(await request.body())
        if form is None:
            return JSONResponse({"error": "send JSON with username and password"}, 400)
        loop = asyncio.get_running_loop()
        cookie = await loop.run_in_executor(self._threads, self._session, *form)
        if cookie is None:
            return JSONResponse({"error": "unknown user or wrong password"}, 401)
        answer = JSONResponse({"user": form[0]})
        answer.set_cookie(SESSION_COOKIE, cookie, max_age=SESSION_MAX_AGE_S, httponly=True)
        return answer

    def _session(self, username: str, password: str) -> str | None:
        stored = self._database.password_hash(username)
        # An unknown name costs the same time as a wrong password.
        if not passwords.verify(password, stored or self._unknown) or stored is None:
            return None
        return self._sessions().sign(username).decode("ascii")

    def _sessions(self) -> TimestampSigner:
        if self._signer is None:
            self._signer = TimestampSigner(self._database.session_key())
        return self._signer

    async def me(self, request: Request) -> Response:
        """Who is logged in: 200 with the name, or 401."""
        loop = asyncio.get_running_loop()
        signer = await loop.run_in_executor(self._threads, self._sessions)
        try:
            cookie = request.cookies.get(SESSION_COOKIE, "")
            user = signer.unsign(cookie, max_age=SESSION_MAX_AGE_S).decode()
        except BadSignature:
            return JSONResponse({"error": "not logged in"}, 401)
        return JSONResponse({"user": user})


def create_app(settings: Settings, database: Database) -> ASGIApp:
    """The ASGI application."""
    service = Service(settings, database)
    app = Starlette(
        routes=[
            Route("/", service.index),
            Route(settings.health_path, service.health),
            Route("/login", service.login, methods=["POST"]),
            Route("/me", service.me),
        ]
    )
    admitted = Admission(
        app, at_once=settings.database_connections, exempt=frozenset({settings.health_path})
    )
    return Identified(admitted, settings=settings)
