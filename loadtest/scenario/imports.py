"""The modules that JavaScript or TypeScript imports: where they are, and which are missing.

Nothing of it is run. What is imported inside of a function may never be asked for, so only imports at the
beginning of a line count as missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commandline import files

SUFFIXES = ("", ".js", ".cjs", ".mjs", ".ts")
"""What Artillery adds to the name of a processor to find it."""
_OF_IMPORTS = (*SUFFIXES, ".json", ".node", ".tsx", ".jsx")
_CODE = frozenset({".js", ".cjs", ".mjs", ".ts", ".tsx", ".jsx", ".json"})
_TYPED = (".ts", ".tsx")
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/
    |(?P<literal>`(?:\\.|[^`\\])*`
    |(?:(?<=[=(,:;!&|?{}\[])|(?<=\breturn))\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/)
    |(?P<import>(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["'](?P<name>[^"'\n]+)["'])
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE,
)
"""What is read as a whole, from the left: what looks like an import in a comment or a text is none."""
_LATER = re.compile(r"=>|\?|&&|\|\||\b(?:function|async|try|if)\b")
"""What stands before an import that may never be asked for."""
_TYPES = re.compile(r"\b(?:import|export)\s+type\b")
_OF_NODE = frozenset(
    (
        "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
        "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https",
        "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring",
        "readline", "repl", "stream", "string_decoder", "sys", "test", "timers", "tls", "trace_events",
        "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Import:
    """An import of a module by its name."""

    file: Path
    line: int
    name: str
    at_load: bool
    """Whether it is looked for when the file is loaded, for all that can be seen."""

    @property
    def found(self) -> Path | None:
        """The file that it leads to; None if it is not a path, or leads to none."""
        return _file(self.file, self.name) if self._is_path else None

    @property
    def missing(self) -> str | None:
        """Why the file that has it cannot be loaded; None if it can, as far as this import goes."""
        where = f"{self.file.name}:{self.line}"
        if not self.at_load:
            return None
        if self._is_path:
            return (
                None if self.found else f"{where} imports `{self.name}`, and there is no such file"
            )
        if self.file.suffix in _TYPED or self._is_installed:
            return None  # What TypeScript imports for its types alone is not looked for.
        package = _package(self.name)
        return (
            f"{where} imports `{package}`, which is not installed beside it: `npm install {package}` in "
            f"{self.file.parent}"
        )

    @property
    def _is_path(self) -> bool:
        return self.name.startswith(("./", "../")) or self.name in (".", "..")

    @property
    def _is_installed(self) -> bool:
        package = _package(self.name)
        own = self.name.startswith(("node:", "#", "/", "file:", "data:")) or package in _OF_NODE
        return own or any(
            (above / "node_modules" / package).exists() for above in self.file.resolve().parents
        )


def of(file: Path, text: str) -> Iterator[Import]:
    """Yield the imports of a file in their order."""
    code = without_comments(text)
    for found in _TOKEN.finditer(text):
        if found["import"] is None:
            continue
        start = code.rfind("\n", 0, found.start()) + 1
        begins = max(code.rfind(word, 0, found.end()) for word in ("import", "export"))
        for_types = begins >= 0 and _TYPES.match(code, begins) is not None
        before = code[start : found.start()]
        at_load = not before[:1].isspace() and not _LATER.search(before)
        if found["import"].startswith("from"):
            at_load = at_load and not for_types
        yield Import(file, code.count("\n", 0, found.start()) + 1, found["name"], at_load)


def without_comments(text: str) -> str:
    """Return code with blanks for its comments, so that everything else stays where it is."""
    return _TOKEN.sub(
        lambda found: found[0] if found.lastgroup else re.sub(r"[^\n]", " ", found[0]), text
    )


def is_code(file: Path) -> bool:
    """Return whether a file's text may name variables and functions."""
    return file.suffix in _CODE


def find(base: Path) -> Path | None:
    """Return the file that a path means to Node: itself, with an ending, or a directory's main one."""
    for suffix in _OF_IMPORTS:
        if (file := Path(f"{base}{suffix}")).is_file():
            return file
    if not base.is_dir():
        return None
    main = _main(base)
    if main is not None and main != base and (found := find(main)) is not None:
        return found
    return next(
        (one for suffix in _OF_IMPORTS[1:] if (one := base / f"index{suffix}").is_file()), None
    )


def _main(directory: Path) -> Path | None:
    try:
        content = files.parse_json(files.read_text(directory / "package.json"))
        return directory / str(content["main"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(importer: Path, name: str) -> Path | None:
    found = find(importer.parent / name)
    if found is None and importer.suffix in _TYPED and name.endswith(".js"):
        # TypeScript's own way to name `x.ts`.
        found = find(importer.parent / name.removesuffix(".js"))
    return found.resolve() if found else None


def _package(name: str) -> str:
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
