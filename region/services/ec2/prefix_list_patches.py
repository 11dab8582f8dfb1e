"""Managed prefix lists: a change is of the version that its author knows, and a list has its size.

API reference, ModifyManagedPrefixList and CreateManagedPrefixList.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.managed_prefixes import ManagedPrefixList
from moto.ec2.responses.vpcs import VPCs

from region.api.parameters import Parameters
from region.api.patching import Original, Patches

patches = Patches()


@patches.around(VPCs, "create_managed_prefix_list")
def _create(moto: Original, self: VPCs) -> ActionResult:
    given = Parameters(self)
    _check_size(len(given.structures("Entries")), given.integer("MaxEntries"))
    return moto(self)


@patches.around(VPCs, "modify_managed_prefix_list")
def _modify(moto: Original, self: VPCs) -> ActionResult:
    given = Parameters(self)
    name = given.text("PrefixListId")
    found: ManagedPrefixList | None = self.ec2_backend.managed_prefix_lists.get(name)
    if found is None:
        raise EC2ClientError(
            "InvalidPrefixListID.NotFound", f"The prefix list ID '{name}' does not exist"
        )
    version, current = given.integer("CurrentVersion"), int(found.version or 1)
    if version not in {None, current}:
        raise EC2ClientError(
            "PrefixListVersionMismatch",
            f"The prefix list has the version {current}, not {version}.",
        )
    present: list[dict[str, Any]] = found.entries.get(current) or []
    left = {str(one["Cidr"]) for one in present}
    left -= {str(one.get("Cidr")) for one in given.structures("RemoveEntries")}
    left |= {str(one.get("Cidr")) for one in given.structures("AddEntries")}
    _check_size(len(left), int(found.max_entries or 0) or None)
    return moto(self)


def _check_size(wanted: int, most: int | None) -> None:
    if most is not None and wanted > most:
        raise EC2ClientError(
            "PrefixListMaxEntriesExceeded",
            f"The prefix list would have {wanted} entries; it has room for {most}.",
        )
