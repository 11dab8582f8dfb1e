"""What is left of a fleet after the loss of an Availability Zone.

AWS Well-Architected REL11-BP05: static stability does not wait for new instances.
"""

from __future__ import annotations

import math


def lost(size: int, zones: int) -> int:
    """Return how many of `size` instances, spread over `zones`, the fullest zone takes with it."""
    return math.ceil(size / max(1, zones))


def left_after_loss(size: int, zones: int) -> int:
    """Return how many instances serve after the loss of the fullest zone."""
    return size - lost(size, zones)


def too_few_left(left: int, need: int = 1) -> str | None:
    """Return what is wrong with so many instances after the loss of a zone; None if they suffice."""
    if left >= need:
        return None
    verb = "is" if need == 1 else "are"
    return (
        f"after the loss of a zone {left} {'is' if left == 1 else 'are'} left to serve; at least "
        f"{need} {verb} required"
    )


def smallest_size(zones: int, need: int = 1) -> int:
    """Return the smallest fleet of which `need` instances are left after the loss of a zone."""
    size = need + 1
    while left_after_loss(size, zones) < need:
        size += 1
    return size


def too_few_zones(count: int, minimum: int = 2) -> str | None:
    """Return what is wrong with so many zones, as a clause; None if they suffice."""
    return None if count >= minimum else f"at least {minimum} are required"
