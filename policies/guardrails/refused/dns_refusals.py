"""What Route 53 refuses about records: parts of `dns-accepted`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.records import ROUTED, ZONES, Records
from guardrails.architecture.traffic import is_network
from guardrails.refusals import JointRefusal, alone
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_GUIDE = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
_API = "https://docs.aws.amazon.com/Route53/latest/APIReference/"
_RECORDS = tokens.DNS_RECORD


def _second_primary(stack: Stack, resource: Resource) -> Iterator[str]:
    names = stack.derived(Records)
    record = next(one for one in names.records if one.resource is resource)
    for other in names.records:
        if other.resource is resource:
            return
        if record.failover and other in names.beside(record) and other.failover == record.failover:
            yield f'"{other.resource.name}" is {record.failover} for {record.name} already'


def _zone_name(stack: Stack, resource: Resource) -> str | None:
    zones = stack.references(resource, "zoneId", ZONES, ("zoneId", "id")).resources
    name = zones[0].get("name") if len(zones) == 1 else None
    return name.lower().rstrip(".") if isinstance(name, str) else None


def _alias_of_apex(stack: Stack, resource: Resource) -> str | None:
    name, zone = resource.get("name"), _zone_name(stack, resource)
    if resource.get("type") != "CNAME" or zone is None or not isinstance(name, str):
        return None
    if name.lower().rstrip(".") in (zone, "", "@"):
        return f"type is CNAME, and name is that of the zone, {zone}"
    return None


def _own_zone(stack: Stack, resource: Resource) -> str | None:
    aliases = items(resource.get("aliases"))
    if not aliases or not stack.sources(resource, "aliases", tokens.LOAD_BALANCER):
        return None
    zone = dig(aliases[0], "zoneId")
    if zone is not UNKNOWN and zone == resource.get("zoneId"):
        return f"zone_id of its alias is {show(zone)}, the zone of the record itself"
    # Before a zone exists its id is unknown; a load balancer's comes from the load balancer alone.
    hosted = stack.sources(resource, "aliases", ZONES)
    if zone is UNKNOWN and hosted:
        return (
            f'zone_id of its alias is that of hosted zone "{hosted[0].name}", which holds records'
        )
    return None


_FEWEST_REGIONS = 3


def _few_regions(check: Resource) -> str | None:
    given = items(check.get("regions"))
    return f"regions has {len(given)}" if 0 < len(given) < _FEWEST_REGIONS else None


def _unmarked(_: Stack, resource: Resource) -> str | None:
    routed = [name for name in ROUTED if not resource.left_out(name) and resource.setting(name)]
    if routed and resource.left_out("setIdentifier"):
        return "it has a routing policy and no set_identifier"
    return None


def _twice(stack: Stack, resource: Resource) -> Iterator[str]:
    """Find an earlier record of the same zone, name and type without a routing policy."""
    if not resource.left_out("setIdentifier") or resource.get("allowOverwrite") is True:
        return
    named = stack.derived(Records)
    record = next(one for one in named.records if one.resource is resource)
    keys = ("zoneId", "id")
    own = stack.references(resource, "zoneId", ZONES, keys)
    for other in named.records:
        if other.resource is resource:
            return
        theirs = stack.references(other.resource, "zoneId", ZONES, keys)
        same = (own.resources, own.foreign) == (theirs.resources, theirs.foreign)
        certain = bool(own.resources or own.foreign) and not own.untraced
        if same and certain and record.name and record.answers_for == other.answers_for:
            yield f'"{other.resource.name}" is the {record.kind} record of {record.name} already'


def _mixed(stack: Stack, resource: Resource) -> Iterator[str]:
    """Find an earlier record of the name that does not go with this one in a zone.

    A CNAME is alone; of one type, all records have a routing policy or there is only one.
    """
    records = stack.derived(Records).records
    record = next(one for one in records if one.resource is resource)
    keys = ("zoneId", "id")
    own = stack.references(resource, "zoneId", ZONES, keys)
    for other in records[: records.index(record)]:
        theirs = stack.references(other.resource, "zoneId", ZONES, keys)
        same = (own.resources, own.foreign) == (theirs.resources, theirs.foreign)
        certain = bool(own.resources or own.foreign) and not own.untraced
        if not same or not certain or not record.name or record.name != other.name:
            continue
        routed = [not one.left_out("setIdentifier") for one in (resource, other.resource)]
        if record.kind != other.kind and "CNAME" in (record.kind, other.kind):
            yield f'"{other.resource.name}" is a {other.kind} record of {record.name}, it a {record.kind}'
        elif record.kind == other.kind and routed[0] != routed[1]:
            which = "it" if routed[0] else f'"{other.resource.name}"'
            yield f'of it and "{other.resource.name}" only {which} has a routing policy'


def _name_as_address(stack: Stack, resource: Resource) -> Iterator[str]:
    """Find what has a name of its own and no address, in a record that holds addresses."""
    if resource.get("type") not in ("A", "AAAA") or resource.left_out("records"):
        return
    for one in stack.sources(resource, "records", _NAMED):
        if one.type in tokens.LOAD_BALANCER and is_network(one):
            continue  # it may be one of its fixed addresses
        yield f'type is {resource.get("type")}, and "{one.name}" has a name, no address'


_NAMED = (
    *tokens.LOAD_BALANCER,
    *tokens.CLASSIC_BALANCER,
    *tokens.DISTRIBUTION,
    *tokens.DATABASE,
    *tokens.DATABASE_CLUSTER,
    *tokens.CACHE_GROUP,
)


def _no_string(check: Resource) -> str | None:
    kind = str(check.get("type"))
    if kind.endswith("_STR_MATCH") and is_absent(check.get("searchString")):
        return f"type is {kind}, search_string is not set"
    return None


def _interval(check: Resource) -> str | None:
    seconds = number(check.get("requestInterval"))
    return f"request_interval is {seconds:g}" if seconds not in (None, 0, 10, 30) else None


def _record(record: Resource) -> Iterator[str]:
    kind, values = record.get("type"), items(record.get("records"))
    aliased = not is_absent(record.get("aliases"))
    if aliased and (number(record.get("ttl")) or 0) > 0:
        yield "both aliases and ttl are set"
    if not aliased and values and is_absent(record.get("ttl")):
        yield "records is set, ttl is not"
    if kind == "CNAME" and len(values) > 1:
        yield f"type is CNAME, and it has {len(values)} records"
    if kind not in ("A", "AAAA"):
        return
    for value in (one for one in values if isinstance(one, str) and one):
        try:
            ipaddress.ip_address(value)
        except ValueError:
            yield f"type is {kind}, and {show(value)} is not an address"


TABLE = (
    JointRefusal(
        types=_RECORDS,
        says=(
            "InvalidChangeBatch: RRSet of type CNAME is not permitted as it conflicts with other records "
            "with the same DNS name; simple and routed records of one name and type cannot both exist."
        ),
        source=f"{_API}API_ChangeResourceRecordSets.html",
        remedy=(
            "remove the CNAME, or give each record of the name and type a set_identifier and a routing "
            "policy."
        ),
        find=_mixed,
    ),
    JointRefusal(
        types=tokens.HEALTH_CHECK,
        says="InvalidInput: at least three Regions ask, where the health check names any.",
        source=f"{_API}API_HealthCheckConfig.html",
        remedy="list three regions or more, or leave regions out: all of them then ask.",
        find=alone(_few_regions),
    ),
    JointRefusal(
        types=tokens.HEALTH_CHECK,
        says="InvalidInput: the request interval is 10 or 30 seconds.",
        source=f"{_API}API_HealthCheckConfig.html",
        remedy="set request_interval to 10 or 30.",
        find=alone(_interval),
    ),
    JointRefusal(
        types=_RECORDS,
        says="InvalidChangeBatch: a name has one PRIMARY and one SECONDARY record of each type.",
        source=f"{_API}API_ResourceRecordSet.html",
        remedy='set type of failover_routing_policies of one of them to "SECONDARY".',
        find=_second_primary,
    ),
    JointRefusal(
        types=_RECORDS,
        says="InvalidChangeBatch: RRSet of type CNAME is not permitted at apex of zone.",
        source=f"{_GUIDE}ResourceRecordTypes.html",
        remedy="set type to A and aliases to dns_name and zone_id of the load balancer.",
        find=_alias_of_apex,
    ),
    JointRefusal(
        types=_RECORDS,
        says=(
            "InvalidChangeBatch: Tried to create an alias that targets a name which does not lie "
            "within the target zone."
        ),
        source=f"{_API}API_AliasTarget.html",
        remedy="set zone_id in aliases of the record to the load balancer's output zone_id.",
        find=_own_zone,
    ),
    JointRefusal(
        types=_RECORDS,
        says="InvalidInput: Missing field 'SetIdentifier'.",
        source=f"{_API}API_ResourceRecordSet.html",
        remedy="set set_identifier of each record to a text of its own.",
        find=_unmarked,
    ),
    JointRefusal(
        types=_RECORDS,
        says="InvalidChangeBatch: Tried to create resource record set, but it already exists.",
        source=f"{_API}API_ChangeResourceRecordSets.html",
        remedy=(
            "remove one of the two records, or give both a routing policy and a set_identifier of "
            "their own."
        ),
        find=_twice,
    ),
    JointRefusal(
        types=_RECORDS,
        says="InvalidChangeBatch: Value is not a valid IPv4 or IPv6 address.",
        source=f"{_GUIDE}ResourceRecordTypes.html",
        remedy="set aliases of the record to dns_name and zone_id in place of records, or type to CNAME.",
        find=_name_as_address,
    ),
    JointRefusal(
        types=tokens.DNS_RECORD,
        says=(
            "InvalidChangeBatch: an alias has no TTL, any other record has one; A and AAAA hold "
            "addresses, and a CNAME one name."
        ),
        source=f"{_API}API_ResourceRecordSet.html",
        remedy="set aliases for a load balancer, or records and ttl for addresses.",
        find=alone(_record),
    ),
    JointRefusal(
        types=tokens.HEALTH_CHECK,
        says="InvalidInput: a health check that looks for a string has a SearchString.",
        source=f"{_API}API_HealthCheckConfig.html",
        remedy="set search_string to a text of the first 5120 bytes of the page.",
        find=alone(_no_string),
    ),
)
"""The table of `dns-accepted`."""
