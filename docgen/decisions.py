"""The page `docs/adr/README.md`: every decision with its number, and the later ones that change it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from toolchain import paths

DIRECTORY: Final = paths.ROOT / "docs" / "adr"
_TITLE: Final = re.compile(r"# (?P<number>\d+)\. (?P<title>.+)")
_LINK: Final = re.compile(r"\[ADR (\d+)\]")
_INTRODUCTION: Final = """\
# Decisions

<!-- Written by `python -m docgen --write`; a test checks that it is current. -->

Why things are as they are: one page a decision, with what it was chosen over. A decision that was changed
stays as it was; **see also** names the later ones that amend, extend or replace it.

| ADR | Decision | See also |
| --- | --- | --- |
"""


@dataclass(frozen=True)
class _Decision:
    number: int
    title: str
    file: str
    changes: frozenset[int]
    """Other decisions that its status names."""


def render(directory: Path = DIRECTORY) -> str:
    """Return the whole page.

    Raises:
        ValueError: A page does not begin with its number and title.
    """
    found = {one.number: one for one in map(_read, sorted(directory.glob("[0-9]*.md")))}
    return _INTRODUCTION + "".join(_rows(found))


def _read(page: Path) -> _Decision:
    text = page.read_text(encoding="utf-8")
    title, *paragraphs = text.split("\n\n")
    matched = _TITLE.fullmatch(title.strip())
    if matched is None:
        raise ValueError(f"{page.name} does not begin with `# <number>. <title>`")
    status = next((one for one in paragraphs[:1] if "Status:" in one), "")
    named = frozenset(map(int, _LINK.findall(status)))
    return _Decision(int(matched["number"]), matched["title"], page.name, named)


def _rows(found: dict[int, _Decision]) -> Iterator[str]:
    for number in range(1, max(found) + 1):
        if (one := found.get(number)) is None:
            yield f"| {number} | *never given to a decision* | |\n"
            continue
        later = sorted(
            other.number
            for other in found.values()
            if other.number > number and (number in other.changes or other.number in one.changes)
        )
        links = ", ".join(f"[{other}]({found[other].file})" for other in later)
        yield f"| {number} | [{one.title}]({one.file}) | {links} |\n"
