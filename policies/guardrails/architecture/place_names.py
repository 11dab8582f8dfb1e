"""Names of Regions and zones: what is one, and in which Region a zone is."""

from __future__ import annotations

import re
from typing import Any

REGION_FORM = r"[a-z]{2,4}(?:-[a-z]+)+-\d"
"""A Region's name, for example eu-west-1, us-gov-east-1 or eusc-de-east-1."""

_REGION = re.compile(REGION_FORM)
# Of an Availability Zone, a Local Zone (us-east-1-bos-1a) or a Wavelength Zone (us-east-1-wl1-bos-wlz-1);
# AWS General Reference, "AWS Regions and Availability Zones" and "AWS Local Zones".
_ZONE = re.compile(
    rf"(?P<region>{REGION_FORM})(?:[a-z]|-[a-z]+-\d[a-z]|-wl\d-[a-z]+-wlz-\d)",
)
_ZONE_ID = re.compile(r"[a-z]+\d-(?:[a-z]+\d-)?az\d")


def is_region(name: Any) -> bool:
    """Return whether a value is the name of a Region."""
    return isinstance(name, str) and _REGION.fullmatch(name) is not None


def region_of_zone(name: Any) -> str | None:
    """Return the Region of a zone by the zone's name, `None` if the value is not such a name."""
    found = _ZONE.fullmatch(name) if isinstance(name, str) else None
    return None if found is None else found["region"]


def is_zone_id(name: Any) -> bool:
    """Return whether a value is the id of a zone, the same in every account, for example use1-az1."""
    return isinstance(name, str) and _ZONE_ID.fullmatch(name) is not None
