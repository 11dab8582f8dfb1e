"""The server's side of an HTTP connection."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """Adds to uvicorn's protocol what it leaves to the garbage collector at a connection's end."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Free everything that belongs to the connection."""
        super().connection_lost(exc)
        # uvicorn 0.54 leaves this timer running if the client reset the connection, as a load
        # balancer does: for 65 s it holds on to everything below.
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
