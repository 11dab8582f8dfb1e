"""Search expressions: `{AWS/EC2,InstanceId} MetricName="CPUUtilization"`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from region.services.cloudwatch import lexing
from region.services.cloudwatch.expression_parser import ExpressionError
from region.services.cloudwatch.store import Metric

MOST_FOUND = 500
_SCHEMA = re.compile(r"\s*\{\s*([^}]*)\}")
_PART = re.compile(
    r"\s*(?:(?P<symbol>[()])|(?P<name>[\w.:/-]+|\"[^\"]+\")\s*=\s*(?P<equals>\"[^\"]*\"|[^\s()\"]+)"
    r"|(?P<term>\"[^\"]*\"|[^\s()\"]+))"
)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
Test = Callable[[Metric], bool]


def matching(text: str, metrics: Iterable[Metric]) -> list[Metric]:
    """Return the metrics that a search finds.

    Raises:
        ExpressionError: The search is none.
    """
    schema = _SCHEMA.match(text)
    rest = text[schema.end() :] if schema else text
    tests: list[Test] = []
    if schema:
        namespace, *dimensions = [part.strip().strip('"') for part in schema[1].split(",")]
        wanted = sorted(dimensions)
        tests.append(
            lambda which: (
                which.namespace == namespace
                and sorted(name for name, _ in which.dimensions) == wanted
            )
        )
    parts = list(_parts(rest))
    if parts:
        parser = _Parser(parts)
        tests.append(parser.either())
        parser.expect_end()
    found = [which for which in metrics if all(test(which) for test in tests)]
    return sorted(found, key=lambda which: (which.namespace, which.name, which.dimensions))[
        :MOST_FOUND
    ]


def _parts(text: str) -> Iterator[re.Match[str]]:
    return lexing.tokens(
        _PART, text, lambda rest: ExpressionError(f"SEARCH has a syntax error at {rest[:20]!r}.")
    )


class _Parser:
    """OR binds less than AND, which may be left out, and that less than NOT."""

    def __init__(self, parts: list[re.Match[str]]) -> None:
        self._parts, self._position = parts, 0

    def _peek(self) -> str:
        if self._position >= len(self._parts):
            return ""
        part = self._parts[self._position]
        return part["symbol"] or (part["term"] or "=")

    def expect_end(self) -> None:
        """Raise unless everything was parsed."""
        if self._peek():
            raise ExpressionError(f"SEARCH has an unexpected {self._peek()!r}.")

    def either(self) -> Test:
        """Parse operands of OR."""
        tests = [self._all()]
        while self._peek() == "OR":
            self._position += 1
            tests.append(self._all())
        return lambda which: any(test(which) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() not in {"", ")", "OR"}:
            if self._peek() == "AND":
                self._position += 1
            tests.append(self._one())
        return lambda which: all(test(which) for test in tests)

    def _one(self) -> Test:
        sign = self._peek()
        if not sign or sign == ")":
            raise ExpressionError("SEARCH needs a term.")
        part = self._parts[self._position]
        self._position += 1
        if sign == "NOT":
            inner = self._one()
            return lambda which: not inner(which)
        if sign == "(":
            inside = self.either()
            if self._peek() != ")":
                raise ExpressionError("SEARCH has a bracket that is not closed.")
            self._position += 1
            return inside
        if part["name"]:
            return _of_property(part["name"].strip('"'), part["equals"])
        return _of_any(part["term"])


def _of_property(name: str, value: str) -> Test:
    def test(which: Metric) -> bool:
        if name == "Namespace":
            values = [which.namespace]
        elif name == "MetricName":
            values = [which.name]
        else:
            values = [known for key, known in which.dimensions if key == name]
        return any(_fits(one, value) for one in values)

    return test


def _of_any(term: str) -> Test:
    def test(which: Metric) -> bool:
        texts = [which.namespace, which.name, *(part for pair in which.dimensions for part in pair)]
        return any(_fits(one, term) for one in texts)

    return test


def _fits(text: str, wanted: str) -> bool:
    """Compare in quotes exactly, otherwise word by word."""
    if wanted.startswith('"'):
        return text == wanted.strip('"')
    return text.lower() == wanted.lower() or _words(wanted) <= _words(text)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
