"""The tests that every module of rules has; `conftest.py` gives them their cases."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import tests.policies.rules
from tests.policies.draft import Draft, broken, undecided, violations


def modules() -> Iterator[ModuleType]:
    """Every module with cases of rules."""
    for found in pkgutil.iter_modules(tests.policies.rules.__path__):
        if found.name.startswith("test_"):
            yield importlib.import_module(f"tests.policies.rules.{found.name}")


def breaking_changes() -> Iterator[tuple[str, Any]]:
    """Rules and the changes that break them, of all modules; those of mutations are not among them."""
    for module in modules():
        yield from getattr(module, "BREAKS", [])
        for rule, changes in getattr(module, "REFUSED", {}).items():
            yield from ((rule, change) for change in changes)


def test_a_change_breaks_exactly_its_rule(breaking):
    rule, change = breaking
    draft = Draft()
    change(draft)
    assert broken(draft) == {rule}


def test_a_change_breaks_nothing(keeping):
    assert broken(keeping(Draft())) == set()


def test_a_change_makes_exactly_its_rule_undecidable(undecidable):
    rule, change = undecidable
    draft = Draft()
    change(draft)
    assert undecided(draft) == {rule}


def test_it_is_refused(refused):
    rule, change = refused
    draft = Draft()
    change(draft)
    assert violations(draft, rule)


def test_it_is_not_refused(accepted):
    rule, change = accepted
    draft = Draft()
    change(draft)
    assert not violations(draft, rule)


def alone(kind, **properties):
    """A change that adds one resource, to which nothing refers."""
    return lambda draft: draft.add("further", kind, properties)
