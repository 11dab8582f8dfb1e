"""Reading the bodies of requests: within limits, for one request and for all that arrive together.

This happens before the control plane's lock is taken, so that a slow client blocks nobody. A body in
chunks is put together, for the same reason.
"""

from __future__ import annotations

import io
import threading
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, Final

from region.api.wsgi import Environ

MOST_BYTES: Final = 512 * 1024 * 1024
"""Of an object; S3 takes ten times as much in one request, which a service's archive never has."""
MOST_BYTES_OF_A_CALL: Final = 16 * 1024 * 1024
"""Of a call of any other service: none of AWS's that the region has takes more."""
SMALL_BYTES: Final = 1024 * 1024
"""Bodies up to this size do not count: the number of connections limits them."""
_MOST_BYTES_SENT: Final[Mapping[tuple[str, str], int]] = {
    ("monitoring", "PutMetricData"): 1024 * 1024,
}
"""By the name that signatures have, and the operation (API references). Compressed ones count as sent."""
_PIECE: Final = 64 * 1024
_OBJECTS: Final = frozenset({"s3", "s3express"})


class TooLargeError(Exception):
    """A request's body is longer than any that the region accepts; the message says what it does.

    Attributes:
        code: The error's code.
    """

    code = "EntityTooLarge"


class LongCallError(TooLargeError):
    """A request's body is longer than AWS takes for the operation."""

    code = "RequestEntityTooLarge"


class BusyError(Exception):
    """Other bodies that arrive now take all the memory there is for them."""


class Intake:
    """Reads bodies into memory, of which all together get at most so much. Thread-safe."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """Hold at most `most` bytes of large bodies at a time."""
        self._most = most
        self._held = 0
        self._lock = threading.Lock()

    @contextmanager
    def body_of(self, environ: Environ, service: str) -> Generator[bytes]:
        """Read a request's body from the socket and leave it in `environ` to be read again.

        It counts until the end of the `with`.

        Raises:
            TooLargeError: It is longer than a call of the service may be.
            BusyError: There is no room for it now.
            TimeoutError: It did not arrive in time.
        """
        limit = MOST_BYTES if service in _OBJECTS else MOST_BYTES_OF_A_CALL
        room = _Room(self)
        try:
            body = _read(environ, limit, room)
            environ["wsgi.input"] = io.BytesIO(body)
            yield body
        finally:
            self.release(room.taken)

    def take(self, count: int) -> None:
        """Reserve room for so many bytes.

        Raises:
            BusyError: There is none.
        """
        with self._lock:
            if self._held + count > self._most:
                raise BusyError(
                    "too many large bodies arrive at the same time; send it again later."
                )
            self._held += count

    def release(self, count: int) -> None:
        """Free what was reserved."""
        with self._lock:
            self._held -= count


def check_call(service: str, operation: str, sent: int) -> None:
    """Refuse a call with more bytes than AWS takes of it.

    Raises:
        LongCallError: It has.
    """
    most = _MOST_BYTES_SENT.get((service, operation))
    if most is not None and sent > most:
        raise LongCallError(f"Request size {sent} exceeded {most} bytes")


def decoded(environ: Environ, body: bytes, service: str) -> bytes:
    """Return a body as it was before its sender compressed it, and leave it in `environ` to be read again.

    SDKs compress what is large for operations whose model says so, such as PutMetricData. Of an object the
    encoding says what it is, and it stays.

    Raises:
        TooLargeError: It is longer than a call of the service may be.
        ValueError: It is not what its Content-Encoding says.
    """
    if service in _OBJECTS or environ.get("HTTP_CONTENT_ENCODING", "").lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, MOST_BYTES_OF_A_CALL + 1)
    except zlib.error as error:
        raise ValueError(
            f"The body is not a gzip, as its Content-Encoding says: {error}."
        ) from error
    _check(len(found), MOST_BYTES_OF_A_CALL)
    if not unpacker.eof:
        raise ValueError("The body is a gzip that was cut off.")
    del environ["HTTP_CONTENT_ENCODING"]
    environ["wsgi.input"] = io.BytesIO(found)
    environ["CONTENT_LENGTH"] = str(len(found))
    return found


class _Room:
    """What one body has reserved."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.taken = 0

    def have(self, count: int) -> None:
        """Reserve what is missing to hold `count` bytes."""
        if count > max(SMALL_BYTES, self.taken):
            self._intake.take(count - self.taken)
            self.taken = count


def _read(environ: Environ, limit: int, room: _Room) -> bytes:
    if environ.pop("wsgi.input_terminated", False):
        body = _put_together(environ["wsgi.input"], limit, room)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_LENGTH"] = str(len(body))
        return body
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        return b""
    _check(int(length), limit)
    room.have(int(length))
    return bytes(environ["wsgi.input"].read(int(length)))


def _put_together(stream: BinaryIO, limit: int, room: _Room) -> bytes:
    content = bytearray()
    while piece := stream.read(_PIECE):
        _check(len(content) + len(piece), limit)
        room.have(len(content) + len(piece))
        content += piece
    return bytes(content)


def _check(length: int, limit: int) -> None:
    if length > limit:
        raise TooLargeError(
            f"The local region takes at most {limit} bytes in such a request: send less, or upload to "
            "S3 in parts."
        )
