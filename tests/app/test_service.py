"""The service's HTTP interface, without a database: Starlette's test client drives it in process."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from music_note import passwords, settings

from tests.app.doubles import ENVIRONMENT, Memory

web = pytest.importorskip("music_note.web", reason="the revision's libraries: run `make revision`")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(app: Any, method: str, path: str, body: bytes = b"", cookie: str = "") -> Answer:
    """One request over plain ASGI."""
    return asyncio.run(ask_async(app, method, path, body, cookie))


async def ask_async(
    app: Any, method: str, path: str, body: bytes = b"", cookie: str = ""
) -> Answer:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"cookie", cookie.encode())] if cookie else [],
    }
    await app(scope, receive, send)
    headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))


@pytest.fixture
def app() -> Any:
    stored = passwords.hash_password("secret", iterations=2)
    return web.create_app(settings.load(ENVIRONMENT), Memory({"mina": stored}))


def login(app: Any, **form: object) -> Answer:
    return ask(app, "POST", "/login", json.dumps(form).encode())


def test_every_response_identifies_its_instance(app: Any) -> None:
    for path in ("/", "/health", "/absent"):
        headers = ask(app, "GET", path).headers
        assert headers["x-instance-id"] == "i-0123"
        assert headers["x-availability-zone"] == "ap-northeast-2a"
        assert headers["x-app-version"]


def test_the_index_page_shows_the_version(app: Any) -> None:
    answer = ask(app, "GET", "/")
    assert answer.status == 200
    assert b"{{version}}" not in answer.body


def test_a_login_opens_a_session_that_any_instance_accepts(app: Any) -> None:
    answer = login(app, username="mina", password="secret")
    assert (answer.status, json.loads(answer.body)) == (200, {"user": "mina"})
    cookie = answer.headers["set-cookie"].split(";")[0]
    other = web.create_app(settings.load({**ENVIRONMENT, "INSTANCE_ID": "i-9"}), Memory())
    assert json.loads(ask(other, "GET", "/me", cookie=cookie).body) == {"user": "mina"}


@pytest.mark.parametrize(
    ("username", "password"), [("mina", "wrong"), ("nobody", "secret"), ("nobody", "")]
)
def test_a_wrong_login_is_401(app: Any, username: str, password: str) -> None:
    answer = login(app, username=username, password=password)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers


def test_an_expensive_hash_is_verified_in_a_thread() -> None:
    iterations = passwords.INLINE_ITERATIONS + 1
    stored = passwords.hash_password("secret", iterations=iterations)
    expensive = web.create_app(
        settings.load({**ENVIRONMENT, "PASSWORD_ITERATIONS": str(iterations)}),
        Memory({"mina": stored}),
    )
    threads: list[str] = []
    verify = passwords.verify

    def observed(password: str, known: str) -> bool:
        threads.append(threading.current_thread().name)
        return verify(password, known)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "verify", observed)
        assert login(expensive, username="mina", password="secret").status == 200
        assert login(expensive, username="mina", password="x").status == 401
    assert threading.main_thread().name not in threads


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"username": 1, "password": "x"}'])
def test_a_malformed_body_is_400(app: Any, body: bytes) -> None:
    assert ask(app, "POST", "/login", body).status == 400


def test_a_huge_body_is_rejected(app: Any) -> None:
    assert login(app, username="x" * 5000, password="secret").status == 413


@pytest.mark.parametrize("cookie", ["", "session=mina", "session=mina.x.y"])
def test_a_forged_session_is_401(app: Any, cookie: str) -> None:
    assert ask(app, "GET", "/me", cookie=cookie).status == 401


def test_no_work_is_done_for_a_disconnected_visitor(app: Any) -> None:
    sent: list[dict[str, Any]] = []

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "path": "/", "method": "GET", "headers": []}, gone, send))
    assert sent == []


def test_a_busy_instance_still_passes_its_health_check() -> None:
    class Slow(Memory):
        async def password_hash(self, username: str) -> str | None:
            await released.wait()
            return await super().password_hash(username)

    released = asyncio.Event()
    busy = web.create_app(settings.load({**ENVIRONMENT, "DATABASE_CONNECTIONS": "1"}), Slow())

    async def scenario() -> tuple[int, bool]:
        body = json.dumps({"username": "mina", "password": "secret"}).encode()
        login_task = asyncio.create_task(ask_async(busy, "POST", "/login", body))
        page = asyncio.create_task(ask_async(busy, "GET", "/"))
        await asyncio.sleep(0.05)
        health = await ask_async(busy, "GET", "/health")
        page_waits = not page.done()
        released.set()
        await asyncio.gather(login_task, page)
        return health.status, page_waits

    assert asyncio.run(scenario()) == (200, True)


def test_a_missing_setting_is_named() -> None:
    without = {k: v for k, v in ENVIRONMENT.items() if k != "DATABASE_HOST"}
    with pytest.raises(settings.SettingsError, match="DATABASE_HOST"):
        settings.load(without)


def test_a_setting_that_is_not_a_number_is_named() -> None:
    with pytest.raises(settings.SettingsError, match="APP_PORT is 'http'"):
        settings.load({**ENVIRONMENT, "APP_PORT": "http"})


def test_the_appspec_names_scripts_that_exist() -> None:
    root = Path(web.__file__).parent.parent
    yaml = pytest.importorskip("yaml")
    spec = yaml.safe_load((root / "appspec.yml").read_text())
    for hooks in spec["hooks"].values():
        for hook in hooks:
            assert (root / hook["location"]).stat().st_mode & 0o100
