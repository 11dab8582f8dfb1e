"""`capture` and `match`: what is extracted from responses, as far as all generators agree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loadtest.engine.generators.portable import expressions
from loadtest.engine.generators.portable.steps import Finding, JsonPath
from loadtest.engine.generators.portable.texts import UnportableError
from loadtest.scenario.steps import Extract

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[(?:'([^']+)'|\"([^\"]+)\")\]")
_SIGNS = re.compile(r"""[]['"\\,;:*^$@?()`{}|%]""")
_FLAGS = "ims"


def finding(given: Extract, *, strict_by_default: bool | None) -> Finding:
    """Return where a `capture` or `match` looks.

    Raises:
        UnportableError: Other generators would find something else.
    """
    strict = _is_strict(given.strict, strict_by_default)
    if given.json_ is not None:
        return Finding("json", given.json_, path=tuple(_path(given.json_)), strict=strict)
    if given.header is not None:
        _fixed(given.header)
        if given.header == "set-cookie":
            raise UnportableError(
                "only Artillery keeps several of that name apart: capture it elsewhere"
            )
        return Finding("header", given.header, strict=strict)
    if given.regexp is not None:
        return _regexp(given, given.regexp, strict=strict)
    return Finding("header", "")  # `selector` is refused as a part.


def _is_strict(strict: bool | None, by_default: bool | None) -> bool:
    # As in Artillery: what is not stated follows the default, and that is strict.
    return strict is not False and not (by_default is False and strict is None)


def _regexp(given: Extract, expression: str, *, strict: bool) -> Finding:
    _fixed(expression)
    flags = "".join(sorted(set(given.flags or "") - {"g", "u"}))
    if unknown := set(flags) - set(_FLAGS):
        raise UnportableError(f"the flag {''.join(sorted(unknown))!r} is JavaScript's own")
    group = given.group if given.group is not None else 0
    if isinstance(group, str):
        if not group.isdigit():
            raise UnportableError(f"`group: {group}`: number the group instead of naming it")
        group = int(group)
    shared = expressions.shared(expression, flags)
    if group > re.compile(shared).groups:
        raise UnportableError(f"`{expression}` has no group {group}")
    return Finding("regexp", shared, group=group, flags=flags, strict=strict)


def _path(expression: str) -> Iterator[str | int]:
    _fixed(expression)
    at = 1
    while expression.startswith("$") and (found := _STEP.match(expression, at)):
        name, index, *quoted = found.groups()
        named = name or next(filter(None, quoted), "")
        if _SIGNS.search(named):
            raise UnportableError(
                f"`{expression}`: signs in a name mean something in JSONPath, each time something else"
            )
        yield int(index) if index is not None else named
        at = found.end()
    if at < len(expression) or not expression.startswith("$"):
        raise UnportableError(
            f"`{expression}` is more than a path of names and numbers, and the libraries differ in "
            "the rest: write it such as `$.notes[0].id`"
        )


def _fixed(expression: str) -> None:
    if "{{" in expression:
        raise UnportableError(f"`{expression}`: only Artillery fills in variables there")


def json_path(path: JsonPath) -> str:
    """Write a path the way every library reads it, `$['notes'][0]`."""
    return "$" + "".join(f"[{one}]" if isinstance(one, int) else f"['{one}']" for one in path)
