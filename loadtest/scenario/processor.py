"""The functions that a script brings: its `config.processor`.

Nothing of it is run here. Which functions there are is known only in the run
(`engine/generators/artillery/processor.mjs` complains there); what is looked for here are names that
appear nowhere in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commandline import files

SUFFIXES = ("", ".js", ".cjs", ".mjs", ".ts")
"""What Artillery adds to the name of a processor to find it."""
_IMPORT = re.compile(
    r"""(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["'](\.{1,2}/[^"']+)["']"""
)
_ENVIRONMENT = re.compile(r"""\bprocess\.env(?:\.([A-Za-z_]\w*)|\[\s*["']([^"']+)["']\s*\])""")
_DYNAMIC = re.compile(
    r"\bvars\s*\[\s*[^\"'\s\d]|\bObject\.assign\s*\(|\.\.\.\s*\w*\.?vars\b|vars\s*=[^=]"
)
"""Ways in which code sets variables whose names do not appear in it."""


@dataclass(frozen=True)
class Processor:
    """A processor's source: its own file first, then what that imports by a relative path."""

    files: tuple[Path, ...]
    source: str

    @property
    def path(self) -> Path:
        """The file that the script names."""
        return self.files[0]

    def mentions(self, name: str) -> bool:
        """Return whether a name appears in the source."""
        return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", self.source) is not None

    @property
    def sets_unnamed_variables(self) -> bool:
        """Whether it may set variables whose names are not in the source."""
        return _DYNAMIC.search(self.source) is not None

    def environment(self) -> list[str]:
        """Return the names of the environment variables that it reads, sorted."""
        return sorted({one or other for one, other in _ENVIRONMENT.findall(self.source)})


def find(directory: Path, name: str) -> Path | None:
    """Return the file that a script in `directory` names; None if there is none."""
    base = directory / name
    return next((file for suffix in SUFFIXES if (file := Path(f"{base}{suffix}")).is_file()), None)


def read(path: Path) -> Processor:
    """Read a processor and what it imports from beside it.

    Raises:
        OSError: Its own file cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    texts = {path.resolve(): files.read_text(path)}
    left = [path.resolve()]
    while left:
        for file in _imports(left[0], texts[left.pop(0)]):
            if file not in texts:
                try:
                    texts[file] = files.read_text(file)
                except (OSError, UnicodeDecodeError):
                    continue  # Node says so in the run, with the line.
                left.append(file)
    return Processor(tuple(texts), "\n".join(texts.values()))


def _imports(file: Path, text: str) -> Iterator[Path]:
    for name in _IMPORT.findall(text):
        if (found := find(file.parent, name)) is not None:
            yield found.resolve()
