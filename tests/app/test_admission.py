"""Which request is served next when all permits are taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

admission = pytest.importorskip("music_note.admission")


class Visits:
    """Requests that finish on demand, and the order in which they were started."""

    def __init__(self, at_once: int) -> None:
        self.began: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.at_once = 0
        self.most_at_once = 0
        self.app = admission.Admission(self._serve, at_once=at_once, exempt=frozenset({"/health"}))

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        name = scope["query_string"].decode()
        self.began.append(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.ends.setdefault(name, asyncio.Event()).wait()
        self.at_once -= 1

    def request(self, name: str, port: int, path: str = "/", *, gone: bool = False) -> Any:
        scope = {"type": "http", "path": path, "client": ("127.0.0.1", port)}
        kind = "http.disconnect" if gone else "http.request"

        async def receive() -> Any:
            return {"type": kind, "body": b"", "more_body": False}

        async def send(_message: Any) -> None: ...

        return asyncio.ensure_future(
            self.app({**scope, "query_string": name.encode()}, receive, send)
        )

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends.setdefault(name, asyncio.Event()).set()
            await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_waiting_requests_are_served_in_order() -> None:
    async def scenario() -> None:
        visits = Visits(1)
        tasks = [visits.request(name, port) for port, name in enumerate("abc")]
        await settle()
        assert visits.began == ["a"]
        await visits.end("a", "b", "c")
        assert visits.began == ["a", "b", "c"]
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_a_connection_that_was_served_before_goes_first() -> None:
    async def scenario() -> None:
        visits = Visits(1)
        await visits.end("page")
        await visits.request("page", 1)
        busy = visits.request("busy", 2)
        await settle()
        waiting = [visits.request("new", 3), visits.request("login", 1)]
        await visits.end("busy", "login", "new")
        assert visits.began == ["page", "busy", "login", "new"]
        await asyncio.gather(busy, *waiting)

    asyncio.run(scenario())


def test_no_work_is_done_for_a_disconnected_visitor() -> None:
    async def scenario() -> None:
        visits = Visits(1)
        busy = visits.request("busy", 1)
        await settle()
        gone = visits.request("gone", 2, gone=True)
        after = visits.request("after", 3)
        await visits.end("busy", "after")
        await asyncio.gather(busy, gone, after)
        assert visits.began == ["busy", "after"]

    asyncio.run(scenario())


def test_an_exempt_path_never_waits() -> None:
    async def scenario() -> None:
        visits = Visits(1)
        busy = visits.request("busy", 1)
        await settle()
        health = visits.request("check", 2, "/health")
        await settle()
        assert visits.began == ["busy", "check"]
        await visits.end("check", "busy")
        await asyncio.gather(busy, health)

    asyncio.run(scenario())


def test_the_memory_of_connections_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "REMEMBERED", 2)

    async def scenario() -> None:
        visits = Visits(1)
        await visits.end("page")
        for port in range(5):
            await visits.request("page", port)
        assert list(visits.app._served) == [("127.0.0.1", 3), ("127.0.0.1", 4)]

    asyncio.run(scenario())


@given(
    at_once=st.integers(1, 3),
    steps=st.lists(st.tuples(st.sampled_from(["take", "go on", "give", "cancel"]), st.integers(0))),
)
def test_permits_are_neither_lost_nor_created(at_once: int, steps: list[tuple[str, int]]) -> None:
    """Whatever is taken, given back and cancelled: no more than there are, none while some wait."""

    async def scenario() -> None:
        turns = admission.PrioritySemaphore(at_once)
        tasks: list[asyncio.Task[None]] = []
        given_back: set[int] = set()
        for step, number in steps:
            held = [
                index
                for index, task in enumerate(tasks)
                if task.done() and not task.cancelled() and index not in given_back
            ]
            waiting = [task for task in tasks if not task.done()]
            if step == "give" and held:
                given_back.add(held[number % len(held)])
                turns.release()
            elif step == "cancel" and waiting:
                waiting[number % len(waiting)].cancel()
            elif step in {"take", "go on"}:
                tasks.append(asyncio.ensure_future(turns.acquire(returning=step == "go on")))
            await settle()
            done = [index for index, task in enumerate(tasks) if task.done()]
            kept = [i for i in done if not tasks[i].cancelled() and i not in given_back]
            left = [task for task in tasks if not task.done()]
            assert len(kept) <= at_once
            assert not left or len(kept) == at_once
        for task in tasks:
            task.cancel()

    asyncio.run(scenario())
