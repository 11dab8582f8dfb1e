"""The ports that a region had last: it takes them again, so that open shells keep working."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from commandline import files
from region import private

_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of a region on the loopback address, 0 for any."""

    api: int = 0
    provider: int = 0


def remember(root: Path, ports: Ports) -> None:
    """Keep the ports of the region in `root`."""
    private.write(_file(root), json.dumps(asdict(ports)))


def free(root: Path) -> Ports:
    """Return the ports that the region in `root` had last; 0 in place of one that is taken now."""
    try:
        last = Ports(**files.parse_json(files.read_text(_file(root))))
    except (OSError, ValueError, TypeError):
        return Ports()
    return Ports(_if_free(last.api), _if_free(last.provider))


def _file(root: Path) -> Path:
    return root / "ports.json"


def _if_free(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: connections of the region that ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except (OSError, OverflowError, TypeError):
            return 0
    return port
