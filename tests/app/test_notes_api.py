"""The notes over HTTP, in process, against a database that is a list."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from music_note import settings

from tests.app.doubles import ENVIRONMENT

web = pytest.importorskip("music_note.web", reason="the revision's libraries: run `make revision`")
from music_note import api, notes, passwords, sessions  # noqa: E402
from music_note.database import UnavailableError  # noqa: E402

CREATED = datetime(2026, 11, 22, 21, 0, 0, 123456, UTC)
PIECES = ["Chopin, Étude no. 1", "Bach, Invention no. 4", "chopin, étude no. 2", "Chopin, Waltz"]


@dataclass
class Listed:
    """Stands for the database: answers the service's own statements from a list."""

    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    broken: bool = False

    async def password_hash(self, username: str) -> str | None:
        stored = passwords.hash_password("secret", iterations=2)
        return stored if username in {"mina", "joon"} else None

    async def session_key(self) -> str:
        return "key"

    async def run(self, statement: str, *given: Any, repeat: bool = True) -> list[list[Any]]:
        if self.broken:
            raise UnavailableError("no database: host 10.0.0.9 is away")
        match statement, given:
            case notes.INSERT, (owner, piece, body):
                assert not repeat
                row = [len(self.rows) + 1, owner, piece, body, CREATED]
                self.rows.append(row)
                return [[row[0], CREATED]]
            case notes.SELECT, (number,):
                return [row for row in self.rows if row[0] == number]
            case notes.SELECT_OWN, (owner, before, most):
                own = [r for r in self.rows if r[1] == owner and r[0] < before]
                return sorted(own, reverse=True)[:most]
            case notes.SELECT_FOUND, (prefix, key, number, most):
                found = sorted(
                    [*row, row[2].lower()]
                    for row in self.rows
                    if row[2].lower().startswith(prefix.lower())
                    and (row[2].lower(), row[0]) > (key, number)
                )
                return sorted(found, key=lambda row: (row[5], row[0]))[:most]
            case other:
                raise AssertionError(other)


@dataclass
class Client:
    """A browser: sends requests over plain ASGI and keeps the cookie."""

    store: Listed
    cookie: str = ""

    def __post_init__(self) -> None:
        self._app = web.create_app(settings.load(ENVIRONMENT), self.store)

    def ask(
        self, method: str, target: str, body: bytes = b"", kind: str = "application/json"
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and decoded JSON."""
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        address = urlsplit(target)
        headers = [(b"content-type", kind.encode()), (b"cookie", self.cookie.encode())]
        scope = {"type": "http", "http_version": "1.1", "method": method, "path": address.path,
                 "raw_path": address.path.encode(), "query_string": address.query.encode(),
                 "headers": headers}  # fmt: skip
        asyncio.run(self._app(scope, receive, send))
        answered = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        text = b"".join(m.get("body", b"") for m in sent[1:])
        if cookie := answered.get("set-cookie"):
            self.cookie = cookie.split(";")[0]
        return sent[0]["status"], answered, json.loads(text) if text else None

    def post(self, target: str, content: object) -> tuple[int, dict[str, str], Any]:
        return self.ask("POST", target, json.dumps(content).encode())

    def login(self, username: str) -> Client:
        assert self.post("/login", {"username": username, "password": "secret"})[0] == 200
        return self


@pytest.fixture
def store() -> Listed:
    return Listed()


@pytest.fixture
def mina(store: Listed) -> Client:
    return Client(store).login("mina")


def test_a_visit_from_login_to_logout(mina: Client):
    status, headers, made = mina.post("/notes", {"piece": " Bach, Gigue ", "text": "slowly ♪"})
    assert (status, headers["location"]) == (201, "/notes/1")
    assert made == {"id": 1, "owner": "mina", "piece": "Bach, Gigue", "text": "slowly ♪",
                    "created_at": "2026-11-22T21:00:00+00:00"}  # fmt: skip
    assert mina.ask("GET", "/notes/1")[::2] == (200, made)
    status, _, listed = mina.ask("GET", "/notes")
    assert (status, [note["id"] for note in listed["notes"]], listed["next"]) == (200, [1], None)
    assert mina.ask("GET", "/notes/search?piece=bach")[2]["notes"][0]["excerpt"] == "slowly ♪"
    status, headers, body = mina.ask("POST", "/logout")
    assert (status, body) == (204, None)
    assert "Max-Age=0" in headers["set-cookie"]
    assert mina.ask("GET", "/notes")[0] == 401


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/notes"), ("GET", "/notes/1"), ("GET", "/notes/search?piece=b"), ("POST", "/notes")],
)
@pytest.mark.parametrize("cookie", ["", "session=mina", "session=mina.aaa.bbb"])
def test_every_endpoint_requires_a_session(store: Listed, method: str, target: str, cookie: str):
    body = b'{"piece": "x", "text": "y"}' if method == "POST" else b""
    status, _, answer = Client(store, cookie).ask(method, target, body)
    assert (status, answer) == (401, {"error": "not logged in"})
    assert store.rows == []


def test_a_session_expires(store: Listed, monkeypatch: pytest.MonkeyPatch):
    mina = Client(store).login("mina")
    monkeypatch.setattr(sessions, "MAX_AGE_S", -1)
    assert mina.ask("GET", "/notes")[0] == 401


def test_the_list_has_own_notes_only_but_everybody_may_read(store: Listed, mina: Client):
    joon = Client(store).login("joon")
    mina.post("/notes", {"piece": "a", "text": ""})
    assert joon.ask("GET", "/notes")[2]["notes"] == []
    assert joon.ask("GET", "/notes/1")[2]["owner"] == "mina"
    assert joon.ask("GET", "/notes/search?piece=A")[2]["notes"][0]["owner"] == "mina"


@pytest.mark.parametrize(
    "start", ["/notes?limit=2", f"/notes/search?piece={quote('chopin')}&limit=2"]
)
def test_pages_lead_to_each_other_without_gap_or_repetition(mina: Client, start: str):
    for piece in PIECES:
        mina.post("/notes", {"piece": piece, "text": "x"})
    seen: list[int] = []
    following: str | None = start
    while following is not None:
        status, _, page = mina.ask("GET", following)
        assert status == 200
        assert 1 <= len(page["notes"]) <= 2
        seen += [note["id"] for note in page["notes"]]
        following = page["next"]
    assert seen == ([4, 3, 2, 1] if start.startswith("/notes?") else [4, 1, 3])


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("/notes?limit=0", "limit must be a whole number from 1 to 50"),
        ("/notes?limit=51", "limit must be"),
        ("/notes?limit=-1", "limit must be"),
        ("/notes?limit=²", "limit must be"),
        ("/notes?limit=" + "9" * 5000, "limit must be"),
        ("/notes?after=x", "after must be"),
        ("/notes?after=9223372036854775808", "after must be"),
        ("/notes/search", "piece is missing"),
        ("/notes/search?piece=", "piece is empty"),
        ("/notes/search?piece=%00", "NUL"),
        ("/notes/search?piece=" + "a" * 201, "at most 200"),
        ("/notes/search?piece=a&after=7", "not a cursor"),
        ("/notes/search?piece=a&after=x:y", "after must be"),
    ],
)
def test_an_invalid_query_is_400_with_the_reason(mina: Client, target: str, complaint: str):
    status, _, answer = mina.ask("GET", quote(target, safe="/?=&%:"))
    assert status == 400
    assert complaint in answer["error"]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "not JSON"),
        (b"[" * 9000, "not JSON"),
        (b"[]", "JSON object"),
        (b"{}", "piece is missing"),
        (b'{"piece": 7, "text": "x"}', "piece is missing or not a string"),
        (b'{"piece": "  ", "text": "x"}', "piece is empty"),
        (b'{"piece": "x"}', "text is missing"),
        (b'{"piece": "x", "text": "a\\u0000b"}', "cannot be stored"),
        (b'{"piece": "\\ud800", "text": "x"}', "cannot be stored"),
        (json.dumps({"piece": "p" * 201, "text": ""}).encode(), "201 characters"),
        (json.dumps({"piece": "p", "text": "t" * 4001}).encode(), "4001 characters"),
    ],
)
def test_an_invalid_note_is_400_with_the_reason(mina: Client, body: bytes, complaint: str):
    status, _, answer = mina.ask("POST", "/notes", body)
    assert status == 400
    assert complaint in answer["error"]
    assert mina.store.rows == []


def test_the_longest_note_is_accepted(mina: Client):
    text = "\U0001f3b5" * notes.TEXT_MAX
    body = json.dumps({"piece": "p" * notes.PIECE_MAX, "text": text}, ensure_ascii=False).encode()
    assert len(body) <= api.BODY_MAX_BYTES
    assert mina.ask("POST", "/notes", body)[0] == 201


def test_a_body_that_is_too_large_is_413(mina: Client):
    status, _, answer = mina.ask("POST", "/notes", b"x" * (api.BODY_MAX_BYTES + 1))
    assert status == 413
    assert "32768 bytes" in answer["error"]


def test_an_endless_body_is_not_read_to_the_end(store: Listed):
    asked = 0

    async def endless() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        assert asked < 100
        return {"type": "http.request", "body": b"x" * 1024, "more_body": True}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/login",
             "raw_path": b"/login", "query_string": b"", "headers": []}  # fmt: skip
    asyncio.run(web.create_app(settings.load(ENVIRONMENT), store)(scope, endless, send))
    assert sent[0]["status"] == 413
    assert asked == 5


def test_a_form_from_another_site_is_415(mina: Client):
    """A page elsewhere can make a browser send text/plain with its cookie, but not JSON."""
    body = b'{"piece": "x", "text": "y"}'
    assert mina.ask("POST", "/notes", body, "text/plain")[0] == 415
    assert mina.ask("POST", "/notes", body, "application/json; charset=utf-8")[0] == 201


@pytest.mark.parametrize(
    "path", ["/notes/7", "/notes/0", "/notes/x", "/notes/-1", "/notes/" + "9" * 30, "/absent"]
)
def test_a_missing_note_is_404_in_json(mina: Client, path: str):
    status, headers, answer = mina.ask("GET", path)
    assert (status, headers["content-type"]) == (404, "application/json")
    assert answer["error"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/notes/1", {"GET", "HEAD"}),
        ("POST", "/notes/search", {"GET", "HEAD"}),
        ("GET", "/login", {"POST"}),
        ("GET", "/logout", {"POST"}),
        ("PUT", "/notes", {"GET", "HEAD", "POST"}),
    ],
)
def test_a_wrong_method_is_405_and_lists_the_allowed_ones(
    mina: Client, method: str, path: str, allowed: set[str]
):
    status, headers, answer = mina.ask(method, path)
    assert status == 405
    assert set(headers["allow"].split(", ")) == allowed
    assert answer["error"]


def test_without_a_database_it_is_503_and_reveals_nothing_internal(
    store: Listed, mina: Client, capsys: pytest.CaptureFixture[str]
):
    store.broken = True
    status, headers, answer = mina.ask("GET", "/notes")
    assert (status, headers["retry-after"]) == (503, "1")
    assert "10.0.0.9" not in answer["error"]
    assert "10.0.0.9" in capsys.readouterr().err


def test_neither_key_nor_password_nor_token_is_printed(
    mina: Client, capsys: pytest.CaptureFixture[str]
):
    mina.post("/login", {"username": "mina", "password": "wrong-secret"})
    mina.ask("GET", "/notes")
    printed = capsys.readouterr()
    assert printed.out + printed.err == ""


@pytest.mark.parametrize("name", ["mi\0na", "\ud800", "x" * 1001])
def test_a_name_that_the_database_cannot_store_is_400(store: Listed, name: str):
    status, _, answer = Client(store).post("/login", {"username": name, "password": "secret"})
    assert (status, answer["error"]) == (400, "send JSON with username and password")
