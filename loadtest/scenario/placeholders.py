"""Placeholders of shells, route templates and curl, which Artillery would send literally."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from loadtest.scenario.variables import Variables
from loadtest.yaml_positions import Location

SHELL: Final = re.compile(r"(?<![$\\])\$\{\s*([A-Za-z_]\w*)\s*(?::?[-=?+][^{}]*)?\}")
"""`${NAME}`, also with a default value."""
_OWN: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_BRACES: Final = re.compile(r"(?<![{$#%\\])\{([A-Za-z_][\w-]*)\}(?!\})")
"""`{name}`, as in OpenAPI."""
_SEGMENT: Final = re.compile(r"(?<=/):([A-Za-z_]\w*)(?=[/?#]|$)")
"""`/:name`, as in a route of Express or Rails."""
_SENT_AS_VALUES: Final = ("url", "headers", "qs", "cookie", "auth")
"""Parts of a request in which nobody writes such a placeholder as a text."""


def problems(location: Location, text: str, variables: Variables) -> Iterator[str]:
    """Yield the placeholders of a text that surely stand for something else."""
    left = _OWN.sub("", text)
    for found in SHELL.finditer(left):
        name = found[1]
        known = name in variables.known
        if name.isupper() and not known:
            yield (
                f"`{found[0]}` is sent as it is: write `{{{{ $env.{name} }}}}`, or let `envsubst` fill it "
                "in before"
            )
        elif known or any(part in location for part in _SENT_AS_VALUES):
            yield f"`{found[0]}` is sent as it is: Artillery takes `{{{{ {name} }}}}`"
    if location[-1:] == ("url",):
        for found in _BRACES.finditer(left):
            yield (
                f"`{found[0]}` is sent as it is: Artillery takes `{{{{ {found[1]} }}}}`; write "
                f"`%7B{found[1]}%7D` if the braces are meant"
            )
        for found in _SEGMENT.finditer(left):
            if found[1] in variables.known:
                yield f"`{found[0]}` is sent as it is: Artillery takes `{{{{ {found[1]} }}}}`"


def notes(location: Location, text: str, variables: Variables) -> Iterator[str]:
    """Yield the placeholders that may be meant as they are written."""
    if location[-1:] == ("url",):
        for found in _SEGMENT.finditer(_OWN.sub("", text)):
            if found[1] not in variables.known:
                yield f"`{found[0]}` is sent as it is: a variable is `{{{{ {found[1]} }}}}`"


def of_curl(location: Location, text: str, directory: Path) -> str | None:
    """Return what is wrong with a body or a part of a form that names a file as curl does; or None."""
    name = text[1:].partition(";")[0]
    path = re.match(r"@\.{0,2}/", text) and "formData" in location
    if not text.startswith("@") or not (path or (directory / name).is_file()):
        return None
    if location[-1] == "body":
        return (
            f"`{text}` is sent as a text: read the file in a function in `beforeRequest`, and set "
            "`requestParams.body`"
        )
    if "formData" not in location:
        return None
    return f"`{text}` is sent as a text: write `{{fromFile: {name}}}` to send the file"
