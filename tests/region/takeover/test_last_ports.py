from __future__ import annotations

import socket
from pathlib import Path

import pytest

from region.takeover import last_ports
from region.takeover.last_ports import Ports


def test_the_ports_are_taken_again_where_they_are_free(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        unused = other.getsockname()[1]
        other.close()
        last_ports.remember(tmp_path, Ports(taken.getsockname()[1], unused))
        assert last_ports.free(tmp_path) == Ports(0, unused)


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"api": "x"}', '{"api": 99999999}'])
def test_without_usable_ports_any_will_do(tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "ports.json").write_text(content)
    assert last_ports.free(tmp_path) == Ports()
