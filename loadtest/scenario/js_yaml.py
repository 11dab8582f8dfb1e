"""YAML as Artillery reads it: js-yaml 3, which resolves plain scalars differently from PyYAML.

`yes`, `no`, `on` and `off` are texts, `1e3` is a number. Loader and dumper share the table, so that what
is written for Artillery is read back as the same values.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from loadtest.yaml_positions import PositionLoader

_TAG = "tag:yaml.org,2002:"
_PLAIN: tuple[tuple[str, str, str], ...] = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    (
        "int",
        r"""^(?:[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?0[0-7_]*|[-+]?[1-9][0-9_]*
        |[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$""",
        "-+0123456789",
    ),
    (
        "float",
        r"""^(?:[-+]?(?:0|[1-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?
        |\.[0-9_]+(?:[eE][-+]?[0-9]+)?
        |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
        |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$""",
        "-+0123456789.",
    ),
    (
        "timestamp",
        r"""^(?:\d\d\d\d-\d\d-\d\d|\d\d\d\d-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?
        (?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$""",
        "0123456789",
    ),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN"),
    ("merge", r"^(?:<<)$", "<"),
)


class ScriptLoader(PositionLoader):
    """Reads a script as Artillery does."""

    tells_duplicates_later = True

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own form
    _in_plain_text = False

    def scan_plain(self) -> Any:
        """Read a text without quotes: in `{url: /a?b=c}`, PyYAML's ends before the question mark."""
        self._in_plain_text = True
        try:
            return super().scan_plain()  # pyright: ignore[reportUnknownVariableType]
        finally:
            self._in_plain_text = False

    def peek(self, index: int = 0) -> str:
        """Return a character ahead; in a plain text, a question mark is one like any other."""
        found = super().peek(index)
        return "x" if found == "?" and self._in_plain_text else found


class ScriptDumper(yaml.SafeDumper):
    """Writes a script for Artillery: quotes what it would not read as a text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        """Write everything out: a script that is a record of a run has no references."""
        return True


for _kind in (ScriptLoader, ScriptDumper):
    for _name, _pattern, _first in _PLAIN:
        _first_characters = [*_first, ""] if _name == "null" else [*_first]
        _kind.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
            _TAG + _name, re.compile(_pattern, re.VERBOSE), _first_characters
        )


def write(script: object) -> str:
    """Return a script as the YAML that Artillery gets."""
    return yaml.dump(script, Dumper=ScriptDumper, sort_keys=False, allow_unicode=True)
