"""The command line of `systemctl`: options, and names of units."""

from __future__ import annotations

import getopt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from region.machines.errors import MachineError

_SHORT: Final = "qflaht:p:P:s:n:o:H:M:TriC"
_LONG: Final = [
    "quiet", "force", "full", "all", "help", "version", "type=", "state=", "property=", "value",
    "signal=", "lines=", "output=", "host=", "machine=", "root=", "image=", "user", "global",
    "system", "now", "runtime", "no-block", "wait", "no-pager", "no-legend", "no-ask-password",
    "no-reload", "no-warn", "no-wall", "plain", "failed", "kill-who=", "kill-whom=", "job-mode=",
    "show-types", "recursive", "reverse", "legend=", "preset-mode=", "check-inhibitors=",
]  # fmt: skip
_REFUSED: Final = {
    **dict.fromkeys(("-H", "--host"), "an instance manages its own services only"),
    **dict.fromkeys(("-M", "--machine", "--image", "--root"), "there is no other system in it"),
    **dict.fromkeys(("--user", "--global"), "an instance has no service manager for each user"),
}
# Flags by the attribute of `Options` that they set.
_FLAGS: Final = {
    "-q": "quiet", "--quiet": "quiet", "-f": "force", "--force": "force", "-a": "every",
    "--all": "every", "--now": "now", "--runtime": "runtime", "--no-block": "no_block",
    "--value": "value_only", "--version": "version", "--failed": "failed", "--help": "help",
    "-h": "help",
}  # fmt: skip
_WITHOUT_EFFECT: Final = frozenset(
    {"-l", "--full", "--no-pager", "--no-ask-password", "--no-reload", "--no-warn", "--no-wall",
     "--system", "--wait", "-o", "--output", "--job-mode", "-T", "--show-types", "-r", "--plain",
     "--recursive", "--check-inhibitors", "-i", "--preset-mode"}
)  # fmt: skip
_TYPES: Final = (
    "service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer",
    "slice", "scope",
)  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z0-9:_.\\@*?\[\]-]+")


class UsageError(MachineError):
    """The command line is not one that the region's systemctl understands."""


@dataclass
class Options:
    """What the options say; `words` are the command and its arguments."""

    words: list[str] = field(default_factory=list[str])
    quiet: bool = False
    force: bool = False
    every: bool = False
    now: bool = False
    runtime: bool = False
    no_block: bool = False
    value_only: bool = False
    version: bool = False
    failed: bool = False
    help: bool = False
    legend: bool = True
    types: list[str] = field(default_factory=list[str])
    states: set[str] = field(default_factory=set[str])
    properties: list[str] = field(default_factory=list[str])
    signal: str = "SIGTERM"
    main_only: bool = False
    lines: int = 10


def parse(arguments: Sequence[str]) -> Options:
    """Parse `systemctl <arguments>`.

    Raises:
        UsageError: If an option is unknown or not supported.
    """
    try:
        pairs, words = getopt.gnu_getopt(list(arguments), _SHORT, _LONG)
    except getopt.GetoptError as error:
        raise UsageError(f"the local region's systemctl: {error}.") from error
    options = Options(words=words)
    for name, value in pairs:
        if name in _REFUSED:
            raise UsageError(f"the local region does not support {name}: {_REFUSED[name]}.")
        if name in _FLAGS:
            setattr(options, _FLAGS[name], True)
        elif name not in _WITHOUT_EFFECT:
            _set(options, name, value)
    return options


def _set(options: Options, name: str, value: str) -> None:
    words = [word for word in value.split(",") if word]
    if name in {"-t", "--type"}:
        options.types += words
    elif name == "--state":
        options.states.update(words)
    elif name in {"-p", "--property"}:
        options.properties += words
    elif name == "-P":
        options.properties += words
        options.value_only = True
    elif name in {"-s", "--signal"}:
        options.signal = value
    elif name in {"--kill-who", "--kill-whom"}:
        options.main_only = value == "main"
    elif name in {"--no-legend", "--legend"}:
        options.legend = value in {"yes", "true", "1"}
    elif name in {"-n", "--lines"} and value.isdecimal():
        options.lines = int(value)
    else:
        raise UsageError(f"the local region does not support {f'{name} {value}'.strip()!r}.")


def unit_name(word: str) -> str:
    """Return the unit that a word names: `.service` is added where no type is given.

    Raises:
        UsageError: If it cannot be a unit's name.
    """
    if not _NAME.fullmatch(word):
        raise UsageError(f"{word!r} is not the name of a unit.")
    return word if word.rpartition(".")[2] in _TYPES and "." in word else f"{word}.service"
