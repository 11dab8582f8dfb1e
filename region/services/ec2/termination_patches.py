"""What EC2 no longer tells of an instance that is terminated: its addresses and its place in the network.

They may be another's by then. Type, image, tags, zone and the reason of its end are told for another hour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from moto.ec2.models.instances import Instance

from region.api.patching import Patches, original
from region.services.ec2.instances import TERMINATED

patches = Patches()

_LEFT: Final[dict[str, object]] = {
    "network_interfaces": [],
    "private_dns_name": "",
    "private_ip": None,
    "private_ip_address": None,
    "public_ip": None,
    "public_ip_address": None,
    "subnet_id": None,
    "vpc_id": None,
}
"""Properties of moto's, and their values after the end."""


def _until_terminated(name: str, left: object) -> Callable[[Instance], Any]:
    def read(self: Instance) -> Any:
        if self.state_code == TERMINATED:
            return left
        getter = cast("property", original(Instance, name)).fget
        return getter(self) if getter is not None else None

    return read


for _name, _value in _LEFT.items():
    patches.value(Instance, _name)(_until_terminated(_name, _value))
