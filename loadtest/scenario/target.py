"""What the stack's URL replaces: a script's `target`, and what of it is kept."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from loadtest.scenario import environment
from loadtest.scenario.urls import Target, split

_TEMPLATE = re.compile(r"\{\{.*?\}\}\}?", re.DOTALL)
_DEFAULT = re.compile(
    r"\{\{\{?\s*\$(?:env|processEnvironment)\.(\w+)\s*(?:\|\||\?\?)\s*(['\"`])([^'\"`]*)\2\s*\}\}\}?"
)
"""A variable of the environment, and the URL that its author wants without it."""
_CHOSEN = re.compile(r"\{\{\{?\s*\$environment\s*\}\}\}?")
_UNKNOWN = "unknown"
"""Stands for a part that only the run knows."""


@dataclass(frozen=True)
class Read:
    """A script's target: what is kept of it, and what there is to say."""

    target: Target = field(default_factory=Target)
    note: str | None = None
    problem: str | None = None


def read(given: Any, chosen: str | None, let_in: Collection[str]) -> Read:
    """Read the value of `config.target`.

    Args:
        given: The value.
        chosen: The name of the environment that is chosen.
        let_in: Names of environment variables that Artillery gets.
    """
    if not isinstance(given, str):
        return Read(problem=f"`target`: it is a URL, not {given!r}")
    text = _filled(given, chosen, let_in)
    if "{{" in text:
        return _with_templates(text, let_in)
    if not text.strip():
        return Read(problem="`target` is empty: fill it in or remove it")
    url = text if "//" in text else f"http://{text}"  # `localhost:3000`, as people write it.
    parts = split(url)
    if parts is None:
        return Read(problem=f"`target`: {given!r} is not a URL")
    if parts.query or parts.fragment or "@" in parts.netloc:
        return Read(problem="`target`: write no user, query or fragment in it, but in the requests")
    target = Target(url.rstrip("/"), slash=url.endswith("/"))
    doubled = (
        "; without the slash at its end, with which Artillery would send `//`"
        if target.slash
        else ""
    )
    return Read(target, _note(target.path) + doubled)


def _filled(given: str, chosen: str | None, let_in: Collection[str]) -> str:
    """Fill in what is known: variables that are let in, defaults of others, the environment's name."""

    def value(name: str) -> str | None:
        return os.environ.get(name) if name in let_in else None

    text = _DEFAULT.sub(lambda found: value(found[1]) or found[3], given)
    if chosen is not None:
        text = _CHOSEN.sub(lambda _: chosen, text)
    return environment.VARIABLE.sub(lambda found: value(found[1]) or found[0], text)


def _with_templates(text: str, let_in: Collection[str]) -> Read:
    """Read a target of which only the run knows a part: the path behind that part is kept."""
    first = text.find("{{")
    plain = _TEMPLATE.sub(_UNKNOWN, text)
    parts = split(plain if "//" in plain else f"http://{plain}")
    if parts is None:
        return Read(problem=f"`target`: {text!r} is not a URL")
    path = parts.path.rstrip("/")
    if _UNKNOWN in path:
        names = environment.VARIABLE.findall(text)
        remedy = f"`--pass-env {names[0]}` lets it in" if names else "write it"
        return Read(problem=f"`target`: its path is known only in the run: {remedy}")
    note = _note(path)
    name = environment.VARIABLE.match(text[first:])
    if first == 0 and name and name[1] not in let_in:
        # Its value may be a whole URL.
        note += f"; if {name[1]} has a path, `--pass-env {name[1]}` keeps it"
    return Read(Target(added=path), note)


def _note(path: str) -> str:
    kept = f", its path {path} is kept" if path else ""
    return f"`target`: the stack's URL replaces it{kept}"
