"""Request conditions (`ifTrue`) as trees, by the grammar of filtrex 2.

A tree is made of lists, so that it can be written as JSON: `["==", ["name", "plan"], ["text", "paid"]]`.
The first entry is an operator of the language or one of

    ["number", 1.5]  ["text", "abc"]  ["name", "variable"]  ["call", "round", tree, …]
    ["list", tree, …]  ["?", condition, then, otherwise]  ["of", "name", tree]
    ["neg", tree]  ["not", tree]  ["in", tree, tree]  ["not in", tree, tree]

Its values are JavaScript's: `==` compares a number with the text of a number as equal, a comparison is 1
or 0, and a variable that nobody has set is undefined.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from loadtest.scenario.conditions import NoExpressionError, Token, tokens_of

Tree: TypeAlias = list[Any]

_BINDING = {
    "?": 1, "or": 2, "and": 3, "in": 4, "==": 5, "!=": 5, "~=": 5, "<": 6, "<=": 6, ">": 6, ">=": 6,
    "+": 7, "-": 7, "*": 8, "/": 8, "%": 8, "^": 9,
}  # fmt: skip
"""How tightly each operator binds; all of them from left to right, `^` too."""
_NOT, _NEGATIVE = 10, 11


def parse(condition: str) -> Tree:
    """Return the tree of a condition that the scenario's validation has accepted.

    Raises:
        NoExpressionError: It is none.
    """
    parser = _Parser(list(tokens_of(condition)))
    tree = parser.expression(0)
    parser.expect_end()
    return tree


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ("end", "")

    def _take(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        kind, found = self._take()
        if kind not in ("operator", "word") or found != text:
            raise NoExpressionError(f"`{text}` is missing")

    def expect_end(self) -> None:
        """Require that nothing is left."""
        if self._at < len(self._tokens):
            raise NoExpressionError(f"at `{self._peek()[1]}`")

    def expression(self, least: int) -> Tree:
        """Read an expression whose operators bind more tightly than `least`."""
        left = self._operand()
        while True:
            kind, operator = self._peek()
            if kind not in ("operator", "word"):
                return left
            if operator == "not" and self._peek(1)[1] == "in":
                operator = "not in"
            binding = _BINDING.get(operator.removeprefix("not "))
            if binding is None or binding <= least:
                return left
            self._at += 2 if operator == "not in" else 1
            if operator == "?":
                then = self.expression(0)
                self._expect(":")
                left = ["?", left, then, self.expression(binding - 1)]
            else:
                left = [operator, left, self.expression(binding)]

    def _operand(self) -> Tree:
        kind, text = self._take()
        match kind, text:
            case "operator", "-":
                return ["neg", self.expression(_NEGATIVE)]
            case "word", "not":
                return ["not", self.expression(_NOT)]
            case "operator", "(":
                return self._bracketed()
            case "number", _:
                return ["number", float(text)]
            case "text", _:
                return ["text", _unquoted(text)]
            case "symbol" | "quoted", _:
                return self._named(_unquoted(text) if kind == "quoted" else text, kind)
            case _:
                raise NoExpressionError(f"at `{text}`" if text else "it ends too early")

    def _bracketed(self) -> Tree:
        first = self.expression(0)
        values: Tree = [first]
        while self._peek() == ("operator", ","):
            self._at += 1
            values.append(self.expression(0))
        self._expect(")")
        return first if len(values) == 1 else ["list", *values]

    def _named(self, name: str, kind: str) -> Tree:
        if self._peek() == ("word", "of"):
            self._at += 1
            return ["of", name, self._operand()]
        if kind != "symbol" or self._peek() != ("operator", "("):
            return ["name", name]
        self._at += 1
        call: Tree = ["call", name]
        while self._peek() != ("operator", ")"):
            call.append(self.expression(0))
            if self._peek() == ("operator", ","):
                self._at += 1
        self._at += 1
        return call


def _unquoted(text: str) -> str:
    quote = text[0]
    if quote == '"':
        return str(json.loads(text)) if "\\" in text else text[1:-1]
    return text[1:-1].replace("\\'", "'").replace("\\\\", "\\")
