"""What the metadata service reports about an instance beyond its machine's own description.

EC2 lets a user change all of it while the instance runs, so it is asked for at each request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_KEY: Final = re.compile(r"[A-Za-z0-9+\-=.,_:@]+")
_RESERVED: Final = frozenset({".", "..", "_index"})


@dataclass(frozen=True, slots=True)
class Interface:
    """An instance's first network interface, and where it is."""

    interface_id: str
    mac: str
    subnet_id: str
    vpc_id: str
    vpc_cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """An instance as EC2 describes it at this moment.

    Attributes:
        served: Whether the metadata service is switched on (`HttpEndpoint`).
        tokens_required: Whether nothing is read without a token (`HttpTokens`).
        groups: The names of its security groups by their ids.
        profile: The ARN and the id of its instance profile; None without one.
        target_state: The lifecycle state that its Auto Scaling group takes it to; empty without one.
        tags: Its tags, None where `InstanceMetadataTags` is not enabled.
    """

    served: bool = True
    tokens_required: bool = True
    launch_index: int = 0
    reservation_id: str = ""
    root_device: str = ""
    zone_id: str = ""
    groups: Mapping[str, str] = field(default_factory=dict[str, str])
    interface: Interface | None = None
    profile: tuple[str, str] | None = None
    target_state: str = ""
    tags: Mapping[str, str] | None = None

    def readable_tags(self) -> dict[str, str]:
        """Return the tags whose keys can be part of a path, as the user guide restricts them."""
        return {
            key: value
            for key, value in (self.tags or {}).items()
            if _KEY.fullmatch(key) and key not in _RESERVED
        }
