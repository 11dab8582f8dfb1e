"""One thing that somebody types wrongly, or around which something is wrong, and what must come of it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final

from tests.loadtest.conftest import RAW_OUTPUTS

ROOT: Final = Path(__file__).parents[2]
MAINS: Final = {
    "docgen": "docgen.__main__",
    "loadtest": "loadtest.cli.main",
    "region": "region.cli",
    "rehearsal": "rehearsal.cli",
    "toolchain": "toolchain.__main__",
}
"""The module with the `main` of each command line."""
Content = str | bytes | Callable[[Path], None]
"""What a file of a row contains, or what makes something else of that name."""


@dataclass(frozen=True)
class Row:
    """What is typed, in which surroundings, and what it ends with."""

    typed: str
    """The command without `python -m`; in a directory that has `files` and nothing else."""
    says: tuple[str, ...]
    """What the one message must contain: the value at fault and the remedy."""
    code: int = 4
    files: Mapping[str, Content] = field(default_factory=dict[str, Content])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    leaves: tuple[str, ...] = ()
    """Names that may be there afterwards: an empty directory that was asked for."""

    @property
    def words(self) -> list[str]:
        """The command, split as a shell does."""
        return shlex.split(self.typed)

    def __str__(self) -> str:
        """Name the row in pytest's output."""
        around = " ".join(f"{name}={value}" for name, value in self.environment.items())
        return f"{around} {self.typed}".strip().replace("\x1b", "ESC")[:100]


def row(
    typed: str,
    *says: str,
    files: Mapping[str, Content] | None = None,
    environment: Mapping[str, str] | None = None,
    code: int = 4,
    leaves: tuple[str, ...] = (),
) -> Row:
    """Make a row."""
    return Row(typed, says, code, files or {}, environment or {}, leaves)


def prepare(directory: Path, files: Mapping[str, Content]) -> None:
    """Make the files of a row."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match content:
            case str():
                path.write_text(content, encoding="utf-8")
            case bytes():
                path.write_bytes(content)
            case _:
                content(path)


def run(words: list[str]) -> int:
    """Run a command line in this process, as its `python -m` would."""
    main: Callable[[list[str]], int] = import_module(MAINS[words[0]]).main
    return main(words[1:])


def state_of(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Return every entry below a directory, with its mode and content."""
    return {str(path.relative_to(directory)): _entry(path) for path in _entries(directory)}


def _entries(directory: Path) -> Iterator[Path]:
    for place, names, files in os.walk(directory):
        yield from (Path(place, name) for name in (*names, *files))


def _entry(path: Path) -> tuple[int, bytes]:
    mode = path.lstat().st_mode
    if path.is_symlink():
        return mode, os.fsencode(path.readlink())
    return mode, path.read_bytes() if path.is_file() else b""


def errors_in(text: str) -> list[str]:
    """Return the error messages in what a command wrote to standard error, each in one line."""
    found = list[str]()
    for line in text.splitlines():
        if line.startswith(("error: ", "Error: ")):
            found.append(line)
        elif found:
            found[-1] += f"\n{line}"
    return [" ".join(one.split()) for one in found]


# --- what stands where a file should be -----------------------------------------------------------


def pipe(path: Path) -> None:
    """Make a named pipe into which nobody writes."""
    os.mkfifo(path)


def loop(path: Path) -> None:
    """Make a symbolic link to itself."""
    path.symlink_to(path.name)


def endless(path: Path) -> None:
    """Make a link to a device that never ends."""
    path.symlink_to("/dev/zero")


def directory(path: Path) -> None:
    """Make an empty directory."""
    path.mkdir()


def revision(path: Path) -> None:
    """Make a directory that CodeDeploy would install."""
    path.mkdir()
    (path / "appspec.yml").write_text("version: 0.0\nos: linux\n", encoding="utf-8")


def copy_of_ha(path: Path) -> None:
    """Copy an experiment of the library."""
    shutil.copy(ROOT / "loadtest" / "experiments" / "library" / "instance-dies.yaml", path)


BOMB: Final = "\n".join(
    ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    + [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
)
"""Nine lines that are a thousand million values."""
DEEP: Final = "[" * 1_500 + "]" * 1_500
"""YAML that no reader can follow."""
DEEP_JSON: Final = "[" * 200_000
"""More than any Python's reader of JSON can follow."""
DIGITS: Final = "9" * 5_000
NOT_UTF8: Final = b"\xff\xfe\x00bad"
OUTPUTS: Final = json.dumps(RAW_OUTPUTS)
"""A stack's outputs that are right."""
