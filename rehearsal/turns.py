"""Gives the stacks of a rehearsal their turns at the load, one after the other.

The other side and the protocol are in `loadtest/engine/turn.py`. The first turn begins when every
stack is ready or done, so that no stack comes up under another's load; the next one when the stack
before it is `done`, which is after its whole `pulumi up`.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from loadtest.engine.turn import BEGIN, READY, RELEASING, VARIABLE

LONGEST_LINE = 256
"""Bytes of the line with which a load test says where it is."""


class Turns:
    """Listens on a socket of its own while it is open; `done` must be called for each stack."""

    def __init__(
        self, stacks: Sequence[str], on_release: Callable[[str], object] = lambda _: None
    ) -> None:
        """Prepare turns for these stacks, in this order.

        `on_release` is called, from another thread, with the name of a stack whose release begins.
        """
        self._on_release = on_release
        self._stacks = tuple(stacks)
        self._lock = threading.Lock()
        self._ready: dict[str, socket.socket] = {}
        self._done: set[str] = set()
        self._turn: str | None = None
        # Not below the region's root: a socket's path has at most 107 characters.
        self._directory = tempfile.TemporaryDirectory(prefix="haproof-")
        self.path = Path(self._directory.name, "turns")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._listen, name="turns", daemon=True)

    def __enter__(self) -> Self:
        """Start to listen."""
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the socket and every connection: what still waits is told that it gets no turn."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        with self._lock:
            self._done.update(self._stacks)
            for connection in self._ready.values():
                connection.close()
            self._ready.clear()
        self._directory.cleanup()

    @property
    def variables(self) -> dict[str, str]:
        """The environment of whatever puts these stacks under load."""
        return {VARIABLE: str(self.path)}

    def done(self, stack: str) -> None:
        """End the part of a stack, whether it was loaded or not; the next one gets its turn."""
        with self._lock:
            self._done.add(stack)
            if (connection := self._ready.pop(stack, None)) is not None:
                connection.close()
            if self._turn == stack:
                self._turn = None
            self._give()

    def _give(self) -> None:
        """Give the turn to the first stack that is ready, once nothing else can disturb it."""
        expected = [stack for stack in self._stacks if stack not in self._done]
        if self._turn is not None or not all(stack in self._ready for stack in expected):
            return
        for stack in expected:
            try:
                self._ready[stack].sendall(BEGIN)
            except OSError:
                # It was killed while it waited. Its `pulumi up` fails, and then it is done.
                self._ready.pop(stack).close()
                return
            self._turn = stack
            return

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # Closed.
            threading.Thread(target=self._welcome, args=(connection,), daemon=True).start()

    def _welcome(self, connection: socket.socket) -> None:
        line = b""
        with contextlib.suppress(OSError):
            while not line.endswith(b"\n") and len(line) < LONGEST_LINE:
                if not (data := connection.recv(LONGEST_LINE)):
                    break
                line += data
        word, _, stack = line.decode("utf-8", "replace").strip().partition(" ")
        if word == RELEASING:
            connection.close()
            self._on_release(stack)
            return
        with self._lock:
            if word != READY or stack not in self._stacks or stack in self._done:
                connection.close()
                return
            if (before := self._ready.pop(stack, None)) is not None:
                before.close()
            self._ready[stack] = connection
            if self._turn == stack:
                # Its load is repeated, in the same turn.
                self._turn = None
            self._give()
