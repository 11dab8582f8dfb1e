"""Whose connection it is, as the kernel tells it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from region.loopback import peers

WAYS = (peers._ask_kernel, peers._read_table)


@pytest.mark.parametrize("owner", WAYS)
def test_a_connection_belongs_to_who_opened_it(owner: Callable[..., int | None]):
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert owner(client.getsockname(), server.getsockname()) == os.geteuid()
        assert owner(("127.0.0.1", 1), server.getsockname()) is None
        assert peers.owner(client.getsockname(), server.getsockname()) in peers.admitted()


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
@pytest.mark.parametrize("owner", WAYS)
def test_another_users_connection_is_told_from_ours(owner: Callable[..., int | None]):
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        program = (
            "import os, socket, sys\n"
            "os.setuid(65534)\n"
            "c = socket.socket()\n"
            f"c.connect(({host!r}, {port}))\n"
            "print(c.getsockname()[1], flush=True)\n"
            "sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            client = (host, int(process.stdout.readline()))
            assert owner(client, (host, port)) == 65534
            assert 65534 not in peers.admitted()
            process.communicate()
