"""No decision rests on words: programs compare ids and numbers, and only people read sentences."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import loadtest
import rehearsal

PACKAGES = [Path(str(package.__file__)).parent for package in (loadtest, rehearsal)]
FILES = sorted(file for package in PACKAGES for file in package.rglob("*.py"))
RENDERED = {"text", "sentence"}
"""Attributes that are, or were, a sentence."""
RENDERERS = {"render", "render_html", "markup"}
TAKES_A_TEXT_APART = {"split", "partition", "rpartition", "startswith", "endswith", "removeprefix",
                      "removesuffix", "index", "find", "fullmatch", "match", "search"}  # fmt: skip


def is_prose(node: ast.expr) -> bool:
    """Whether a constant is a sentence: three words and more."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len([word for word in node.value.split() if word.isalpha()]) >= 3
    )


def is_rendered(node: ast.expr) -> bool:
    """Whether an expression is the text of a message."""
    if isinstance(node, ast.Attribute):
        return node.attr in RENDERED
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        return name in RENDERERS
    return False


def decisions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            if any(is_prose(one) or is_rendered(one) for one in operands):
                yield node
        elif isinstance(node, ast.match_case):
            if isinstance(node.pattern, ast.MatchValue) and is_prose(node.pattern.value):
                yield node.pattern.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            taken_apart = [node.func.value, *node.args]
            if node.func.attr == "split" and not node.args:
                continue  # white space made uniform: nothing is decided
            if node.func.attr in TAKES_A_TEXT_APART and any(map(is_rendered, taken_apart)):
                yield node


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGES[0].parent)))
def test_nothing_compares_rendered_text(file: Path):
    found = [ast.unparse(node) for node in decisions(ast.parse(file.read_text()))]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        'x.cut_reason == "it was interrupted"',
        "reason not in found.sentence",
        "str(promise) != told.text",
        "render(message) == other",
        "END.split(found.sentence)",
        "PATTERN.fullmatch(texts.render(message))",
        'found.text.partition(": ")',
        'match x:\n  case "no difference was shown": pass',
    ],
)
def test_such_a_decision_would_be_found(line: str):
    assert list(decisions(ast.parse(line)))


def test_the_idioms_that_were_removed_stay_away():
    gone = ("_SENTENCE_END", "def _lookup", "def told", "cut_reason ==")
    left = {
        (file.name, idiom)
        for file in FILES
        for idiom in gone
        if file.is_relative_to(PACKAGES[0]) and idiom in file.read_text()
    }
    assert left == set()
