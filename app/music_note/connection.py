"""The server's side of an HTTP connection."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class Tidy(asyncio.Protocol):
    """Adds to uvicorn's protocols what they leave to the garbage collector at a connection's end."""

    transport: asyncio.Transport
    timeout_keep_alive_task: asyncio.TimerHandle | None

    def connection_lost(self, exc: Exception | None) -> None:
        """Free everything that belongs to the connection."""
        super().connection_lost(exc)
        # uvicorn 0.54 leaves this timer running if the client reset the connection, as a load
        # balancer does: for 65 s it holds on to everything below.
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        # A method of asyncio's transport that the transport refers to: a reference cycle.
        vars(self.transport).pop("_read_ready_cb", None)


class Connection(Tidy, AutoHTTPProtocol):
    """A connection that is read by httptools if that is there, else by h11."""
