"""What passed through the cables of instances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from region.network.links import interface_name
from region.network.namespace import Namespace

_COUNTERS = Path("/proc/thread-self/net/dev")
_HEADER_LINES = 2


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counters of a cable since it was laid, seen from the instance."""

    bytes_in: int = 0
    bytes_out: int = 0
    packets_in: int = 0
    packets_out: int = 0


def parse(text: str) -> dict[str, Traffic]:
    """Read the kernel's table of interfaces; what the region's end receives, the instance sent."""
    found: dict[str, Traffic] = {}
    for line in text.splitlines()[_HEADER_LINES:]:
        name, _, numbers = line.partition(":")
        values = [int(number) for number in numbers.split()]
        if len(values) >= 10:
            found[name.strip()] = Traffic(
                bytes_in=values[8],
                bytes_out=values[0],
                packets_in=values[9],
                packets_out=values[1],
            )
    return found


def read(namespace: Namespace) -> dict[str, Traffic]:
    """Return the traffic of each cable by the name of its interface."""
    return parse(namespace.inside(_COUNTERS.read_text))


def of_instance(traffic: dict[str, Traffic], instance_id: str) -> Traffic:
    """Return an instance's traffic; zeros without a cable."""
    return traffic.get(interface_name(instance_id), Traffic())
