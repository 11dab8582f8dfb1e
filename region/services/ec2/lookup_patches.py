"""What is asked for by an id that does not exist: EC2's own error, where moto has another or none."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from typing import Any, Final, cast

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidLaunchTemplateIdNotFound,
    InvalidLaunchTemplateNameNotFoundError,
    InvalidNextToken,
    InvalidParameterCombination,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.models.network_acls import NetworkAcl, NetworkAclBackend
from moto.ec2.responses import EC2Response
from moto.ec2.responses.iam_instance_profiles import IamInstanceProfiles
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.responses.tags import TagResponse
from moto.ec2.responses.vpcs import VPCs

from region.api import page_tokens
from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.ec2 import launch_checks

patches = Patches()

MOST_SERVICES: Final = 1000
"""Services of a page where a call names no number (API reference, DescribeVpcEndpointServices)."""

_PYTHON_LIST: Final = re.compile(r"'?[\[{]'([^'\]}]*)'[\]}]'?")
"""A set or a list with one text, as moto writes it into messages."""
_OWN_TAGS: Final = "aws:"
_ABSENT: Final[Mapping[str, tuple[str, str, str]]] = {
    "describe_egress_only_internet_gateways": (
        "EgressOnlyInternetGatewayIds",
        "InvalidGatewayID.NotFound",
        "The egress-only internet gateway ID '{}' does not exist",
    ),
    "describe_flow_logs": (
        "FlowLogIds",
        "InvalidFlowLogId.NotFound",
        "The flow log ID '{}' does not exist",
    ),
    "describe_hosts": ("HostIds", "InvalidHostID.NotFound", "The host ID '{}' does not exist"),
    "describe_managed_prefix_lists": (
        "PrefixListIds",
        "InvalidPrefixListID.NotFound",
        "The prefix list ID '{}' does not exist",
    ),
    "describe_prefix_lists": (
        "PrefixListIds",
        "InvalidPrefixListId.NotFound",
        "The prefix list ID '{}' does not exist",
    ),
    "describe_spot_instance_requests": (
        "SpotInstanceRequestIds",
        "InvalidSpotInstanceRequestID.NotFound",
        "The spot instance request ID '{}' does not exist",
    ),
    "describe_vpc_peering_connections": (
        "VpcPeeringConnectionIds",
        "InvalidVpcPeeringConnectionID.NotFound",
        "The vpcPeeringConnection ID '{}' does not exist",
    ),
    "describe_vpn_gateways": (
        "VpnGatewayIds",
        "InvalidVpnGatewayID.NotFound",
        "The vpnGateway ID '{}' does not exist",
    ),
}
"""Calls that moto answers with less than was asked for: their ids, EC2's error code and its message.

API reference, "Error codes for the EC2 API".
"""
_TEMPLATE_NAME: Final = re.compile(r"[A-Za-z0-9().\-/_]{3,128}")


@patches.around(EC2ClientError, "__init__")
def _new_error(moto: Original, self: EC2ClientError, *given: object, **named: object) -> None:
    """Name an id as EC2 does."""
    moto(self, *(_PYTHON_LIST.sub(r"'\1'", str(text)) for text in given), **named)


def require_gateways(backend: EC2Backend, ids: Collection[str] | None) -> None:
    """Refuse a NAT gateway that is not there.

    Raises:
        EC2ClientError: One of them.
    """
    _require(ids, backend.nat_gateways, "NatGatewayNotFound", "NAT gateway {} was not found")


def require_zones(
    backend: EC2Backend, names: Collection[str] | None, ids: Collection[str] | None
) -> None:
    """Refuse an Availability Zone that the region does not have.

    Raises:
        EC2ClientError: One of them, by its name or its id.
    """
    zones = backend.zones.get(backend.region_name, [])
    code, message = "InvalidParameterValue", "Invalid availability zone: [{}]"
    _require(names, {str(zone.name) for zone in zones}, code, message)
    _require(ids, {str(zone.zone_id) for zone in zones}, code, message)


def _all_of_them(call: str, parameter: str, code: str, message: str) -> None:
    """Have a call that names what is not there refused, and not answered with the rest."""

    def describe(moto: Original, self: EC2Response) -> ActionResult:
        answer = moto(self)
        wanted = Parameters(self).texts(parameter)
        (found,) = cast("Mapping[str, list[Any]]", answer.result).values()
        if wanted and len(found) < len(set(wanted)):
            missing = next((one for one in wanted if not _is_among(one, found)), wanted[0])
            raise EC2ClientError(code, message.format(missing))
        return answer

    patches.around(EC2Response, call)(describe)


def _is_among(name: str, found: list[Any]) -> bool:
    """Return whether an id is one of a resource that moto describes, by any of its attributes."""
    texts = [one.values() if isinstance(one, dict) else vars(one).values() for one in found]
    return any(name in [value for value in values if isinstance(value, str)] for values in texts)


for _call, _given in _ABSENT.items():
    _all_of_them(_call, *_given)


@patches.method(InstanceResponse)
def describe_instances(self: InstanceResponse) -> ActionResult:
    """DescribeInstances, whole: `region.api.paging` cuts the pages; moto's tokens name reservations."""
    given = Parameters(self)
    ids = given.texts("InstanceIds")
    if ids and given.get("MaxResults") is not None:
        raise InvalidParameterCombination(
            "The parameter instancesSet cannot be used with the parameter maxResults"
        )
    filters = self._filters_from_querystring()  # pyright: ignore[reportPrivateUsage]
    found = (
        self.ec2_backend.get_reservations_by_instance_ids(ids, filters=filters)
        if ids
        else self.ec2_backend.describe_instances(filters=filters)
    )
    return ActionResult({"Reservations": found})


@patches.method(IamInstanceProfiles)
def describe_iam_instance_profile_associations(self: IamInstanceProfiles) -> ActionResult:
    """DescribeIamInstanceProfileAssociations, whole: moto reads the size of a page under another name."""
    ids = Parameters(self).texts("AssociationIds")
    filters = self._filters_from_querystring()  # pyright: ignore[reportPrivateUsage]
    backend: EC2Backend = self.ec2_backend
    found, _ = backend.describe_iam_instance_profile_associations(ids, filters, sys.maxsize)
    return ActionResult({"IamInstanceProfileAssociations": found})


@patches.method(VPCs)
def describe_vpc_endpoint_services(self: VPCs) -> ActionResult:
    """DescribeVpcEndpointServices, in pages of services: their names are those of the page."""
    given = Parameters(self)
    backend: EC2Backend = self.ec2_backend
    found = backend.describe_vpc_endpoint_services(
        service_names=given.texts("ServiceNames"),
        filters=given.structures("Filters"),
        max_results=MOST_SERVICES,
        next_token=None,
        region=self.region,
    )
    try:
        shown, following = page_tokens.page_of(
            found["servicesDetails"],
            given.text("NextToken"),
            given.integer("MaxResults") or MOST_SERVICES,
        )
    except page_tokens.UnknownTokenError as error:
        raise InvalidNextToken(given.text("NextToken")) from error
    return ActionResult(
        {
            "ServiceNames": [one["ServiceName"] for one in shown],
            "ServiceDetails": shown,
            "NextToken": following,
        }
    )


@patches.around(NetworkAclBackend, "describe_network_acls")
def _describe_network_acls(
    moto: Original,
    self: EC2Backend,
    network_acl_ids: list[str] | None = None,
    filters: Any = None,
) -> list[NetworkAcl]:
    """Describe them; moto's error is that of route tables."""
    code = "InvalidNetworkAclID.NotFound"
    _require(network_acl_ids, self.network_acls, code, "The networkAcl ID '{}' does not exist")
    return moto(self, network_acl_ids, filters)


@patches.around(RegionsAndZonesBackend, "describe_regions")
def _describe_regions(
    moto: Original, self: EC2Backend, region_names: list[str] | None = None
) -> list[Any]:
    known = {region.name for region in self.regions}
    _require(region_names, known, "InvalidParameterValue", "Invalid region: [{}]")
    return moto(self, region_names)


@patches.around(LaunchTemplates, "_get_int_param")
def _whole(moto: Original, self: LaunchTemplates, name: str, *default: int) -> int:
    """Let moto answer with all templates and versions; without a page it has no more than 15."""
    return sys.maxsize if name == "MaxResults" else moto(self, name, *default)


@patches.around(LaunchTemplateBackend, "create_launch_template")
def _create_launch_template(
    moto: Original, self: EC2Backend, name: str, *given: Any, **named: Any
) -> LaunchTemplate:
    if not _TEMPLATE_NAME.fullmatch(name):
        raise EC2ClientError(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, "
            "numbers, and the following characters: ( ) . / _ -",
        )
    return moto(self, name, *given, **named)


@patches.around(LaunchTemplateBackend, "modify_launch_template")
def _modify_launch_template(
    moto: Original,
    self: EC2Backend,
    default_version: str,
    template_name: str | None = None,
    template_id: str | None = None,
) -> LaunchTemplate:
    _require_template(self, template_name, template_id)
    return moto(self, default_version, template_name, template_id)


@patches.around(LaunchTemplateBackend, "delete_launch_template")
def _delete_launch_template(
    moto: Original, self: EC2Backend, name: str, tid: str | None
) -> LaunchTemplate:
    _require_template(self, name, tid)
    return moto(self, name, tid)


@patches.around(TagResponse, "create_tags")
def _create_tags(moto: Original, self: TagResponse) -> ActionResult:
    """Tag with keys that are not AWS's own."""
    launch_checks.check_tags(Parameters(self).structures("Tags"))
    return moto(self)


@patches.around(TagResponse, "delete_tags")
def _delete_tags(moto: Original, self: TagResponse) -> ActionResult:
    """Delete the tags that are named or, if none is, all that are not AWS's own (API reference)."""
    given = Parameters(self)
    if given.structures("Tags"):
        return moto(self)
    backend: EC2Backend = self.ec2_backend
    names = given.texts("Resources")
    backend.do_resources_exist(names)
    for name in names:
        keys = [key for key in backend.tags.get(name, {}) if not key.startswith(_OWN_TAGS)]
        backend.delete_tag_keys([name], keys)
    return EmptyResult()


@patches.around(EC2Backend, "do_resources_exist")
def _do_resources_exist(moto: Original, self: EC2Backend, resource_ids: list[str]) -> bool:
    """Look for those that moto passes over, too."""
    for resource_id in resource_ids:
        kind, one = resource_id.partition("-")[0], [resource_id]
        if kind == "i":
            self.get_instance(resource_id)
        elif kind == "acl":
            self.describe_network_acls(one)
        elif kind == "eni":
            self.get_network_interface(resource_id)
        elif kind == "nat":
            self.describe_nat_gateways(None, one)
        elif kind == "eipalloc":
            self.address_by_allocation(one)
        elif kind == "vpce":
            self.describe_vpc_endpoints(vpc_end_point_ids=one)
    return moto(self, resource_ids)


def _require_template(backend: EC2Backend, name: str | None, template_id: str | None) -> None:
    if name and name not in backend.launch_template_name_to_ids:
        raise InvalidLaunchTemplateNameNotFoundError
    if template_id and template_id not in backend.launch_templates:
        raise InvalidLaunchTemplateIdNotFound(template_id)


def _require(
    wanted: Collection[str] | None, known: Collection[str], code: str, message: str
) -> None:
    for one in wanted or ():
        if one not in known:
            raise EC2ClientError(code, message.format(one))
