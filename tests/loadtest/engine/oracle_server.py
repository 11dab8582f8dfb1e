"""A server that knows the truth: it misbehaves on purpose and writes down each thing that it did.

    python oracle_server.py --address 127.79.0.20 --log truth.ndjson

By the ordinal n of a request (from 1), whatever its path:

    n % 10 == 3    answered 503
    n % 10 == 7    never answered: read, and left open
    n % 50 == 9    reset: read, and the connection broken off
    otherwise      answered 200

Counted from the first request, from `--freeze-at` on for `--freeze` seconds nothing is answered; what
came meanwhile is worked off after that, first come, first served, at 400 a second. From `--refuse-at`
on for `--refuse` seconds the port is closed. The health path is answered apart, at once and without a
count, but frozen and refused like everything else.

One line per request: when it was accepted (epoch ms), what was done, and how long that took (ms).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TextIO

LINGER_OFF = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: closing sends RST."""
PIECE, PAUSE_S = 10, 0.025
"""So many at once of what has waited, and so long until the next: 400 a second."""
ANSWERS = {
    status: (
        f"HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
        "X-Instance-Id: i-oracle\r\nX-Availability-Zone: z-a\r\nX-App-Version: 0123\r\n\r\nok"
    ).encode()
    for status in (200, 503)
}


def action_of(number: int) -> str:
    """What is done with the request of that ordinal."""
    if number % 10 == 3:
        return "503"
    if number % 10 == 7:
        return "never"
    return "reset" if number % 50 == 9 else "200"


@dataclass
class Oracle:
    """The server's state."""

    log: TextIO
    freeze: tuple[float, float]
    """Seconds after the first request: from when, and for how long."""
    refuse: tuple[float, float]
    address: tuple[str, int]
    count: int = 0
    thawed: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: deque[asyncio.Event] = field(default_factory=deque)
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    plan: asyncio.Task[None] | None = None
    server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Opens the port."""
        self.server = await asyncio.start_server(self.serve, *self.address, backlog=4096)
        self.address = self.server.sockets[0].getsockname()[:2]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection."""
        self.open.add(writer)
        accepted = time.time() * 1000
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET /health "):
                    await self.thawed.wait()
                    writer.write(ANSWERS[200])
                    continue
                if self.plan is None:
                    self.plan = asyncio.create_task(self.misbehave())
                self.count += 1
                await self.act(action_of(self.count), accepted, writer)
                accepted = time.time() * 1000

    async def act(self, action: str, accepted: float, writer: asyncio.StreamWriter) -> None:
        """Does it, and writes down that it was done."""
        if action in {"never", "reset"}:
            self.note(accepted, action)
            if action == "never":
                await asyncio.Event().wait()
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
            writer.transport.abort()
            raise ConnectionResetError
        if not self.thawed.is_set():
            turn = asyncio.Event()
            self.waiting.append(turn)
            await turn.wait()
        writer.write(ANSWERS[int(action)])
        self.note(accepted, action)

    def note(self, accepted: float, action: str) -> None:
        """Writes a line of the truth."""
        line = {"at": accepted, "did": action, "ms": time.time() * 1000 - accepted}
        self.log.write(json.dumps(line) + "\n")

    async def misbehave(self) -> None:
        """Freezes and refuses at the times given."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for at, what in sorted(
            [
                (self.freeze[0], self.thawed.clear),
                (sum(self.freeze), self.thaw),
                (self.refuse[0], self.close),
                (sum(self.refuse), self.listen),
            ],
            key=lambda one: one[0],
        ):
            await asyncio.sleep(began + at - loop.time())
            done = what()
            if done is not None:
                await done

    async def thaw(self) -> None:
        """Answers again: what has waited a piece at a time, what comes now at once."""
        self.thawed.set()
        while self.waiting:
            for _ in range(min(PIECE, len(self.waiting))):
                self.waiting.popleft().set()
            await asyncio.sleep(PAUSE_S)

    def close(self) -> None:
        """Closes the port; open connections stay."""
        assert self.server is not None
        self.server.close()


async def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="127.79.0.20")
    parser.add_argument("--log", required=True)
    for name in ("freeze-at", "freeze", "refuse-at", "refuse"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    chosen = parser.parse_args()
    with open(chosen.log, "w", encoding="utf-8") as log:  # noqa: PTH123
        oracle = Oracle(
            log,
            (chosen.freeze_at, chosen.freeze),
            (chosen.refuse_at, chosen.refuse),
            (chosen.address, 0),
        )
        oracle.thawed.set()
        await oracle.listen()
        print(f"http://{oracle.address[0]}:{oracle.address[1]}", flush=True)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
