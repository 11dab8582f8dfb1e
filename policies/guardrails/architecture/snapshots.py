"""Snapshots by tags (Data Lifecycle Manager): which volumes and instances a policy copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.answers import Answer, no, undecided, yes
from guardrails.architecture.tags import tags_of
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, show

_VOLUME, _INSTANCE = "VOLUME", "INSTANCE"


@dataclass(frozen=True)
class _Tagged:
    """What a policy may copy: a volume or an instance, or what is launched as one."""

    kind: str
    owner: Resource
    tags: Any
    """A mapping, or `UNKNOWN`."""


def copies_something(stack: Stack, policy: Resource) -> Answer:
    """Answer whether something of the stack has a tag for which a policy takes snapshots.

    One such tag is enough. A policy without tags, and a stack without anything to copy: yes.
    """
    details = policy.get("policyDetails")
    wanted, kinds = dig(details, "targetTags"), items(dig(details, "resourceTypes"))
    step = f'snapshot policy "{policy.name}"'
    found = list(_tagged(stack))
    if not isinstance(wanted, Mapping) or not wanted or not found or UNKNOWN in (*kinds, *wanted):
        return yes(step)
    pairs = {(key, value) for key, value in wanted.items()}
    asked = [one for one in found if one.kind in kinds]
    unknown = any(value is UNKNOWN for value in wanted.values())
    if unknown or any(one.tags is UNKNOWN or pairs & _pairs(one) for one in asked):
        return yes(step)
    named = ", ".join(f"{key}={show(value)}" for key, value in wanted.items())
    for one in found:
        near = _near(one, wanted, kinds)
        if near is not None:
            return no(
                f"it is for {named}, and {near[0]}", step, f'"{one.owner.name}"', remedy=near[1]
            )
    if not asked:
        return yes(step)  # it is for what another stack has
    return undecided(
        f"it is for {named}, a tag that nothing of this stack has",
        step,
        remedy=(
            f'add {named} to tags of what "{policy.name}" is for, or accept that it is in another stack.'
        ),
    )


def _near(one: _Tagged, wanted: Mapping[str, Any], kinds: list[Any]) -> tuple[str, str] | None:
    """Return why what has nearly the tag of a policy is not copied, and what to do about it."""
    for key, value in wanted.items():
        for own, given in _pairs(one):
            if own.lower() != key.lower():
                continue
            if (own, given) == (key, value):
                listed = ", ".join(map(show, kinds))
                why = f'"{one.owner.name}" has it as {one.kind.lower()}, and the policy copies {listed}'
                return why, f'set resource_types of policy_details to ["{one.kind}"].'
            if str(given).lower() == str(value).lower() or one.kind in kinds:
                has = f"{own}={show(given)}"
                why = f'"{one.owner.name}" has {has}: both have to be the same, with their capitals'
                other = f'tags of "{one.owner.name}" to {key}={show(value)}'
                return why, f"set target_tags of policy_details to {has}, or {other}."
    return None


def _pairs(one: _Tagged) -> set[tuple[str, Any]]:
    return set(one.tags.items()) if isinstance(one.tags, Mapping) else set()


def _tagged(stack: Stack) -> Iterator[_Tagged]:
    for volume in stack.of(tokens.VOLUME):
        yield _Tagged(_VOLUME, volume, tags_of(volume))
    for instance in stack.of(tokens.INSTANCE):
        yield _Tagged(_INSTANCE, instance, tags_of(instance))
        for given in _of_disks(instance):
            yield _Tagged(_VOLUME, instance, given)
    for template in stack.of(tokens.LAUNCH_TEMPLATE):
        for given in items(template.get("tagSpecifications")):
            kind = str(dig(given, "resourceType")).upper()
            yield _Tagged(kind, template, dig(given, "tags") or {})
    for group in stack.of(tokens.AUTO_SCALING_GROUP):
        given = group.setting("tags")
        handed = [one for one in items(given) if is_true(dig(one, "propagateAtLaunch"))]
        tags = {str(dig(one, "key")): dig(one, "value") for one in handed}
        yield _Tagged(_INSTANCE, group, UNKNOWN if given is UNKNOWN else tags)


def _of_disks(instance: Resource) -> Iterator[Any]:
    """Yield the tags of an instance's volumes, as far as the program gives them."""
    root = instance.setting("rootBlockDevice", "tags")
    disks = [dig(one, "tags") for one in items(instance.setting("ebsBlockDevices"))]
    for given in (instance.setting("volumeTags"), root, *disks):
        if not is_absent(given) and given is not UNKNOWN:
            yield given
