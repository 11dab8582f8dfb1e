"""Filters of EC2's Describe calls: their wildcards, and resources that have several values.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html: `*` stands for any text, `?` for
any character, a backslash before one takes that away; a resource is found if any value is. moto has no
wildcards for most filters of instances, takes brackets for some, and wants all of several values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, KeysView
from functools import cache
from typing import Any, cast

from moto.ec2 import utils

from region.api.patching import Original, Patches

patches = Patches()
_PARTS = re.compile(r"\\[*?\\]|[*?]")
_ANY = {"*": ".*", "?": "."}


@cache
def expression(pattern: str) -> str:
    """Return the regular expression that a filter's value stands for; it matches whole texts."""
    found, place = "", 0
    for part in _PARTS.finditer(pattern):
        found += re.escape(pattern[place : part.start()])
        found += _ANY.get(part[0]) or re.escape(part[0][1:])
        place = part.end()
    return rf"(?s:{found}{re.escape(pattern[place:])})\Z"


def fits(values: Iterable[object], wanted: object) -> bool:
    """Return whether one of a resource's values is one that a filter wants."""
    patterns = [wanted] if isinstance(wanted, str) else cast("Iterable[object]", wanted)
    known = [re.compile(expression(str(one))) for one in patterns]
    return any(one.match(str(value)) for value in values for one in known)


@patches.method(utils)
def simple_aws_filter_to_re(filter_string: str) -> str:
    """Return the regular expression of a value."""
    return expression(filter_string)


@patches.around(utils, "instance_value_in_filter_values")
def _instance_value(moto: Original, instance_value: Any, filter_values: Any) -> bool:
    """Filter instances."""
    if isinstance(instance_value, bool) or instance_value is None:
        return bool(moto(instance_value, filter_values))
    several = isinstance(instance_value, list | tuple | set | frozenset)
    return fits(instance_value if several else [instance_value], filter_values)  # type: ignore[arg-type]


@patches.around(utils, "is_filter_matching")
def _matching(moto: Original, obj: Any, name: str, wanted: Any) -> bool:
    """Filter resources of other kinds."""
    value = obj.get_filter_value(name)
    several = isinstance(value, list | tuple | set | frozenset | KeysView)
    if wanted is not None and (several or isinstance(value, str)):
        return fits(cast("Iterable[object]", value) if several else [value], wanted)
    return bool(moto(obj, name, wanted))
