"""Request conditions (`ifTrue`), in the language of filtrex 2, which Artillery parses them with.

Artillery sends the request if it cannot read the condition, and reads a variable that nobody sets as
false: either way a mistake changes what is measured without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loadtest.scenario.variables import Variables

FUNCTIONS = ("abs", "ceil", "floor", "log", "max", "min", "random", "round", "sqrt")
_TOKEN = re.compile(
    r"""(?P<operator>[*/+^%(),?:-]|==|!=|~=|>=|<=|<|>)
    |(?P<word>and|or|not|in|of)[^\w]
    |(?P<space>\s+)
    |(?P<number>[0-9]+(?:\.[0-9]+)?\b)
    |(?P<symbol>[a-zA-Z$_][.a-zA-Z0-9$_]*)
    |(?P<quoted>'(?:\\'|\\\\|[^'\\])*')
    |(?P<text>"(?:\\"|\\\\|[^"\\])*")""",
    re.VERBOSE,
)
"""The language's own rules, in their order; a word takes the character behind it with it."""
_BINARY = frozenset("+-*/%^<>") | {"and", "or", "in", "==", "!=", "~=", "<=", ">="}
Token = tuple[str, str]


class NoExpressionError(Exception):
    """The text is not in the language."""


def problems(condition: str, variables: Variables) -> Iterator[str]:
    """Yield what is wrong with a condition."""
    if "{{" in condition:
        yield "`ifTrue` takes variables without braces: with them, Artillery sends it always"
        return
    if variables.processor is not None and variables.processor.mentions(condition.strip()):
        return
    try:
        tokens = list(tokens_of(condition))
        _Parser(tokens).whole()
    except NoExpressionError as error:
        yield (
            f"Artillery cannot read `{condition}` ({error}) and would send it always; write "
            '`name == "value"`, `>`, `and`, `or`, `not`'
        )
        return
    called = {
        name
        for (kind, name), (_, following) in zip(tokens, [*tokens[1:], ("", "")], strict=True)
        if kind == "symbol" and following == "("
    }
    used = [token for token in tokens if token[0] in ("symbol", "quoted")]
    if not [name for _, name in used if name not in called]:
        yield f"`{condition}` has no variable: it is always the same"
    for kind, name in used:
        problem = _function(name) if name in called else _name(kind, name, variables)
        if problem:
            yield problem


def _function(name: str) -> str | None:
    if name in FUNCTIONS:
        return None
    return f"a condition has no function `{name}`; there are {', '.join(FUNCTIONS)}"


def _name(kind: str, name: str, variables: Variables) -> str | None:
    if kind == "quoted":
        inside = name[1:-1]
        # A function's parameter may have the name of the text that is meant: `done`, `error`.
        return (
            None
            if variables.is_named(inside)
            else f'write "{inside}": in single quotes it names a variable'
        )
    if name in ("true", "false"):
        return f"a condition has no `{name}`: write {int(name == 'true')}"
    return None if variables.has(name) else _unset(name, variables)


def _unset(name: str, variables: Variables) -> str:
    root = name.partition(".")[0]
    if root != name and variables.has(root):
        return f"a condition cannot look into `{root}`: capture `{name}` as a variable of its own"
    return variables.unknown(name)


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the kind and the text of each token of a condition.

    Raises:
        NoExpressionError: Something in it is not a token.
    """
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NoExpressionError(f"at `{text[at : at + 8]}`")
        at = found.end()
        kind = found.lastgroup or ""
        if kind != "space":
            yield kind, found[kind]


class _Parser:
    """Says whether tokens are an expression; precedence does not matter for that."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> None:
        """Read everything.

        Raises:
            NoExpressionError: It is not an expression.
        """
        self._expression()
        if self._at < len(self._tokens):
            raise NoExpressionError(f"at `{self._tokens[self._at][1]}`")

    def _next(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, value: str) -> bool:
        kind, found = self._next()
        if found == value and kind in ("operator", "word"):
            self._at += 1
            return True
        return False

    def _expect(self, value: str) -> None:
        if not self._take(value):
            raise NoExpressionError(f"`{value}` is missing")

    def _expression(self) -> None:
        self._operand()
        while True:
            kind, value = self._next()
            if self._take("?"):
                self._expression()
                self._expect(":")
                self._expression()
            elif self._take("not"):
                self._expect("in")
                self._operand()
            elif kind in ("operator", "word") and value in _BINARY:
                self._at += 1
                self._operand()
            else:
                return

    def _operand(self) -> None:
        if self._take("-") or self._take("not"):
            self._operand()
        elif self._take("("):
            self._expression()
            while self._take(","):
                self._expression()
            self._expect(")")
        else:
            self._name_or_value()

    def _name_or_value(self) -> None:
        kind, value = self._next()
        if kind not in ("number", "text", "symbol", "quoted"):
            raise NoExpressionError(f"at `{value}`" if value else "it ends too early")
        self._at += 1
        if kind in ("symbol", "quoted"):
            if self._take("of"):
                self._operand()
            elif self._take("(") and not self._take(")"):
                self._expression()
                while self._take(","):
                    self._expression()
                self._expect(")")
