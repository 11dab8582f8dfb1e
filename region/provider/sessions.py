"""One session per attached engine: its address for messages, its default tags, its cancellation.

Several engines (one per `pulumi` command) share one provider server, and nothing in the protocol
names the caller of a request but its connection.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, Final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

MAX_SESSIONS: Final = 64
_LOG_TIMEOUT_SECONDS: Final = 2.0


class Session:
    """What the provider knows about one engine."""

    def __init__(self) -> None:
        """Start without an address, default tags or cancellation."""
        self.cancelled = threading.Event()
        self.default_tags: dict[str, str] = {}
        self._channel: Any = None
        self._engine: Any = None

    def attach(self, address: str) -> None:
        """Remember where the engine receives messages."""
        if self._channel is None and address:
            self._channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
            self._engine = engine_pb2_grpc.EngineStub(self._channel)

    def status(self, urn: str, message: str) -> None:
        """Show a passing message beside the resource. A lost message is not an error."""
        if self._engine is None:
            return
        request = engine_pb2.LogRequest(
            severity=engine_pb2.INFO, message=message, urn=urn, ephemeral=True
        )
        try:
            self._engine.Log(request, timeout=_LOG_TIMEOUT_SECONDS)
        except grpc.RpcError:
            self._engine = None

    def close(self) -> None:
        """Close the connection to the engine."""
        if self._channel is not None:
            self._channel.close()


class Sessions:
    """The sessions of the engines that attached most recently."""

    def __init__(self) -> None:
        """Start without sessions: one begins with the first request of an engine."""
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def of(self, context: Any) -> Session:
        """Return the session of the engine that sent a request."""
        peer = str(context.peer())
        with self._lock:
            session = self._sessions.get(peer)
            if session is None:
                session = self._sessions[peer] = Session()
            self._sessions.move_to_end(peer)
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)[1].close()
            return session

    def close(self) -> None:
        """Cancel every wait and close every connection."""
        with self._lock:
            for session in self._sessions.values():
                session.cancelled.set()
                session.close()
            self._sessions.clear()
