"""The functions of a script: its `config.processor`.

Nothing of it is run here. Which functions there are is known only in the run
(`engine/generators/artillery/processor.mjs` complains there); what is looked for here are names that
appear nowhere in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from commandline import files
from loadtest.scenario import imports
from loadtest.scenario.imports import Import

_ENVIRONMENT = re.compile(r"""\bprocess\.env(?:\.([A-Za-z_]\w*)|\[\s*["']([^"']+)["']\s*\])""")
_DYNAMIC = re.compile(
    r"\bvars\s*\[\s*[^\"'\s\d]|\bObject\.assign\s*\(|\.\.\.\s*\w*\.?vars\b|vars\s*=[^=]"
)
"""Ways in which code sets variables whose names do not appear in it."""
_READS = re.compile(
    r"""\b(?:readFileSync|readFile|createReadStream|readdirSync|readdir)\s*\(\s*(["'`])"""
    r"""((?!/|[a-z]+:)[^"'`$\n]+)\1"""
)
"""Files that code reads by a path that begins in the current directory."""


@dataclass(frozen=True)
class Processor:
    """A processor's source: its own file first, then what that imports by a relative path."""

    files: tuple[Path, ...]
    source: str
    """As it is written."""
    imports: tuple[Import, ...] = ()
    read: tuple[tuple[str, str], ...] = ()
    """Files that it reads from the current directory: where the code does, and the name."""

    @property
    def path(self) -> Path:
        """The file that the script names."""
        return self.files[0]

    @cached_property
    def code(self) -> str:
        """Its source without comments."""
        return imports.without_comments(self.source)

    def mentions(self, name: str) -> bool:
        """Return whether a name appears in the code."""
        return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", self.code) is not None

    def has_variable(self, name: str) -> bool:
        """Return whether the code has `vars.NAME` or `vars["NAME"]`: surer than a word of that name."""
        found = rf"vars\s*(?:\??\.\s*|(?:\?\.)?\[\s*['\"`]){re.escape(name)}(?![\w$])"
        return re.search(found, self.code) is not None

    @property
    def sets_unnamed_variables(self) -> bool:
        """Whether it may set variables whose names are not in the code."""
        return _DYNAMIC.search(self.code) is not None

    def environment(self) -> list[str]:
        """Return the names of the environment variables that it reads, sorted."""
        return sorted({one or other for one, other in _ENVIRONMENT.findall(self.code)})

    def problems(self, directory: Path) -> Iterator[str]:
        """Yield why it could not be loaded or would not find a file in `directory`, the script's."""
        for one in self.imports:
            if one.missing:
                yield one.missing
        for where, name in self.read:
            if not (directory / name).exists():
                yield (
                    f"{where} reads `{name}`, which is not in {directory}, where functions run: write "
                    f"`path.join(__dirname, '{name}')`"
                )


def find(directory: Path, name: str) -> Path | None:
    """Return the file that a script in `directory` names; None if there is none."""
    return imports.find(directory / name)


def read(path: Path) -> Processor:
    """Read a processor and what it imports from beside it.

    Raises:
        OSError: Its own file cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    texts = {path.resolve(): files.read_text(path)}
    found = list[Import]()
    left = [path.resolve()]
    while left:
        here = left.pop(0)
        mine = list(imports.of(here, texts[here]))
        found += mine
        for file in filter(None, (one.found for one in mine)):
            if file in texts or not imports.is_code(file):
                continue
            try:
                texts[file] = files.read_text(file)
            except (OSError, UnicodeDecodeError):
                continue  # Node says so in the run, with the line.
            left.append(file)
    reads = [place for file, text in texts.items() for place in _read_in(file, text)]
    return Processor(tuple(texts), "\n".join(texts.values()), tuple(found), tuple(reads))


def _read_in(file: Path, text: str) -> Iterator[tuple[str, str]]:
    for found in _READS.finditer(imports.without_comments(text)):
        yield f"{file.name}:{text.count(chr(10), 0, found.start()) + 1}", found[2]
