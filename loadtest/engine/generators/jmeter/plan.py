"""Writes the test plan of a scenario: what each visitor does, in JMeter's elements."""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote_plus, urlsplit

from loadtest.array_types import Times
from loadtest.engine.generators.jmeter import elements, schedule
from loadtest.engine.generators.jmeter.elements import Node
from loadtest.engine.generators.jmeter.values import Column, Encoding, Values, captured_name
from loadtest.engine.generators.portable import extraction
from loadtest.engine.generators.portable.steps import (
    Finding,
    JsonPath,
    Match,
    Portable,
    PortableFlow,
    Refusal,
    Send,
    Wait,
    sends,
)
from loadtest.engine.generators.portable.texts import Text, UnportableError
from loadtest.engine.generators.portable.unrolled import unroll

END = "haproof: the visitor is done"
"""Label of the line in JMeter's results that says that a visitor did everything."""
WARM_UP = "haproof: warm-up"
"""Label of a request to nobody, before everybody: Java then has loaded what the first visitor needs."""
_NOBODY = ("http", "127.0.0.1", 9)
"""The port `discard` of this computer, which is closed."""
FLOW_COLUMN, ARRIVED, REDIRECT, REPEAT = "flow", "arrived", "redirect", "repeat"
"""Variables: which flow a visitor follows, when it arrived, and where an answer redirects to: by GET, or by
the same request once more."""
ELSEWHERE = "elsewhere"
"""Variable: where an answer redirects to that this plan does not go: another host, or a URL that JMeter
would not write as Node does. Nothing that follows would be what the script asks for."""
UNSENDABLE = "unsendable"
"""Variable: a character of a captured value that JMeter would send otherwise than Artillery where the
script uses the value, in a URL or header."""
RECORDED = {"instance": "X-Instance-Id", "zone": "X-Availability-Zone", "version": "X-App-Version"}
"""Variables that are recorded with each request, and the headers that they come from."""
MOST_REQUESTS = 500
"""Requests of a flow, its loops written out: JMeter copies all of it for every visitor."""
MOST_HOPS = 10
"""Redirects that a request follows, as Artillery's client does."""
_ABSENT, _NOT_YET = "haproof-absent", "haproof-not-yet"
"""What a value is that an answer does not have; the second if it redirects, and another is judged."""
_NO_REDIRECT = "false"
_MILLION = 1_000_000
_KEEP_METHOD, _BY_GET = "30[012478]", "303"
"""Statuses of redirects after which the same request is sent again, and of that which asks for a GET: as
for Artillery's HTTP client."""
_BODILESS = ("GET", "HEAD")
_UNSENDABLE = {
    "url": r"([^ 0-9A-Za-z_.~!$&()*+,;=:@/?'%-]|%(?![0-9A-Fa-f]{2}))",
    "header of a body": r"([^\t\x20-\x7e])",
    "header": r"([^\t\x20-\x7e\x80-\xff])",
}
"""Of a captured value, by where it is sent; each has what those below it have."""
_IN_PATH, _IN_QUERY = "0-9A-Za-z_.~!$&()*+,;=:@/'-", "0-9A-Za-z_.~!$&()*+,;=:@/?-"
"""What JMeter sends as Node does, beside percent signs that encode something."""


@dataclass(frozen=True)
class Plan:
    """A test plan, or what speaks against it."""

    jmx: str
    columns: Sequence[Column]
    """The columns of the file of visitors, after the number of the flow."""
    refusals: Sequence[Refusal]


@dataclass(frozen=True)
class Arrivals:
    """When visitors arrive, and how long after the last of them the last answer may come; seconds."""

    planned_s: Times
    rest_s: float


def write(
    portable: Portable, known: frozenset[str], target: str, arrivals: Arrivals | None
) -> Plan:
    """Write the test plan.

    Args:
        portable: The scenario, translated without refusals.
        known: The variables that visitors arrive with.
        target: URL of the stack, with what the scenario adds to every path.
        arrivals: When visitors arrive; None for a plan that is only to be looked at.
    """
    captured = frozenset(
        capture.name
        for flow in portable.flows
        for send in sends(flow.steps)
        for capture in send.captures
    )
    parts = urlsplit(target)
    used = {use for flow in portable.flows for send in sends(flow.steps) for use in _uses(send)}
    work = _Writer(parts, Values(known, captured), used)
    flows = [work.flow(flow) for flow in portable.flows]
    timeout_ms = round(portable.timeout_s * 1000)
    planned = schedule.write(arrivals.planned_s, arrivals.rest_s) if arrivals else ""
    group = elements.open_model("visitors", planned).add(
        elements.http_defaults(
            parts.scheme,
            parts.hostname or "",
            parts.port or (443 if parts.scheme == "https" else 80),
            timeout_ms,
        ),
        elements.cookies(),
        elements.csv_file("visitors.csv", [FLOW_COLUMN, *(c.name for c in work.values.columns)]),
        elements.at_arrival(ARRIVED, "${__time(,)}"),
        *(
            elements.regexp(name, rf"(?im)^{header}:\s*(.*?)\s*$", "$1$", "", of_headers=True)
            for name, header in RECORDED.items()
        ),
    )
    chosen = flows if len(flows) == 1 else [elements.choice(f"${{{FLOW_COLUMN}}}").add(*flows)]
    warm_up = elements.before_everybody().add(
        elements.http_defaults(*_NOBODY, timeout_ms),
        elements.request(WARM_UP, "GET", "/", None).add(elements.status_is("200")),
    )
    plan = elements.test_plan().add(warm_up, group.add(*chosen))
    return Plan(elements.document(plan), tuple(work.values.columns), tuple(work.refusals))


def _uses(send: Send) -> Iterator[tuple[str, str]]:
    yield from (("url", variable.name) for variable in send.url.variables)
    where = ("header",) if send.body is None else ("header", "header of a body")
    for text in send.headers.values():
        yield from ((one, variable.name) for one in where for variable in text.variables)


@dataclass
class _Writer:
    target: SplitResult
    values: Values
    used: AbstractSet[tuple[str, str]]
    """Where variables are sent, of `_UNSENDABLE`, and their names."""
    refusals: list[Refusal] = field(default_factory=list[Refusal])

    def flow(self, flow: PortableFlow) -> Node:
        made = elements.whole(END)
        sent = 0
        for step in unroll(flow.steps):
            match step:
                case Wait():
                    made.add(elements.pause(_milliseconds(step)))
                case Send():
                    sent += 1
                    if sent > MOST_REQUESTS:
                        self._too_many(step)
                        break
                    self._send(step, made)
        return made

    def _too_many(self, step: Send) -> None:
        reason = (
            f"JMeter has no loops here, and written out a visitor sends more than {MOST_REQUESTS} "
            "requests: repeat them less often"
        )
        self.refusals.append(Refusal(step.location, reason))

    def _send(self, step: Send, below: Node) -> None:
        try:
            nodes = list(self._request(step))
        except UnportableError as error:
            self.refusals.append(Refusal(step.location, str(error)))
            return
        if step.chance < 1:
            limit = round(step.chance * _MILLION)
            condition = f"${{__jexl3(${{__Random(1,{_MILLION},)}} <= {limit},)}}"
            below.add(elements.only_if(condition).add(*nodes))
        else:
            below.add(*nodes)

    def _request(self, step: Send) -> Iterator[Node]:
        label = self.values.text(Text((step.endpoint,)))
        path = f"{self.target.path.rstrip('/')}{self._path(step)}"
        first = elements.request(label, step.method, path, self._body(step))
        yield first.add(*self._judged(step))
        if not step.follows:
            return
        if step.method not in _BODILESS:
            again = elements.request(label, step.method, f"${{{REPEAT}}}", self._body(step))
            yield _hops(REPEAT, again.add(*self._judged(step), _not_one_too_many(REPEAT)))
        method = step.method if step.method in _BODILESS else "GET"
        hop = elements.request(label, method, f"${{{REDIRECT}}}", None)
        judged = self._judged(dataclasses.replace(step, method=method, body=None))
        yield _hops(REDIRECT, hop.add(*judged, _not_one_too_many(REDIRECT)))

    def _judged(self, step: Send) -> Iterator[Node]:
        yield elements.headers(dict(self._headers(step)))
        if step.expected:
            statuses = "|".join(map(str, step.expected))
            redirects = f"|{_BY_GET}|{_KEEP_METHOD}" if step.follows else ""
            yield elements.status_is(f"{statuses}{redirects}")
        absent = _ABSENT
        if step.follows:
            yield from self._redirects(step)
            absent = _absent_unless_redirected(step)
        before = ""
        for capture in step.captures:
            name = captured_name(capture.name)
            yield self._taken(name, capture.finding, absent)
            where = (one for one in _UNSENDABLE if (one, capture.name) in self.used)
            if (strictest := next(where, None)) is not None:
                unsendable = _UNSENDABLE[strictest]
                yield elements.regexp_of_variable(UNSENDABLE, name, unsendable, before)
                before = f"${{{UNSENDABLE}}}"  # of another value of this answer
            if capture.finding.strict:
                yield elements.variable_is(name, [_ABSENT, ""], equal=False)
        for number, match in enumerate(one for one in step.matches if one.finding.strict):
            yield from self._matched(f"match_{number}", match, absent)

    def _matched(self, name: str, match: Match, absent: str) -> Iterator[Node]:
        if match.finding.kind == "json":
            _require_no_length(match.finding.path)
            # The same text may be a number's or a string's: JMeter's variables do not tell.
            where = equal(self.values, match.finding.path, match.value)
            yield elements.json_path(name, where, absent)
            yield elements.variable_is(name, [_ABSENT], equal=False)
        else:
            assert isinstance(match.value, Text)  # noqa: S101 - the schema wants one
            value = self.values.text(match.value, Encoding.ONLY_TEXT)
            yield self._taken(name, match.finding, absent)
            yield elements.variable_is(name, [value, _NOT_YET], equal=True)

    def _redirects(self, step: Send) -> Iterator[Node]:
        """Take where an answer redirects to: the stack's own host, or a path on it, and no other."""
        same = step.method not in _BODILESS
        by_get = _BY_GET if same else f"(?:{_BY_GET}|{_KEEP_METHOD})"
        yield self._location(REDIRECT, by_get)
        if same:
            yield self._location(REPEAT, _KEEP_METHOD)
        there = rf"(?!{self._here})(\S+)"
        yield self._location(ELSEWHERE, f"(?:{_BY_GET}|{_KEEP_METHOD})", there, otherwise="")

    @property
    def _here(self) -> str:
        """An expression for a URL on the stack's host, at its own or a usual port, sent as it is."""
        own = self.target.port or 443
        host = rf"https?://{re.escape(self.target.hostname or '')}(?::(?:{own}|80|443))?(?=[/?\s])"
        # JMeter makes one slash of two, and Node takes these steps out.
        straight = r"(?![^\s?#]*//)(?![^\s?#]*/(?:\.|%2e){1,2}(?:[/?#]|\s))"
        path, query = _encoded(_IN_PATH), _encoded(_IN_QUERY)
        return rf"(?:{host}|(?=/)){straight}{path}(?:\?{query})?(?:#\S*)?(?=[ \t\r]*(?:\n|$))"

    def _location(
        self, name: str, statuses: str, there: str = "", otherwise: str = _NO_REDIRECT
    ) -> Node:
        where = there or f"({self._here})"
        before = rf"(?i)^HTTP/\S+ {statuses}[^\n]*\n(?:[^\n]+\n)*?"
        pattern = rf"{before}Location:[ \t]*{where}"
        return elements.regexp(name, pattern, "$1$", otherwise, of_headers=True)

    def _headers(self, step: Send) -> Iterator[tuple[str, str]]:
        encoding = Encoding.PLAIN if step.body is None else Encoding.HEADER_OF_BODY
        given = {name: self.values.text(value, encoding) for name, value in step.headers.items()}
        given.setdefault("user-agent", "haproof (JMeter)")
        if step.compressed:
            given.setdefault("accept-encoding", "gzip, deflate")
        if step.body is not None and step.body.raw is None:
            form = step.body.form is not None
            kind = "x-www-form-urlencoded" if form else "json"
            given.setdefault("content-type", f"application/{kind}")
        if step.auth is not None:
            given["authorization"] = f"Basic {_credentials(step.auth)}"
        yield from given.items()

    def _path(self, step: Send) -> str:
        path = self.values.url(step.url)
        if not step.query:
            return path
        pairs = self._pairs(step.query)
        return f"{path}?{'&'.join(pairs)}"

    def _pairs(self, given: Mapping[str, Text | Sequence[Text]]) -> Iterator[str]:
        for key, value in given.items():
            # A list is the same name several times.
            for one in [value] if isinstance(value, Text) else value:
                yield f"{quote_plus(key)}={self.values.text(one, Encoding.QUERY)}"

    def _body(self, step: Send) -> str | None:
        body = step.body
        if body is None:
            return None
        if body.raw is not None:
            if "content-type" not in step.headers:
                raise UnportableError(
                    "JMeter sends a `body` as text/plain: write its type as a header `content-type`"
                )
            return self.values.text(body.raw)
        if body.form is not None:
            return "&".join(self._pairs(body.form))
        return self.values.json(body.json)

    def _taken(self, name: str, finding: Finding, absent: str) -> Node:
        match finding.kind:
            case "json":
                _require_no_length(finding.path)
                return elements.json_path(name, extraction.json_path(finding.path), absent)
            case "regexp":
                flags = f"(?{finding.flags})" if finding.flags else ""
                pattern, group = f"{flags}({finding.expression})", finding.group + 1
                return elements.regexp(name, pattern, f"${group}$", absent, of_headers=False)
            case "header":
                pattern = rf"(?im)^{re.escape(finding.expression)}:\s*(\S.*?)\s*$"
                return elements.regexp(name, pattern, "$1$", absent, of_headers=True)


def equal(values: Values, path: JsonPath, value: Text | float | bool) -> str:
    """Return a JSONPath to whatever holds this value, of its type, at the path.

    Raises:
        UnportableError: JMeter's JSONPath cannot say that.
    """
    names = next((at for at, one in enumerate(path) if isinstance(one, str)), None)
    if names is None:
        raise UnportableError(
            "JMeter cannot tell a text from a number in a list: match a value that has a name"
        )
    before, inside = extraction.json_path(path[:names]), extraction.json_path(path[names:])
    return f"{before}[?(@{inside[1:]} === {values.literal(value)})]"


def _require_no_length(path: JsonPath) -> None:
    if "length" in path:
        raise UnportableError(
            "`length` is how long a list or text is, which JMeter's JSONPath does not say: use `regexp`"
        )


def _encoded(characters: str) -> str:
    return f"[{characters}]*(?:%[0-9a-f]{{2}}[{characters}]*)*"


def _hops(variable: str, hop: Node) -> Node:
    """Return what sends a hop as long as the variable says where to."""
    return elements.as_long_as(f"${{{variable}}}").add(hop)


def _not_one_too_many(variable: str) -> Node:
    """Return what fails the last hop that is followed if it redirects once more."""
    last, now = MOST_HOPS - 1, 'vars.get("__jm__redirects__idx")'
    expected = f'{now} == "{last}" ? "{_NO_REDIRECT}" : vars.get("{variable}")'
    return elements.variable_is(variable, [f"${{__jexl3({expected},)}}"], equal=True)


def _absent_unless_redirected(step: Send) -> str:
    """Return what is there instead of a value: only the last answer of redirects has to have it."""
    names = (REDIRECT,) if step.method in _BODILESS else (REDIRECT, REPEAT)
    last = " and ".join(f'vars.get("{name}") == "{_NO_REDIRECT}"' for name in names)
    return f'${{__jexl3({last} ? "{_ABSENT}" : "{_NOT_YET}",)}}'


def _milliseconds(step: Wait) -> str:
    if step.low_s == step.high_s:
        return str(round(step.low_s * 1000))
    # Whole seconds, as drawn elsewhere.
    return f"${{__Random({round(step.low_s)},{round(step.high_s)},)}}000"


def _credentials(auth: tuple[Text, Text]) -> str:
    user, password = (one.fixed for one in auth)
    if user is None or password is None:
        raise UnportableError("`auth` with a variable: JMeter cannot encode it; send a header")
    return base64.b64encode(f"{user}:{password}".encode()).decode()
