"""JMeter's results (JTL, as CSV) as the lines that every generator's requests are recorded in.

JMeter measures in whole milliseconds. A line is written when a request has ended.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loadtest.engine.generators.jmeter.plan import (
    ARRIVED,
    ELSEWHERE,
    END,
    RECORDED,
    UNSENDABLE,
    WARM_UP,
)

COLUMNS = (
    "timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "success",
    "Latency", ARRIVED, ELSEWHERE, UNSENDABLE, *RECORDED,
)  # fmt: skip
"""The columns that are read; JMeter's own dashboard needs some more, which are written as well."""
_NO_ANSWER = "Non HTTP response code: "
_BY_EXCEPTION: Mapping[str, str] = {
    "ConnectTimeoutException": "ETIMEDOUT",
    "SocketTimeoutException": "ETIMEDOUT",
    "HttpHostConnectException": "ECONNREFUSED",
    "ConnectException": "ECONNREFUSED",
    "NoHttpResponseException": "ECONNRESET",
    "ConnectionClosedException": "ECONNRESET",
    "TruncatedChunkException": "ECONNRESET",
    "EOFException": "ECONNRESET",
    "UnknownHostException": "ENOTFOUND",
    "SSLException": "EPROTO",
    "SSLHandshakeException": "EPROTO",
    "SSLPeerUnverifiedException": "EPROTO",
}
"""Java's exceptions, and the codes that Artillery has for the same."""
_BY_MESSAGE = (
    (re.compile(r"timed out|timeout", re.IGNORECASE), "ETIMEDOUT"),
    (re.compile(r"refused", re.IGNORECASE), "ECONNREFUSED"),
    (re.compile(r"broken pipe", re.IGNORECASE), "EPIPE"),
    (re.compile(r"reset|closed|premature", re.IGNORECASE), "ECONNRESET"),
)
_UNPACKING = "ZLIB input stream"
"""A compressed body that ends too early was sent: its `EOFException` is not a broken connection."""
_NO_LOCATION = "Missing location header"
"""JMeter takes an answer such as 302 that does not say to where for an error of the request's."""
_UNSET = "null"
"""What JMeter writes of a variable that nothing has set: no request has followed redirects yet."""
_NEVER_SENT = frozenset({"URISyntaxException", "MalformedURLException", "IllegalArgumentException"})


def code_of(response_code: str, message: str) -> str | None:
    """Return the code of a request's error; None if an answer arrived."""
    if not response_code.startswith(_NO_ANSWER):
        return None
    exception = _exception(response_code)
    if _UNPACKING in message:
        return exception
    if (code := _BY_EXCEPTION.get(exception)) is not None:
        return code
    return next((code for found, code in _BY_MESSAGE if found.search(message)), exception)


def _exception(response_code: str) -> str:
    return response_code.removeprefix(_NO_ANSWER).rpartition(".")[2]


@dataclass(frozen=True)
class Row:
    """A line of JMeter's results: a request, or the end of a visitor who did everything."""

    visitor: int
    """Counted from 1, in the order of their arrivals."""
    arrived_ms: float
    completed: bool
    """Whether the visitor is done; then the rest is about all of the visitor's requests together."""
    right: bool
    """Whether the answer was the expected one."""
    status: int | None
    error: str | None
    line: Mapping[str, Any]
    """The request as it is recorded."""
    elsewhere: str = ""
    """Where the answer redirects to, if the test plan does not follow it there."""
    unsendable: str = ""
    """What JMeter would send otherwise than Artillery of a value that the answer has."""
    without_location: bool = False
    """Whether the answer redirects without saying to where."""


class Results:
    """Reads JMeter's results as they grow."""

    def __init__(self) -> None:
        """Begin before the line with the names of the columns."""
        self._rest = ""
        self._names: list[str] | None = None
        self.warm_ups = 0
        """Requests that were sent to nobody, before everybody."""

    def feed(self, text: str) -> Iterator[Row]:
        """Yield the rows that are complete with this piece of the file."""
        *lines, self._rest = (self._rest + text).split("\n")
        whole = ""
        for line in lines:
            whole += line
            # A text in quotes may go on in the next line.
            if whole.count('"') % 2:
                whole += "\n"
                continue
            if whole:
                yield from self._row(next(csv.reader([whole])))
            whole = ""
        if whole:
            self._rest = whole + self._rest

    def _row(self, values: list[str]) -> Iterator[Row]:
        if self._names is None:
            self._names = values
            if missing := set(COLUMNS) - set(values):
                raise ValueError(f"JMeter's results lack {', '.join(sorted(missing))}")
        elif len(values) == len(self._names):
            row = dict(zip(self._names, values, strict=True))
            if row["label"] == WARM_UP:
                self.warm_ups += 1
            else:
                yield _parse(row)
        else:
            raise ValueError(f"JMeter's results have a line of {len(values)} columns")


def _parse(row: Mapping[str, str]) -> Row:
    visitor = int(row["threadName"].rpartition("-")[2])
    error = code_of(row["responseCode"], row["responseMessage"])
    status = int(row["responseCode"]) if row["responseCode"].isdigit() else None
    completed, right = row["label"] == END, row["success"] == "true"
    arrived = float(row[ARRIVED])
    without_location = _NO_LOCATION in row["responseMessage"]
    line = {
        "vu": str(visitor),
        "endpoint": row["label"],
        "arrived": arrived,
        "start": float(row["timeStamp"]),
        "ttfb": float(row["Latency"]) if status is not None else None,
        "total": float(row["elapsed"]),
        "status": status,
        "expected": right if status is not None else None,
        "error": error,
        "sent": without_location or _exception(row["responseCode"]) not in _NEVER_SENT,
        **{name: row[name] or None for name in RECORDED},
    }
    elsewhere, unsendable = (
        "" if completed or row[name] == _UNSET else row[name] for name in (ELSEWHERE, UNSENDABLE)
    )
    return Row(
        visitor,
        arrived,
        completed,
        right,
        status,
        error,
        line,
        elsewhere,
        unsendable,
        without_location,
    )


def request_line(row: Row) -> bytes:
    """Return a request as a line of `requests.ndjson`."""
    return f"{json.dumps(row.line)}\n".encode()
