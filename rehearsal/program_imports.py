"""Imports of another program: its own files, and all packages that are not installed here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from importlib import util
from pathlib import Path

from commandline import files


def missing(entry: Path, sources: Sequence[Path]) -> list[str]:
    """Return the packages that a program imports as it is loaded, sorted; `entry` is its first file.

    `sources` are directories besides the entry's in which its own modules are looked for. Imports in
    functions, conditions and `try` may never be asked for.
    """
    _, others = _loaded(entry, sources)
    return sorted(name for name in others - sys.stdlib_module_names if util.find_spec(name) is None)


def mentions(entry: Path, sources: Sequence[Path], name: str) -> bool:
    """Return whether one of a program's own files has a name, as a word of its code; `entry` as above."""
    return any(name in _names(file) for file in _loaded(entry, sources)[0])


def _loaded(entry: Path, sources: Sequence[Path]) -> tuple[set[Path], set[str]]:
    """Return the files of its own that a program loads, and the names of all other modules."""
    places, left = (entry.parent, *sources), [entry]
    seen, others = set[Path](), set[str]()
    while left:
        file = left.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in _imported(file):
            own = next(filter(None, (_module(place, name) for place in places)), None)
            if own is None:
                others.add(name)
            else:
                left.append(own)
    return seen, others


def _names(file: Path) -> set[str]:
    return {
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in ast.walk(_parsed(file))
        if isinstance(one, ast.Attribute | ast.Name)
    }


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(files.read_text(file))
    except (OSError, ValueError, SyntaxError):
        return ast.Module([], [])  # Python says so in the preview, with the line.


def _imported(file: Path) -> Iterator[str]:
    for one in _parsed(file).body:
        if isinstance(one, ast.Import):
            yield from (name.name.partition(".")[0] for name in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            yield one.module.partition(".")[0]


def _module(place: Path, name: str) -> Path | None:
    if (place / name).is_dir():
        return place / name / "__init__.py"
    return found if (found := place / f"{name}.py").is_file() else None
