"""The lines of a frontend that pick a request's target group: a listener's rules in HAProxy's words.

They set the variable `txn.group`, or answer themselves. The first rule that holds decides. Patterns
become regular expressions of letters, digits and escaped bytes, so that no text leaves its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from region.services.elbv2.haproxy.model import Listener, Minimum, TargetGroup
from region.services.elbv2.haproxy.rules import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HeaderCondition,
    HostCondition,
    MethodCondition,
    PathCondition,
    Pattern,
    QueryCondition,
    Redirect,
    SourceCondition,
)

UNDECIDED = "!{ var(txn.group) -m found }"
_KEY = "AWSALBTG"


class Files(Protocol):
    """Where pages and bodies are."""

    def page(self, status: int) -> Path:
        """Return the page of an error."""
        ...

    def body(self, port: int, place: int) -> Path:
        """Return the body of a fixed response."""
        ...


def lines(listener: Listener, files: Files) -> Iterator[str]:
    """Yield the lines for all rules of a listener and for its default action."""
    if is_sticky(listener):
        yield f"http-request set-var(txn.tgkey) req.cook({_KEY}),word(1,.)"
        yield f"http-request set-var(txn.tgleft) req.cook({_KEY}),word(2,.),sub(txn.now)"
    for place, rule in enumerate(listener.rules):
        names: list[str] = []
        for number, condition in enumerate(rule.conditions):
            name = f"rule-{place}-{number}"
            names.append(name)
            yield from (f"acl {name} {test}" for test in tests(condition))
        guard = " ".join([UNDECIDED, *names])
        yield from _act(rule.action, guard, listener, place, files)
    guard = UNDECIDED if listener.rules else ""
    yield from _act(listener.action, guard, listener, len(listener.rules), files)


def is_sticky(listener: Listener) -> bool:
    """Return whether a listener binds clients to one of several target groups."""
    return any(
        isinstance(action, Forward) and action.stickiness is not None for action in listener.actions
    )


def thresholds(groups: Sequence[TargetGroup]) -> Iterator[str]:
    """Yield the lines that set `txn.few` where a group has too few healthy targets.

    For groups with the usual minimum of one the frontend asks itself.
    """
    for group in groups:
        minimum = group.routing
        if minimum == Minimum():
            continue
        this = f"{{ var(txn.group) -m str {group.name} }}"
        few = "http-request set-var(txn.few) bool(true) if"
        if minimum.count > 0:
            yield f"{few} {this} {{ var(txn.be),nbsrv lt {minimum.count} }}"
        if minimum.percentage > 0:
            need = f"var(txn.open),nbsrv,mul({minimum.percentage})"
            yield f"http-request set-var(txn.need) {need} if {this}"
            yield f"{few} {this} {{ var(txn.be),nbsrv,mul(100),sub(txn.need) lt 0 }}"


def tests(condition: Condition) -> Iterator[str]:
    """Yield the tests of which one has to succeed."""
    match condition:
        case PathCondition(patterns):
            yield from (f"path -m reg {_whole(item)}" for item in patterns)
        case HostCondition(patterns):
            yield from (f"req.hdr(host),field(1,:) -m reg -i {_whole(item)}" for item in patterns)
        case HeaderCondition(name, patterns):
            yield from (f"req.fhdr({name}) -m reg -i {_whole(item)}" for item in patterns)
        case QueryCondition(pairs):
            yield from (f"query -m reg -i {_pair(key, value)}" for key, value in pairs)
        case MethodCondition(methods):
            yield from (f"method -m str {method}" for method in methods)
        case SourceCondition(blocks):
            yield from (f"src {block}" for block in blocks)


def _whole(pattern: Pattern) -> str:
    return f"'^{pattern.expression()}$'"


def _pair(key: Pattern | None, value: Pattern) -> str:
    name = "[^&=]*=|" if key is None else f"{key.expression('[^&=]')}="
    return f"'(?:^|&)(?:{name}){value.expression('[^&]')}(?:&|$)'"


def _act(action: Action, guard: str, listener: Listener, place: int, files: Files) -> Iterator[str]:
    condition = f" if {guard}" if guard else ""
    match action:
        case FixedResponse(status, content_type, body):
            yield f"http-request set-var(txn.kind) str(fixed){condition}"
            content = (
                f" content-type {content_type} file {files.body(listener.port, place)}"
                if body
                else ""
            )
            yield f"http-request return status {status}{content}{condition}"
        case Redirect():
            yield f"http-request set-var(txn.kind) str(redirect){condition}"
            yield from _redirect(action, guard, listener)
        case Forward():
            yield from _forward(action, guard, files)


def _forward(action: Forward, guard: str, files: Files) -> Iterator[str]:
    condition = f" if {guard}" if guard else ""
    shares = action.shares
    if not shares:
        page = f"content-type text/html file {files.page(503)}"
        yield f"http-request set-var(txn.kind) str(none){condition}"
        yield f"http-request return status 503 {page}{condition}"
        return
    guard = guard or UNDECIDED
    if action.stickiness is not None:
        duration = max(1, round(action.stickiness * 1000))
        yield f"http-request set-var(txn.tgtime) int({duration}) if {guard}"
        for name, _ in shares:
            bound = (
                f"{{ var(txn.tgkey) -m str {group_key(name)} }} {{ var(txn.tgleft) -m int gt 0 }}"
            )
            yield f"http-request set-var(txn.group) str({name}) if {guard} {bound}"
    total = sum(weight for _, weight in shares)
    if len(shares) > 1:
        yield f"http-request set-var(txn.dice) rand({total}) if {guard}"
    below = 0
    last = shares[len(shares) - 1][0]
    for name, weight in shares[:-1]:
        below += weight
        drawn = f"{{ var(txn.dice) -m int lt {below} }}"
        yield f"http-request set-var(txn.group) str({name}) if {guard} {drawn}"
    yield f"http-request set-var(txn.group) str({last}) if {guard}"


def group_key(name: str) -> str:
    """Return what stands for a target group in a cookie: what HAProxy's `hex` makes of its name."""
    return name.encode().hex()


def _redirect(action: Redirect, guard: str, listener: Listener) -> Iterator[str]:
    condition = f" if {guard}" if guard else ""
    own = {
        "protocol": listener.scheme,
        "host": "%[var(txn.host)]",
        "port": str(listener.port),
        "path": "%[path,bytes(1)]",
        "query": "%[query]",
    }

    def filled(text: str) -> str:
        for name, value in own.items():
            text = text.replace(f"#{{{name}}}", value)
        return text

    yield f"http-request set-var(txn.host) req.hdr(host),host_only{condition}"
    # A request of HTTP/1.0 may name no host.
    unnamed = f"{guard} !{{ var(txn.host) -m found }}".lstrip()
    yield f"http-request set-var(txn.host) dst if {unnamed}"
    query = ""
    if action.query == "#{query}":
        yield "http-request set-var-fmt(txn.query) '?%[query]' if { query -m len gt 0 }"
        query = "%[var(txn.query)]"
    elif action.query:
        query = f"?{filled(action.query)}"
    where = f"{filled(action.protocol).lower()}://{filled(action.host)}:{filled(action.port)}"
    location = f"{where}{filled(action.path)}{query}"
    yield f"http-request redirect code {action.status} location '{location}'{condition}"
