"""What HAProxy says about each request, counted.

HAProxy writes a short line for each request into a pipe; equal ones are counted together. This costs
HAProxy some microseconds a request and this process a fraction of one.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from region.services.elbv2.haproxy.config import OPEN_SUFFIX

log = logging.getLogger(__name__)

_PIPE_BYTES = 1 << 20
_MOST_LINES = 200_000
"""So many different lines are kept; a load balancer under load has a few thousand a minute."""
_MARK = b"q "
_ERROR_MARK = b"e "
"""Of connections that no request came of, with HAProxy's number of the connection's own error."""
_NO_ERROR = "0"
_MALFORMED = 400
"""What a malformed request is answered with; an incomplete one with 408, which HAProxy does not say."""
_FIELDS = 7
_LEFT = frozenset({"CC", "CD", "CH", "CL", "CQ"})
"""How HAProxy says that the client ended it after its request had been read (configuration.txt, 8.5)."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests that went the same way.

    Attributes:
        zone: Of the node that took them.
        backend: Where they were sent; the frontend if the load balancer answered itself.
        status: Of the answer.
        ended: How HAProxy describes the end: who ended it and when.
        response_seconds: How long the target took to answer; None if it did not.
        kind: `fixed`, `redirect`, `none` (no target), or empty.
        count: How many.
    """

    zone: str
    backend: str
    status: int
    ended: str
    response_seconds: float | None
    kind: str
    count: int

    @property
    def group(self) -> str:
        """The target group that they were sent to; empty if to none."""
        return self.backend.partition("--")[0] if "--" in self.backend else ""

    @property
    def failed_open(self) -> bool:
        """Whether they were sent to all targets because too few were healthy."""
        return self.backend.endswith(OPEN_SUFFIX)

    @property
    def answered(self) -> bool:
        """Whether a target answered."""
        return self.response_seconds is not None

    @property
    def code(self) -> int:
        """The status as ELB counts it: 460 if the client left before the answer.

        It may leave while its request waits for a connection, is sent or is worked on; one that leaves
        before its request is complete has sent none.
        """
        return 460 if not self.answered and self.ended in _LEFT else self.status


class RequestLog:
    """The pipe that one load balancer's processes write to. Used by one thread at a time.

    Attributes:
        descriptor: Its end to write to.
        reader: The other one. HAProxy holds it too: what it writes while no region runs is not lost.
        failed_handshakes: TLS handshakes that failed, by the zone of the node, of what was taken last.
    """

    def __init__(self, ends: tuple[int, int] | None = None) -> None:
        """Make a pipe, or take over the two ends, reader first, of one that is in use."""
        self.reader, self.descriptor = ends or os.pipe()
        os.set_blocking(self.reader, False)
        try:
            fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except PermissionError:
            log.info("a pipe of this user has at most its usual size")
        self._rest = b""
        self._counts: Counter[bytes] = Counter()
        self.failed_handshakes: Counter[str] = Counter()

    def read(self) -> None:
        """Take in what has been written."""
        while True:
            try:
                found = os.read(self.reader, _PIPE_BYTES)
            except BlockingIOError:
                return
            if not found:
                return
            lines = (self._rest + found).split(b"\n")
            self._rest = lines.pop()
            if len(self._counts) < _MOST_LINES:
                self._counts.update(lines)

    def take(self) -> list[Requests]:
        """Return what was read since the last call."""
        self.read()
        counts, self._counts = self._counts, Counter()
        self.failed_handshakes = failed_handshakes(counts)
        return list(parse(counts))

    def close(self) -> None:
        """Close both ends; idempotent."""
        if self.descriptor >= 0:
            os.close(self.reader)
            os.close(self.descriptor)
            self.reader = self.descriptor = -1


def failed_handshakes(counts: Mapping[bytes, int]) -> Counter[str]:
    """Return how many TLS handshakes failed, by the zone of the node."""
    found: Counter[str] = Counter()
    for zone, error, count in _errors(counts):
        if error != _NO_ERROR:
            found[zone] += count
    return found


def _errors(counts: Mapping[bytes, int]) -> Iterator[tuple[str, str, int]]:
    """Yield zone, error and number of connections that no request came of."""
    for line, count in counts.items():
        if not line.startswith(_ERROR_MARK):
            continue
        fields = line.decode(errors="replace").split()
        if len(fields) == 3:
            yield "" if fields[1] == "-" else fields[1], fields[2], count


def parse(counts: Mapping[bytes, int]) -> Iterator[Requests]:
    """Yield the requests of counted lines; HAProxy writes others into its log too."""
    for zone, error, count in _errors(counts):
        if error == _NO_ERROR:
            yield Requests(zone, "", _MALFORMED, "PR", None, "", count)
    for line, count in counts.items():
        fields = line.decode(errors="replace").split()
        if not line.startswith(_MARK) or len(fields) != _FIELDS:
            continue
        _, zone, backend, status, ended, milliseconds, kind = fields
        if not status.lstrip("-").isdigit() or not milliseconds.lstrip("-").isdigit():
            continue
        yield Requests(
            zone="" if zone == "-" else zone,
            backend=backend,
            status=int(status),
            ended=ended,
            response_seconds=None if int(milliseconds) < 0 else int(milliseconds) / 1000,
            kind="" if kind == "-" else kind,
            count=count,
        )
