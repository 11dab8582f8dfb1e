"""Entries of network ACLs: what EC2 refuses of them, and those that are not there."""

from __future__ import annotations

from typing import Any, Final

from moto.core.responses import EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.network_acls import NetworkAclBackend, NetworkAclEntry
from moto.ec2.responses.network_acls import NetworkACLs

from region.api.parameters import Parameters, is_true
from region.api.patching import Original, Patches

patches = Patches()

_NUMBERS: Final = (1, 32_766)
_WITH_PORTS: Final = ("6", "17")
_ICMP: Final = "1"
"""API reference, CreateNetworkAclEntry."""


def _checked(moto: Original, self: NetworkACLs) -> EmptyResult:
    """Create or replace an entry that EC2 takes; moto loses the type of an ICMP message."""
    given = Parameters(self)
    number, protocol = given.integer("RuleNumber") or 0, given.text("Protocol")
    least, most = _NUMBERS
    if not least <= number <= most:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({number}) for parameter ruleNumber is invalid. It must be from {least} to {most}.",
        )
    message, ports = given.structure("IcmpTypeCode"), given.structure("PortRange")
    if protocol in _WITH_PORTS and not ports:
        _missing("portRange")
    if protocol == _ICMP and not message:
        _missing("icmpTypeCode")
    answer: EmptyResult = moto(self)
    backend: EC2Backend = self.ec2_backend
    entry = _entry(backend, given.text("NetworkAclId"), number, egress=given.flag("Egress"))
    if entry is not None and message:
        vars(entry).update(icmp_type=message.get("Type"), icmp_code=message.get("Code"))
    return answer


for _name in ("create_network_acl_entry", "replace_network_acl_entry"):
    patches.around(NetworkACLs, _name)(_checked)


@patches.around(NetworkAclBackend, "delete_network_acl_entry")
def _delete_network_acl_entry(
    moto: Original, self: EC2Backend, network_acl_id: str, rule_number: Any, egress: Any
) -> NetworkAclEntry:
    if _entry(self, network_acl_id, rule_number, egress=is_true(egress)) is None:
        raise EC2ClientError(
            "InvalidNetworkAclEntry.NotFound",
            f"The network acl entry identified by {rule_number} does not exist.",
        )
    return moto(self, network_acl_id, rule_number, egress)


@patches.around(NetworkAclBackend, "replace_network_acl_association")
def _replace_network_acl_association(
    moto: Original, self: EC2Backend, association_id: str, network_acl_id: str
) -> Any:
    known = {
        name
        for acl in self.network_acls.values()
        for name in acl._associations  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    }
    if association_id not in known:
        raise EC2ClientError(
            "InvalidAssociationID.NotFound",
            f"The association ID '{association_id}' does not exist",
        )
    return moto(self, association_id, network_acl_id)


def _entry(
    backend: EC2Backend, acl_id: str, number: Any, *, egress: bool
) -> NetworkAclEntry | None:
    entries = backend.get_network_acl(acl_id).network_acl_entries
    same = (
        entry
        for entry in entries
        if str(entry.rule_number) == str(number) and is_true(entry.egress) == egress
    )
    return next(same, None)


def _missing(name: str) -> None:
    raise EC2ClientError("MissingParameter", f"The request must contain the parameter {name}")
