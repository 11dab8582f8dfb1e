"""Which ports listen in a process's network."""

from __future__ import annotations

import os
import socket

from region.network.listening import ports_of


def test_ports_that_listen_for_others():
    with (
        socket.create_server(("0.0.0.0", 0)) as everywhere,  # noqa: S104 - what is asked about
        socket.create_server(("127.0.0.1", 0)) as own,
        socket.socket() as silent,
    ):
        silent.bind(("0.0.0.0", 0))  # noqa: S104
        found = ports_of(os.getpid())
        assert everywhere.getsockname()[1] in found
        assert own.getsockname()[1] not in found
        assert silent.getsockname()[1] not in found


def test_a_process_that_has_ended(tmp_path):
    assert ports_of(1, tmp_path) == frozenset()
