"""Variables that a script sets in several places, of which Artillery keeps one for each user.

It begins a user with what `before` captured, writes the payloads' rows over that in their order, then
`config.variables`, and its own `$uuid` last (`createContext` in `core/runner`). What it writes over
was for nothing, and nobody writes a value down for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from loadtest.scenario import walk
from loadtest.scenario.payloads import PayloadFile
from loadtest.yaml_positions import Location

_OWN: Final = "$uuid"
_VARIABLES: Location = ("config", "variables")


def problems(content: Any, read: Sequence[PayloadFile]) -> Iterator[tuple[Location, str]]:
    """Yield each place whose value no user gets, with who gets in its way.

    Args:
        content: The script.
        read: Its payload files.
    """
    inline = walk.mapping(walk.mapping(walk.mapping(content).get("config")).get("variables"))
    if _OWN in inline:
        yield (*_VARIABLES, _OWN), _another_name()
    later = dict[str, str](dict.fromkeys(map(str, inline), "`config.variables`"))
    for one in reversed(read):
        mine = dict(_names(one))
        for name, where in mine.items():
            if name == _OWN:
                yield where, _another_name()
            elif winner := later.get(name):
                yield (
                    where,
                    f"`{name}` is also in {winner}, which Artillery prefers: remove one of them",
                )
        later |= {name: later.get(name, "a later payload") for name in mine}
    for name, where in _captured_before(content):
        if name in later and _is_used(content, name):
            whose = "`config.variables`" if name in inline else "a payload"
            why = "which Artillery prefers to what `before` captures: remove it there"
            yield where, f"`{name}` is also in {whose}, {why}"


def _another_name() -> str:
    return f"`{_OWN}` is Artillery's own for each user: choose another name"


def _names(one: PayloadFile) -> Iterator[tuple[str, Location]]:
    """Yield the variables that a payload sets, and where it names them."""
    if one.payload.loadAll:
        if one.payload.name:
            yield one.payload.name, (*one.location, "name")
        return
    for index, name in enumerate(one.payload.fields):
        yield name, (*one.location, "fields", index)


def _captured_before(content: Any) -> Iterator[tuple[str, Location]]:
    for request in walk.requests(content):
        given = request.content.get("capture")
        for index, one in enumerate(walk.listed(given)):
            name = walk.mapping(one).get("as")
            if request.location[0] == "before" and isinstance(name, str):
                at: Location = (index,) if isinstance(given, list) else ()
                yield name, (*request.location, "capture", *at, "as")


def _is_used(content: Any, name: str) -> bool:
    """Return whether a user asks for the variable; `before` itself gets what it captures."""
    asks = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    return any(
        asks.search(text)
        for location, text in walk.texts(content)
        if location[0] != "before" and ("{{" in text or location[-1] in ("ifTrue", "over"))
    )
