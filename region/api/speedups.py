"""moto's slow ways made fast: what it computes again for each answer, or each value of one, is cached.

An answer about a dozen instances has thousands of values, and for each of them moto tries half a dozen
names that the value may have in its objects, which it derives again every time. Everything here gives the
answers that moto gives (`tests/region/api/test_swift.py` holds them against each other).
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, Final, cast
from xml.sax.saxutils import escape, quoteattr

import xmltodict
from moto import backends
from moto.core import responses, serialize
from moto.core import utils as moto_utils
from moto.core.constants import MISSING
from moto.core.serialize import (
    AttributePickerContext,
    ResponseSerializer,
    XFormedAttributePicker,
)
from moto.core.utils import get_value

from region.api.patching import Original, Patches

patches = Patches()

_NAMES: Final = "_haproof_names"
"""The attribute of a shape that remembers under which names a value of it is looked for."""
_PROLOG: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_LIKE_MOTO: Final = frozenset({"full_document", "short_empty_elements", "pretty"})
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")
_xmltodict: Final = cast("ModuleType", xmltodict)


@functools.cache
def _modules(listed: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    return tuple(listed())


@patches.around(backends, "list_of_moto_modules")
def _list_of_moto_modules(moto: Original) -> Iterable[str]:
    """List moto's folder once, not with each request."""
    return _modules(moto)


class _Methods:
    """The names of the methods of a class, which are as many as they are seldom asked for."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __contains__(self, name: str) -> bool:
        return inspect.isfunction(getattr(self._owner, name, None))

    def __iter__(self) -> Iterator[str]:
        return iter(moto_utils.method_names_from_class(self._owner))


@patches.method(responses, "method_names_from_class")
def _method_names_from_class(clazz: type) -> _Methods:
    """Look a method up by its name."""
    return _Methods(clazz)


@patches.around(ResponseSerializer, "get_value")
def _get_value(moto: Original, self: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    """Return what an object has for a member of a shape, under the first of its names that it has."""
    picker = vars(self)["_value_picker"]
    if (
        type(picker) is not XFormedAttributePicker
        or picker.alias_providers is not serialize.DEFAULT_ALIAS_PROVIDERS
    ):
        return moto(self, value, key, shape)
    found = None
    for name in _names(picker, value, key, shape):
        candidate = get_value(value, name, MISSING)
        if candidate is not MISSING:
            found = candidate
            break
    if picker.response_transformers:
        path = f"{'.'.join(self.path)}.{key}"
        for end, transform in picker.response_transformers.items():
            if path.endswith(end):
                return transform(found)
    return found


def _names(picker: XFormedAttributePicker, value: Any, key: str, shape: Any) -> tuple[str, ...]:
    # They depend on the class of the object, and on the shape, which keeps them as long as it lives.
    known = cast("dict[tuple[type, str], tuple[str, ...]]", shape.__dict__.setdefault(_NAMES, {}))
    names = known.get((type(value), key))
    if names is None:
        context = AttributePickerContext(value, key, shape)
        names = known[type(value), key] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    return names


@patches.around(_xmltodict, "unparse")
def _unparse(moto: Original, document: Mapping[str, Any], *args: Any, **how: Any) -> Any:
    """Write an answer in XML as xmltodict does, without a handler of events in between."""
    whole = how.get("full_document", True)
    if args or how.get("pretty") or not how.keys() <= _LIKE_MOTO or len(document) != 1:
        return moto(document, *args, **how)
    writer = _Writer(short=bool(how.get("short_empty_elements")))
    try:
        for name, content in document.items():
            if whole and not isinstance(content, dict | str):
                raise _UnusualError
            writer.element(name, content)
    except (_UnusualError, IndexError, TypeError):
        return moto(document, *args, **how)
    return (_PROLOG if whole else "") + "".join(writer.pieces)


class _UnusualError(Exception):
    """What moto never writes is left to xmltodict."""


@functools.cache
def _checked(name: str) -> str:
    """Return the name of an element or attribute; there are some thousands of them.

    Raises:
        _UnusualError: xmltodict might not take it.
    """
    if not _NAME.fullmatch(name):
        raise _UnusualError
    return name


class _Writer:
    """Collects the pieces of a document."""

    def __init__(self, *, short: bool) -> None:
        self.pieces: list[str] = []
        self._short = short

    def element(self, name: str, content: Any) -> None:
        """Add an element; several for a list."""
        _checked(name)
        plain = isinstance(content, str | bytes | bytearray | memoryview | dict)
        for one in [content] if plain or not hasattr(content, "__iter__") else content:
            self._one(name, one)

    def _one(self, name: str, content: Any) -> None:
        pieces = self.pieces
        if not isinstance(content, dict):
            text = "" if content is None else _text(content)
            self._close(name, name, escape(text) if text else "")
            return
        members = cast("dict[str, Any]", content)
        attributes = "".join(
            _attribute(key, value) for key, value in members.items() if key[0] == "@"
        )
        start = len(pieces)
        pieces.append(f"<{name}{attributes}>")
        text = ""
        for key, value in members.items():
            if key == "#text":
                text = "" if value is None else _text(value)
            elif key[0] != "@" and not (isinstance(value, list) and not value):
                self.element(key, value)
        if text:
            pieces.append(escape(text))
        if len(pieces) > start + 1:
            pieces.append(f"</{name}>")
        else:
            pieces.pop()
            self._close(name, f"{name}{attributes}", "")

    def _close(self, name: str, opening: str, text: str) -> None:
        if text or not self._short:
            self.pieces.append(f"<{opening}>{text}</{name}>")
        else:
            self.pieces.append(f"<{opening}/>")


def _attribute(key: str, value: Any) -> str:
    if key == "@xmlns" and isinstance(value, dict):
        spaces = cast("dict[str, Any]", value)
        return "".join(
            f" xmlns{f':{prefix}' if prefix else ''}={quoteattr('' if uri is None else _text(uri))}"
            for prefix, uri in spaces.items()
        )
    return f" {_checked(key[1:])}={quoteattr('' if value is None else _text(value))}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="replace")
    return str(value)
