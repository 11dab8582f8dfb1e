"""Which tags a deployment group's filters and tag sets choose. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def match(
    tags: Mapping[str, str],
    filters: Sequence[Mapping[str, str]],
    sets: Sequence[Sequence[Mapping[str, str]]],
) -> bool:
    """Return whether something with these tags is chosen.

    One of the filters must match, if there are any. Of a list of sets each must match, by at least one
    of its filters.
    """
    if filters and not _any_matches(tags, filters):
        return False
    return all(_any_matches(tags, one) for one in sets)


def _any_matches(tags: Mapping[str, str], filters: Sequence[Mapping[str, str]]) -> bool:
    return any(_matches(tags, entry) for entry in filters)


def _matches(tags: Mapping[str, str], entry: Mapping[str, str]) -> bool:
    key, value = entry.get("Key"), entry.get("Value")
    kind = entry.get("Type", "KEY_AND_VALUE")
    if kind == "KEY_ONLY":
        return key in tags
    if kind == "VALUE_ONLY":
        return value in tags.values()
    # In EC2 a tag without a value has an empty one.
    return key is not None and tags.get(key) == (value or "")
