"""Packages that another program imports and that are not installed here, all of them at once."""

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
    return sorted(name for name in others - sys.stdlib_module_names if util.find_spec(name) is None)


def _imported(file: Path) -> Iterator[str]:
    try:
        module = ast.parse(files.read_text(file))
    except (OSError, ValueError, SyntaxError):
        return  # Python says so in the preview, with the line.
    for one in module.body:
        if isinstance(one, ast.Import):
            yield from (name.name.partition(".")[0] for name in one.names)
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            yield one.module.partition(".")[0]


def _module(place: Path, name: str) -> Path | None:
    if (place / name).is_dir():
        return place / name / "__init__.py"
    return found if (found := place / f"{name}.py").is_file() else None
