"""Managed prefix lists: the addresses that a rule means by the id of a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items


class PrefixLists:
    """The prefix lists of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Index entries that are resources of their own by their list."""
        self._stack = stack
        self._entries: dict[Resource, list[Resource]] = {}
        for entry in stack.of(tokens.PREFIX_LIST_ENTRY):
            for one in stack.references(entry, "prefixListId", tokens.PREFIX_LIST, ("id",)).any:
                self._entries.setdefault(one, []).append(entry)

    def resolve(
        self, owner: Resource, prop: str, ids: Iterable[Any]
    ) -> tuple[dict[Resource, tuple[Any, ...]], tuple[Any, ...]]:
        """Return the addresses of lists whose entries are known, and the ids of all other lists."""
        given = list(ids)
        if not given:
            return {}, ()
        found = self._stack.references(owner, prop, tokens.PREFIX_LIST, ("id",), value=given)
        known = {one: addresses for one in found.resources if (addresses := self._addresses(one))}
        if found.possible or len(known) < len(found.resources):
            return known, tuple(given)
        return known, (*found.foreign, *([UNKNOWN] * found.untraced))

    def _addresses(self, one: Resource) -> tuple[Any, ...]:
        """Return the addresses of a list; none where they are not all known."""
        listed = None if one.left_out("entries") else one.get("entries")
        found = [dig(entry, "cidr") for entry in items(listed)]
        found += [entry.get("cidr") for entry in self._entries.get(one, ())]
        unknown = listed is UNKNOWN or any(is_absent(cidr) or cidr is UNKNOWN for cidr in found)
        return () if unknown else tuple(found)
