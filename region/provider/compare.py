"""The differences between two sets of inputs, and between inputs and what a refresh found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from region.provider.values import UNKNOWN, Properties

ChangeKind = Literal["add", "delete", "update"]
_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: its path in Pulumi's notation, its top-level property, its dotted path."""

    path: str
    top: str
    dotted: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class _At:
    """A place in the inputs: its path in Pulumi's notation, its top-level property, its dotted path."""

    path: str
    top: str
    dotted: str

    def member(self, name: str) -> _At:
        return _At(_join(self.path, name), self.top, f"{self.dotted}.{name}")

    def item(self, index: int) -> _At:
        return _At(f"{self.path}[{index}]", self.top, self.dotted)

    def change(self, kind: ChangeKind) -> Change:
        return Change(self.path, self.top, self.dotted, kind)


@dataclass(frozen=True, slots=True)
class Semantics:
    """Which properties (dotted paths) compare as sets and which as JSON documents."""

    sets: frozenset[str] = field(default_factory=frozenset[str])
    documents: frozenset[str] = field(default_factory=frozenset[str])

    def equal(self, dotted: str, old: Any, new: Any) -> bool:
        """Whether two values mean the same to AWS. Unknown equals nothing."""
        if old is UNKNOWN or new is UNKNOWN:
            return False
        if dotted in self.documents:
            return parse_document(old) == parse_document(new)
        if dotted in self.sets and isinstance(old, list) and isinstance(new, list):
            return _canonical(old) == _canonical(new)
        if isinstance(old, dict) and isinstance(new, dict):
            return self._equal_members(dotted, old, new)
        if isinstance(old, list) and isinstance(new, list):
            olds, news = cast("list[Any]", old), cast("list[Any]", new)
            pairs = zip(olds, news, strict=False)
            return len(olds) == len(news) and all(self.equal(dotted, a, b) for a, b in pairs)
        return (type(old) is type(new) and old == new) or _same_number(old, new)

    def _equal_members(self, dotted: str, old: Properties, new: Properties) -> bool:
        return old.keys() == new.keys() and all(
            self.equal(f"{dotted}.{key}", old[key], new[key]) for key in old
        )

    def changes(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        """Return every difference, as deep as objects and lists of the same kind go."""
        return list(self._members(None, old, new))

    def _members(
        self, around: _At | None, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        for name in sorted(old.keys() | new.keys()):
            at = around.member(name) if around else _At(_join("", name), name, name)
            if name.startswith("__"):
                continue
            if name not in old:
                yield at.change("add")
            elif name not in new:
                yield at.change("delete")
            else:
                yield from self._value(at, old[name], new[name])

    def _value(self, at: _At, old: Any, new: Any) -> Iterator[Change]:
        if self.equal(at.dotted, old, new):
            return
        leaf = at.dotted in self.sets or at.dotted in self.documents
        if not leaf and isinstance(old, dict) and isinstance(new, dict):
            yield from self._members(at, cast("Properties", old), cast("Properties", new))
        elif not leaf and isinstance(old, list) and isinstance(new, list):
            yield from self._items(at, cast("list[Any]", old), cast("list[Any]", new))
        else:
            yield at.change("update")

    def _items(self, around: _At, old: list[Any], new: list[Any]) -> Iterator[Change]:
        for index in range(max(len(old), len(new))):
            at = around.item(index)
            if index >= len(old):
                yield at.change("add")
            elif index >= len(new):
                yield at.change("delete")
            else:
                yield from self._value(at, old[index], new[index])

    def refreshed(self, inputs: Mapping[str, Any], live: Mapping[str, Any]) -> Properties:
        """Return the inputs, those that drifted with the value that the region holds now."""
        return {
            name: self._drifted(name, value, live[name]) if name in live else value
            for name, value in inputs.items()
        }

    def _drifted(self, dotted: str, value: Any, live: Any) -> Any:
        if self.equal(dotted, value, live):
            return value
        if isinstance(value, dict) and isinstance(live, dict) and dotted not in _WHOLE:
            members = cast("Properties", value)
            found = cast("Properties", live)
            # The region reports more members than the program set: only those set can have drifted.
            return {
                key: self._drifted(f"{dotted}.{key}", item, found[key]) if key in found else item
                for key, item in members.items()
            }
        if isinstance(value, list) and isinstance(live, list) and dotted not in self.sets:
            items, found_items = cast("list[Any]", value), cast("list[Any]", live)
            if len(items) == len(found_items):
                pairs = zip(items, found_items, strict=True)
                return [self._drifted(dotted, item, found) for item, found in pairs]
        return live


_WHOLE = frozenset({"tags"})
"""Maps in which every key counts: a tag that someone added is drift."""


def parse_document(value: Any) -> Any:
    """Return a JSON document as data, or the value itself if it is not one."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _same_number(old: Any, new: Any) -> bool:
    numbers = not isinstance(old, bool) and not isinstance(new, bool)
    return numbers and isinstance(old, int | float) and isinstance(new, int | float) and old == new


def _canonical(items: list[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True, default=str) for item in items)


def _join(path: str, name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{name}" if path else name
