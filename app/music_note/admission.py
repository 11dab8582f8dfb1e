"""Who is served next when the service cannot keep up."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REMEMBERED = 8_192
"""Connections that are known to have been served; the one longest silent is forgotten first."""


class Turns:
    """So many turns at once; who waits gets one in order, those who go on before those who begin."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._going_on: deque[asyncio.Future[None]] = deque()
        self._beginning: deque[asyncio.Future[None]] = deque()

    async def take(self, *, going_on: bool) -> None:
        """Waits for a turn; every turn taken has to be given back."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        (self._going_on if going_on else self._beginning).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()  # it came in the same moment as the cancellation
            raise

    def give_back(self) -> None:
        """Ends a turn: the next who waits has it."""
        for waiting in (self._going_on, self._beginning):
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1


class Admission:
    """Middleware: at most so many requests at once; the others wait in the order they came.

    Without it the cheap pages starve the logins on a busy instance: the event loop answers every
    page before a thread gets the interpreter. Two things keep an overloaded instance useful:

    - A connection that has been served before goes first, as with a server that gives each
      connection a thread. Otherwise a visitor waits for each step of a visit anew, and most of the
      work goes to visits that time out half-way.
    - Whoever gave up while waiting is left out: work for visitors who are gone would keep a busy
      instance busy for ever.

    `exempt` paths never wait, so that an instance which is merely busy does not fail its health
    check.
    """

    def __init__(self, app: ASGIApp, *, at_once: int, exempt: frozenset[str]) -> None:
        self._app = app
        self._turns = Turns(at_once)
        self._exempt = exempt
        self._served: OrderedDict[tuple[str, int], None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Waits for a turn."""
        if scope["type"] != "http" or scope["path"] in self._exempt:
            await self._app(scope, receive, send)
            return
        connection = tuple(scope["client"]) if scope.get("client") else None
        await self._turns.take(going_on=connection in self._served)
        try:
            # The first message after a wait tells whether the client is still there.
            first = await receive()
            if first["type"] == "http.disconnect":
                return
            await self._app(scope, _replay(first, receive), send)
            self._remember(connection)
        finally:
            self._turns.give_back()

    def _remember(self, connection: tuple[str, int] | None) -> None:
        if connection is None:
            return
        self._served[connection] = None
        self._served.move_to_end(connection)
        if len(self._served) > REMEMBERED:
            self._served.popitem(last=False)


def _replay(first: Message, receive: Receive) -> Receive:
    """`receive` with a message put back to its front."""
    pending = [first]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
