"""The syntax of metric math.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from region.services.cloudwatch import lexing

MOST_DEPTH = 100
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<symbol>&&|\|\||==|!=|<>|<=|>=|[-+*/^()<>,\[\]]))"
)
_WORDS: Final = {"AND": "&&", "OR": "||"}


class ExpressionError(ValueError):
    """An expression that cannot be evaluated; the message says why."""


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of another query, or a word such as REPEAT."""

    value: str


@dataclass(frozen=True, slots=True)
class Negation:
    """An operand with a minus before it."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands and the operator between them."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; its name in capitals."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """Time series in brackets."""

    items: tuple[Node, ...]


Node = Number | Text | Name | Negation | Operation | Call | Array

# From the weakest.
_LEVELS: Final = (
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"==", "!=", "<>", "<", ">", "<=", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)


def parse(text: str) -> Node:
    """Parse an expression.

    Raises:
        ExpressionError: It is not one.
    """
    parser = _Parser(_tokens(text), text)
    node = parser.level(0)
    if parser.peek():
        raise ExpressionError(f"Unexpected {parser.peek()!r} in expression {text!r}.")
    return node


def names(node: Node) -> set[str]:
    """Return the names in an expression."""
    if isinstance(node, Name):
        return {node.value}
    inside: tuple[Node, ...] = ()
    if isinstance(node, Negation):
        inside = (node.operand,)
    elif isinstance(node, Operation):
        inside = (node.left, node.right)
    elif isinstance(node, Call):
        inside = node.arguments
    elif isinstance(node, Array):
        inside = node.items
    return set[str]().union(*(names(one) for one in inside))


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for match in lexing.tokens(
        _TOKEN, text, lambda rest: ExpressionError(f"Invalid character at {rest[:10]!r}.")
    ):
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "name" and value.upper() in _WORDS:
            kind, value = "symbol", _WORDS[value.upper()]
        found.append((kind, value))
    return found


class _Parser:
    """A recursive descent over tokens."""

    def __init__(self, tokens: list[tuple[str, str]], text: str) -> None:
        self._tokens, self._text = tokens, text
        self._position = self._depth = 0

    def peek(self) -> str:
        """Return the next token, empty at the end."""
        return self._tokens[self._position][1] if self._position < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._position][0] if self._position < len(self._tokens) else "end"

    def _take(self, expected: str = "") -> str:
        value = self.peek()
        if not value or (expected and value != expected):
            wanted = repr(expected) if expected else "an operand"
            raise ExpressionError(f"Expected {wanted} in expression {self._text!r}.")
        self._position += 1
        return value

    def level(self, number: int) -> Node:
        """Parse what binds at least as strongly as a level of operators."""
        self._depth += 1
        if self._depth > MOST_DEPTH * (len(_LEVELS) + 1):
            raise ExpressionError("The expression is nested too deeply.")
        try:
            if number == len(_LEVELS):
                return self._unary()
            node = self.level(number + 1)
            while self._kind() == "symbol" and self.peek() in _LEVELS[number]:
                node = Operation(self._take(), node, self.level(number + 1))
            return node
        finally:
            self._depth -= 1

    def _unary(self) -> Node:
        if self._kind() == "symbol" and self.peek() == "-":
            self._take()
            return Negation(self._unary_or_power())
        return self._unary_or_power()

    def _unary_or_power(self) -> Node:
        base = self._primary()
        if self._kind() == "symbol" and self.peek() == "^":
            self._take()
            return Operation("^", base, self.level(len(_LEVELS)))
        return base

    def _primary(self) -> Node:
        kind = self._kind()
        value = self._take()
        if kind == "number":
            return Number(float(value))
        if kind == "text":
            return Text(value[1:-1])
        if kind == "name":
            if self.peek() == "(":
                return Call(value.upper(), self._list("(", ")"))
            return Name(value)
        self._position -= 1
        if value == "(":
            self._take("(")
            node = self.level(0)
            self._take(")")
            return node
        if value == "[":
            return Array(self._list("[", "]"))
        raise ExpressionError(f"Unexpected {value!r} in expression {self._text!r}.")

    def _list(self, opening: str, closing: str) -> tuple[Node, ...]:
        self._take(opening)
        items: list[Node] = []
        while self.peek() != closing:
            items.append(self.level(0))
            if self.peek() != closing:
                self._take(",")
        self._take(closing)
        return tuple(items)
