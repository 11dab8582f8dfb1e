"""A client that connects and says nothing does not keep others from the database."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from region.services.rds.postgres import tls_proxy
from region.services.rds.postgres.tls_proxy import TlsProxy

MOST = 3


def test_a_source_negotiates_only_so_often_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_proxy, "MOST_NEGOTIATING", MOST)
    asyncio.run(_scenario())


async def _scenario() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    proxy = TlsProxy(listening, "/nowhere", Path("/nonexistent"), context=context)

    async def connect(source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))

    async with await asyncio.start_server(proxy.serve, sock=listening):
        held = [await connect("127.0.0.1") for _ in range(MOST)]
        beyond, _ = await connect("127.0.0.1")
        assert await asyncio.wait_for(beyond.read(1), 5) == b""
        reader, writer = await connect("127.0.0.2")
        writer.write(tls_proxy.SSL_REQUEST)
        assert await asyncio.wait_for(reader.read(1), 5) == b"S"
        for _, one in held:
            one.close()
        writer.close()
