"""Names of units and the specifiers that stand for their parts (systemd.unit(5), "Specifiers")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SPECIFIER: Final = re.compile(r"%(.)")
_ESCAPED: Final = re.compile(r"\\x([0-9a-fA-F]{2})")
# The directories of the system's service manager, and the user that it runs as: root.
_CONSTANT: Final = {
    "%": "%", "t": "/run", "S": "/var/lib", "C": "/var/cache", "L": "/var/log", "E": "/etc",
    "T": "/tmp", "V": "/var/tmp", "u": "root", "U": "0", "g": "root", "G": "0", "h": "/root",  # noqa: S108 - what systemd says
    "s": "/bin/sh",
}  # fmt: skip


@dataclass(frozen=True)
class UnitName:
    """A name such as `app@blue.service`; `instance` is empty without an @."""

    full: str

    @property
    def stem(self) -> str:
        """The name without its type."""
        return self.full.rpartition(".")[0]

    @property
    def prefix(self) -> str:
        """What stands before the @, or the stem."""
        return self.stem.partition("@")[0]

    @property
    def instance(self) -> str:
        """What stands between @ and the type."""
        return self.stem.partition("@")[2]

    @property
    def template(self) -> str:
        """The name of the template that it is an instance of; empty if it is none."""
        return f"{self.prefix}@.service" if self.instance else ""

    @property
    def is_template(self) -> bool:
        """Whether it is a template itself, which cannot be started."""
        return "@" in self.stem and not self.instance


def unescape(text: str) -> str:
    r"""Undo systemd-escape(1): `-` is `/`, `\x2d` is `-`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text.replace("-", "/"))


def expand(text: str, name: UnitName, hostname: str) -> str:
    """Replace the specifiers in `text`; one that systemd does not know either stays as it is."""
    last = name.prefix.rpartition("-")[2]
    known = {
        **_CONSTANT,
        "n": name.full,
        "N": name.stem,
        "p": name.prefix,
        "P": unescape(name.prefix),
        "i": name.instance,
        "I": unescape(name.instance),
        "j": last,
        "J": unescape(last),
        "H": hostname,
        "l": hostname.partition(".")[0],
    }
    return _SPECIFIER.sub(lambda match: known.get(match[1], match[0]), text)
