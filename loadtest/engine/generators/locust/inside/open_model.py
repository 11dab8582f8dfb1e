"""Open-model arrivals for Locust: visitors arrive at planned times, whatever happens to earlier ones.

Locust's own model is closed: so many users, each of whom starts over when done. Here one user of Locust
(`Arrivals`) starts the others, each at its time and once. What starts, sends and counts is Locust's own:
its `FastHttpUser`, its HTTP client, its events, its runner.
"""
# Locust and gevent are installed in an environment of their own: nothing is known of their types here.
# pyright: reportMissingImports=false, reportMissingModuleSource=false, reportAttributeAccessIssue=false
# pyright: reportUntypedBaseClass=false, reportImplicitRelativeImport=false
# pyright: reportUntypedFunctionDecorator=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

import gevent
import gevent.ssl
import geventhttpclient.client
import geventhttpclient.url
from answers import MISSING, code_of, is_expected, same
from locust import FastHttpUser, User, events, task
from locust.contrib.fasthttp import LocustUserAgent
from locust.exception import StopUser
from redirects import resolve
from report import Report, complain, micro
from writing import (
    NO_TYPE,
    Request,
    as_written,
    chance,
    is_header,
    random_number,
    random_string,
    text,
)

STARTER = "HAPROOF_STARTER"
"""As in `loadtest/engine/generators/process.py`, which is not known here."""
FLUSH_S = 0.2
HEAD_START_S = 0.5
"""From the start to the first planned moment."""
MOST_HOPS = 10
"""Redirects that a request follows, as Artillery's client does."""
SEE_OTHER = 303
"""The redirect after which a request is a GET; after others it is the same again, as for Artillery."""
WHERE = {"instance": "x-instance-id", "zone": "x-availability-zone", "version": "x-app-version"}

# It sends a GET again whose connection was closed without an answer. That is a failed request here.
geventhttpclient.client._may_retry_after_send_error = lambda method: False  # noqa: ARG005, SLF001

# It would write URLs anew that are written already, and fails at a percent sign that encodes nothing.
geventhttpclient.url.requote_uri = lambda uri: uri

_urlopen = LocustUserAgent._urlopen  # noqa: SLF001


def _urlopen_as_written(agent: Any, request: Any) -> Any:
    """Send a body without a type if the scenario does not say one: the client would make one up."""
    if request.headers.get("content-type") == NO_TYPE:
        del request.headers["content-type"]
    return _urlopen(agent, request)


LocustUserAgent._urlopen = _urlopen_as_written  # noqa: SLF001

# Every answer is one, whatever its status; Locust would drop the body of what it takes for an error.
LocustUserAgent.valid_response_codes = frozenset(range(100, 600))

report = Report()


class EndedError(Exception):
    """The visitor did not get the expected answer and leaves."""


class Capture(NamedTuple):
    """A value that later steps use under this name."""

    name: str
    finding: Any
    strict: bool = True


class Match(NamedTuple):
    """A value that an answer must have."""

    finding: Any
    value: Any
    strict: bool = True


@cache
def _ssl_context(insecure: bool) -> Any:
    if insecure:
        return gevent.ssl._create_unverified_context()  # noqa: SLF001
    return gevent.ssl.create_default_context()


class Visitor(FastHttpUser):
    """One visitor, with a connection and cookies of its own. A scenario defines `flow`."""

    abstract = True
    max_retries = 0
    max_redirects = 0
    concurrency = 1
    insecure = False

    def __init__(self, environment: Any) -> None:
        """Prepare a visitor; `arrive` makes it somebody."""
        # Certificates are loaded once, not for each visitor.
        self.ssl_context_factory = partial(_ssl_context, self.insecure)
        super().__init__(environment)
        self.values: dict[str, Any] = {}
        self._id = ""
        self._arrived = 0.0

    def arrive(self, number: int, due_ms: float, values: Mapping[str, Any]) -> None:
        """Be the visitor of that number, from 1, with these variables."""
        self._id, self._arrived, self.values = str(number), report.now_ms(), dict(values)
        report.arrived(self._arrived - due_ms)

    def flow(self) -> None:
        """Do what a visitor does."""
        raise NotImplementedError

    @task
    def visit(self) -> None:
        """Do it once, and leave."""
        try:
            self.flow()
        except EndedError:
            report.left(completed=False)
        except Exception as error:  # A fault of the scenario, told as such.
            report.left(completed=False)
            complain(f"the scenario fails: {type(error).__name__}: {error}")
        else:
            report.left(completed=True)
        finally:
            self.client.client.close()
        raise StopUser

    def think(self, low_s: float, high_s: float | None = None) -> None:
        """Pause, for a whole number of seconds between two if there are two."""
        gevent.sleep(low_s if high_s is None else random.randint(int(low_s), int(high_s)))  # noqa: S311

    def send(
        self,
        request: Request,
        *,
        expected: Sequence[int] = (),
        captures: Sequence[Capture] = (),
        matches: Sequence[Match] = (),
    ) -> None:
        """Send a request and those that its answer redirects to, and look at the last answer.

        Raises:
            EndedError: It is not the expected one.
        """
        method, path = request.method, request.written_url()
        headers, body = request.written()
        exchange = _Exchange(self, request.endpoint, expected, captures, matches)
        if not all(map(is_header, headers.values())):
            exchange.cannot_be_sent(method)
        for hop in range(MOST_HOPS + 1):
            location = exchange.send(
                method,
                path,
                as_written(headers, body),
                body,
                follows=request.follows,
                is_last=hop == MOST_HOPS,
            )
            if location is None:
                return
            path = self._same_host(path, location)
            if exchange.status == SEE_OTHER and method != "HEAD":
                method, body = "GET", None
                headers.pop("content-type", None)

    def _same_host(self, path: str, location: str) -> str:
        # From the second hop on, the path is a whole URL.
        base = path if "://" in path.partition("?")[0] else f"{self.host}{path}"
        to = resolve(base, location)
        found = urlsplit(to)
        if found.hostname != urlsplit(self.host).hostname:
            complain(
                f"a request went to {found.netloc}: only the stack's own URL is put under load"
            )
            raise EndedError
        return to

    @property
    def stamp(self) -> dict[str, Any]:
        """What every line about this visitor begins with."""
        return {"vu": self._id, "arrived": micro(self._arrived)}


class _Exchange:
    """A request's hops: sends them and records each through Locust's `events.request`."""

    def __init__(
        self,
        visitor: Visitor,
        endpoint: str,
        expected: Sequence[int],
        captures: Sequence[Capture],
        matches: Sequence[Match],
    ) -> None:
        self._visitor, self._endpoint, self._expected = visitor, endpoint, expected
        self._captures, self._matches = captures, matches
        self.status = 0

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: bytes | None,
        *,
        follows: bool,
        is_last: bool,
    ) -> str | None:
        """Send one hop; return where it redirects to, or None if this was the last.

        A redirect of one that has to be the last is an error.
        """
        started = report.now_ms()
        with self._visitor.client.request(
            method,
            path,
            name=self._endpoint,
            data=data,
            headers=headers,
            allow_redirects=False,
            stream=True,
            catch_response=True,
        ) as response:
            answered, error = report.now_ms(), getattr(response, "error", None)
            body = b""
            try:
                body = response.content or b"" if response.status_code else b""
            except Exception as broken:  # Whatever broke it off.
                error = broken
            ended = report.now_ms()
            self.status = response.status_code
            failed = None if error is None else code_of(error)
            found = response.headers if self.status else {}
            location = self._location(found) if follows and failed is None else None
            if location is not None and is_last:
                location, failed = None, "ERR_TOO_MANY_REDIRECTS"
            right = location is not None or (failed is None and self._is_right(body, found))
            line = {
                **self._visitor.stamp,
                "endpoint": self._endpoint,
                "start": micro(started),
                "ttfb": micro(answered - started) if self.status else None,
                "total": micro(ended - started),
                "status": self.status or None,
                "expected": right if self.status else None,
                "error": failed,
                "sent": True,
                **{key: found.get(name) for key, name in WHERE.items()},
            }
            response.request_meta["context"] = {"exchange": line}
            response.request_meta["response_time"] = ended - started
            if right:
                response.success()
            else:
                response.failure(failed or f"answered {self.status}")
        if not right:
            raise EndedError
        return location

    def cannot_be_sent(self, method: str) -> NoReturn:
        """Record what Node says of a request with a header that none can have.

        Raises:
            EndedError: Always.
        """
        now = micro(report.now_ms())
        line = {
            **self._visitor.stamp,
            **dict.fromkeys(("ttfb", "status", "expected", *WHERE)),
            "endpoint": self._endpoint,
            "start": now,
            "total": 0.0,
            "error": "ERR_INVALID_CHAR",
            "sent": False,
        }
        events.request.fire(
            request_type=method,
            name=self._endpoint,
            response_time=0,
            response_length=0,
            exception=ValueError("ERR_INVALID_CHAR"),
            context={"exchange": line},
        )
        raise EndedError

    def _location(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("location") or None if 300 <= self.status < 400 else None

    def _is_right(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Return whether the answer is right, and keep what it has if so."""
        if not is_expected(self.status, self._expected):
            return False
        if not self._captures and not self._matches:
            return True
        shown = body.decode("utf-8", "replace")
        values = {one.name: one.finding.find(shown, headers) for one in self._captures}
        missing = any(one.strict and values[one.name] in (MISSING, "") for one in self._captures)
        differs = any(
            one.strict and not same(one.finding.find(shown, headers), one.value)
            for one in self._matches
        )
        if missing or differs:
            return False
        self._visitor.values |= {k: "" if v is MISSING else v for k, v in values.items()}
        return True


@events.request.add_listener
def _record(context: Mapping[str, Any], **_: Any) -> None:
    """Write down what Locust reports: the one place in which requests are recorded."""
    report.exchange(context["exchange"])


class Arrivals(User):
    """Starts the visitors of `visitors.ndjson`, each at its planned time: an open model."""

    abstract = True
    flows: Sequence[type[Visitor]] = ()

    @task
    def dispatch(self) -> None:
        """Start everybody, wait for the last to leave, and end Locust."""
        with open("visitors.csv", encoding="utf-8", newline="") as file:  # noqa: PTH123 - as Locust
            planned = [
                (float(arrives_s), int(flow), json.loads(values))
                for arrives_s, flow, values in csv.reader(file)
            ]
        printer = gevent.spawn(_print, int(os.environ.get(STARTER) or os.getppid()))
        began_ms = report.now_ms() + HEAD_START_S * 1000
        report.began(began_ms)
        group = self.environment.runner.user_greenlets
        before = set(group)
        for flow in self.flows:
            flow.host = self.host
        for number, (arrives_s, which, values) in enumerate(planned, 1):
            due_ms = began_ms + arrives_s * 1000
            gevent.sleep(max(0.0, (due_ms - report.now_ms()) / 1000))
            visitor = self.flows[which](self.environment)
            visitor.arrive(number, due_ms, values)
            visitor.start(group)
        gevent.joinall([one for one in group if one not in before])
        printer.kill()
        report.finish()
        self.environment.process_exit_code = 0
        gevent.spawn(self.environment.runner.quit)
        raise StopUser


def _print(parent: int) -> None:
    """Print what has come together, and end when nobody reads it any more."""
    while os.getppid() == parent:
        gevent.sleep(FLUSH_S)
        report.flush()
    os._exit(143)


__all__ = [
    "Arrivals", "Capture", "Match", "Request", "Visitor", "chance", "random_number", "random_string",
    "text",
]  # fmt: skip
