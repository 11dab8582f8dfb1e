"""Admission control: which request is served next when the service cannot keep up."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REMEMBERED = 8_192
"""How many connections are remembered as served before; least recently used are dropped first."""


class PrioritySemaphore:
    """A fair semaphore with two queues: returning visitors are served before new ones."""

    def __init__(self, capacity: int) -> None:
        self._free = capacity
        self._returning: deque[asyncio.Future[None]] = deque()
        self._new: deque[asyncio.Future[None]] = deque()

    async def acquire(self, *, returning: bool) -> None:
        """Wait for a permit; every acquired permit has to be released."""
        if self._free:
            self._free -= 1
            return
        permit = asyncio.get_running_loop().create_future()
        (self._returning if returning else self._new).append(permit)
        try:
            await permit
        except asyncio.CancelledError:
            if permit.done() and not permit.cancelled():
                self.release()  # granted at the same moment as the cancellation
            raise

    def release(self) -> None:
        """Release a permit and hand it to the next waiter."""
        for queue in (self._returning, self._new):
            while queue:
                permit = queue.popleft()
                if not permit.done():
                    permit.set_result(None)
                    return
        self._free += 1


class Admission:
    """Middleware that limits concurrent requests; the others wait in order of arrival.

    Without it cheap pages starve the logins on a busy instance: the event loop serves every page
    before a thread gets the interpreter. Two things keep an overloaded instance useful:

    - A connection that has been served before goes first, as with a server that runs one thread per
      connection. Otherwise a visitor queues again for each step of a visit, and most of the work
      goes into visits that time out halfway.
    - Clients that disconnected while waiting are skipped: work for visitors who are gone would keep
      a busy instance busy forever.

    `exempt` paths never wait, so that an instance that is merely busy does not fail its health
    check.
    """

    def __init__(self, app: ASGIApp, *, at_once: int, exempt: frozenset[str]) -> None:
        self._app = app
        self._permits = PrioritySemaphore(at_once)
        self._exempt = exempt
        self._served: OrderedDict[tuple[str, int], None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request once it has a permit."""
        if scope["type"] != "http" or scope["path"] in self._exempt:
            await self._app(scope, receive, send)
            return
        connection = tuple(scope["client"]) if scope.get("client") else None
        await self._permits.acquire(returning=connection in self._served)
        try:
            # The first message after the wait shows whether the client is still connected.
            first = await receive()
            if first["type"] == "http.disconnect":
                return
            await self._app(scope, _replay(first, receive), send)
            self._remember(connection)
        finally:
            self._permits.release()

    def _remember(self, connection: tuple[str, int] | None) -> None:
        if connection is None:
            return
        self._served[connection] = None
        self._served.move_to_end(connection)
        if len(self._served) > REMEMBERED:
            self._served.popitem(last=False)


def _replay(first: Message, receive: Receive) -> Receive:
    """Return a `receive` that yields `first` before anything else."""
    pending = [first]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
