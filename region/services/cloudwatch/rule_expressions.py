"""The rules of composite alarms: `ALARM("a") AND NOT OK(b)`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from region.services.cloudwatch import lexing

MOST_CHILDREN = 100
MOST_ELEMENTS = 500
_TOKEN = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>[^\"]+)\"|'(?P<single>[^']+)'"
    r"|(?P<plain>[^\s()\"]+))\s*\)"
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<bracket>[()]))",
    re.IGNORECASE,
)
_BINARY: Final = ("OR", "AND")


class RuleError(ValueError):
    """A rule that is none; the message says why."""


@dataclass(frozen=True, slots=True)
class InState:
    """Whether an alarm is in a state."""

    state: str
    alarm: str


@dataclass(frozen=True, slots=True)
class Constant:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: Rule


@dataclass(frozen=True, slots=True)
class Both:
    """AND or OR."""

    word: str
    left: Rule
    right: Rule


Rule = InState | Constant | Not | Both


@lru_cache(maxsize=256)
def parse(text: str) -> Rule:
    """Parse a rule; alarms are named by name or ARN.

    Raises:
        RuleError: It is none.
    """
    tokens = list(_tokens(text))
    if len(tokens) > MOST_ELEMENTS:
        raise RuleError(f"AlarmRule has more than {MOST_ELEMENTS} elements.")
    parser = _Parser(tokens)
    rule = parser.binary(0)
    parser.expect_end()
    if len(children(rule)) > MOST_CHILDREN:
        raise RuleError(f"AlarmRule has more than {MOST_CHILDREN} alarms.")
    return rule


def children(rule: Rule) -> set[str]:
    """Return the names of the alarms in a rule."""
    if isinstance(rule, InState):
        return {rule.alarm}
    if isinstance(rule, Not):
        return children(rule.operand)
    if isinstance(rule, Both):
        return children(rule.left) | children(rule.right)
    return set()


def holds(rule: Rule, state_of: Callable[[str], str]) -> bool:
    """Return whether a rule holds."""
    if isinstance(rule, InState):
        return state_of(rule.alarm) == rule.state
    if isinstance(rule, Not):
        return not holds(rule.operand, state_of)
    if isinstance(rule, Both):
        left, right = holds(rule.left, state_of), holds(rule.right, state_of)
        return left and right if rule.word == "AND" else left or right
    return rule.value


def alarm_name(reference: str) -> str:
    """Return the name of an alarm that is named by its name or its ARN."""
    return reference.split(":alarm:", 1)[-1] if reference.startswith("arn:") else reference


def _tokens(text: str) -> Iterator[Rule | str]:
    for match in lexing.tokens(
        _TOKEN, text, lambda rest: RuleError(f"AlarmRule has a syntax error at {rest[:30]!r}.")
    ):
        if match["state"]:
            name = match["quoted"] or match["single"] or match["plain"]
            yield InState(match["state"].upper(), alarm_name(name))
        elif match["word"]:
            word = match["word"].upper()
            yield Constant(word == "TRUE") if word in {"TRUE", "FALSE"} else word
        else:
            yield match["bracket"]


class _Parser:
    """A recursive descent: OR binds less than AND, and that less than NOT."""

    def __init__(self, tokens: list[Rule | str]) -> None:
        self._tokens = tokens
        self._position = 0

    def _next(self) -> Rule | str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def expect_end(self) -> None:
        """Raise unless everything was parsed."""
        if self._next() is not None:
            raise RuleError(f"AlarmRule has an unexpected {self._next()}.")

    def binary(self, level: int) -> Rule:
        """Parse operands of OR (0), AND (1), or one of them (2)."""
        if level == len(_BINARY):
            return self._operand()
        rule = self.binary(level + 1)
        while self._next() == _BINARY[level]:
            self._position += 1
            rule = Both(_BINARY[level], rule, self.binary(level + 1))
        return rule

    def _operand(self) -> Rule:
        sign = self._next()
        self._position += 1
        if sign == "NOT":
            return Not(self._operand())
        if sign == "(":
            rule = self.binary(0)
            if self._next() != ")":
                raise RuleError("AlarmRule has a bracket that is not closed.")
            self._position += 1
            return rule
        if sign is None or isinstance(sign, str):
            raise RuleError(
                f"AlarmRule needs an alarm's state, TRUE or FALSE, not {sign or 'its end'}."
            )
        return sign
