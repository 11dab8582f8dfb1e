"""Conditions as trees: what binds more tightly, and what a tree looks like."""

from __future__ import annotations

from typing import Any

import pytest

from loadtest.engine.generators.translation.conditions import parse
from loadtest.scenario.conditions import NoExpressionError

A, B, C = (["name", name] for name in "abc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ('a == "x y"', ["==", A, ["text", "x y"]]),
        ("a + b * c", ["+", A, ["*", B, C]]),
        ("a - b - c", ["-", ["-", A, B], C]),
        ("a ^ b ^ c", ["^", ["^", A, B], C]),
        ("(a + b) * c", ["*", ["+", A, B], C]),
        ("a and b or c", ["or", ["and", A, B], C]),
        ("a or b and c", ["or", A, ["and", B, C]]),
        ("not a == b", ["==", ["not", A], B]),
        ("-a + b", ["+", ["neg", A], B]),
        ("a < b == c", ["==", ["<", A, B], C]),
        ("a in (1, 2)", ["in", A, ["list", ["number", 1.0], ["number", 2.0]]]),
        ("a not in (b, c)", ["not in", A, ["list", B, C]]),
        ("a ? b : c", ["?", A, B, C]),
        ("max(a, 2) > 1", [">", ["call", "max", A, ["number", 2.0]], ["number", 1.0]]),
        ("random() < b", ["<", ["call", "random"], B]),
        ("'a' == b", ["==", A, B]),
        ("a of b", ["of", "a", B]),
    ],
)
def test_a_condition_becomes_a_tree(text: str, tree: list[Any]):
    assert parse(text) == tree


@pytest.mark.parametrize("text", ["", "a ==", "a b", "(a", "1 +* 2", "a ? b"])
def test_what_is_no_condition_is_an_error(text: str):
    with pytest.raises(NoExpressionError):
        parse(text)
