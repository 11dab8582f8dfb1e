"""What Elastic Load Balancing refuses about load balancers, listeners and their rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from availability.names import BALANCING_NAME, LONGEST

from guardrails import tokens
from guardrails.architecture.traffic import listeners_of
from guardrails.refusals import (
    JointRefusal,
    alone,
    among,
    between,
    earlier,
    every,
    joint_refusal_rule,
    known,
    matching,
)
from guardrails.refused import entrance_refusals, front_refusals
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
_CREATE = f"{_API}API_CreateLoadBalancer.html"
_LISTENER = f"{_API}API_CreateListener.html"
_RULE = f"{_API}API_CreateRule.html"
_ACTION = f"{_API}API_Action.html"
_BALANCERS = tokens.LOAD_BALANCER
_LISTENERS = tokens.LISTENER
_LISTENER_RULES = tokens.LISTENER_RULE
_BALANCER_KEYS = ("arn", "id")
_TARGET_KEYS = ("arn", "id")


def _kind(balancer: Resource) -> Any:
    return balancer.get("loadBalancerType") or "application"


def _balancers(stack: Stack, listener: Resource) -> tuple[Resource, ...]:
    found = stack.references(listener, "loadBalancerArn", _BALANCERS, _BALANCER_KEYS)
    return found.resources if found.complete else ()


# --- load balancers -------------------------------------------------------------------------------


def _same_zone(stack: Stack, balancer: Resource) -> Iterator[str]:
    for prop in ("subnets", "subnetMappings"):
        value = balancer.get(prop)
        ids = [dig(one, "subnetId") for one in items(value)] if prop == "subnetMappings" else value
        if ids is UNKNOWN or not items(ids):
            continue
        subnets = stack.references(balancer, prop, tokens.SUBNET, ("id",), value=ids).resources
        zones = [(subnet.get("availabilityZone"), subnet.name) for subnet in subnets]
        counted = Counter(zone for zone, _ in zones if isinstance(zone, str) and zone)
        if len(counted) < 2:
            continue  # elbv2-multi-az reports it
        for zone, times in counted.items():
            if times > 1:
                names = ", ".join(f'"{name}"' for where, name in zones if where == zone)
                yield f"subnets {names} are all in {zone}"


def _gateway_groups(balancer: Resource) -> str | None:
    groups = balancer.get("securityGroups")
    if _kind(balancer) == "gateway" and not is_absent(groups) and groups is not UNKNOWN:
        return f'load_balancer_type is "gateway", security_groups has {len(items(groups))} elements'
    return None


def _elastic_address(balancer: Resource) -> str | None:
    mappings = balancer.get("subnetMappings")
    given = any(not is_absent(dig(one, "allocationId")) for one in items(mappings))
    if given and _kind(balancer) in ("application", "gateway"):
        return f"load_balancer_type is {show(_kind(balancer))}, subnet_mappings has allocation_id"
    if given and is_true(balancer.get("internal")):
        return "internal is true, subnet_mappings has allocation_id"
    return None


# --- listeners ------------------------------------------------------------------------------------


def _certificate(listener: Resource) -> str | None:
    secure, arn = listener.get("protocol") in ("HTTPS", "TLS"), listener.get("certificateArn")
    if secure and is_absent(arn):
        return f"protocol is {show(listener.get('protocol'))}, certificate_arn is not set"
    return None


def _needless(listener: Resource) -> str | None:
    protocol = listener.get("protocol")
    if protocol in ("HTTP", "TCP", "UDP", "TCP_UDP") and known(listener.get("certificateArn")):
        return f"protocol is {show(protocol)}, certificate_arn is set"
    return None


def _same_port(stack: Stack, listener: Resource) -> str | None:
    for other in stack.of(_LISTENERS):
        if other is listener:
            return None  # said once, of the later one
        if number(other.get("port")) == number(listener.get("port")) is not None and (
            set(_balancers(stack, other)) & set(_balancers(stack, listener))
        ):
            return f'port {show(listener.get("port"))} is also that of listener "{other.name}"'
    return None


def _actions(resource: Resource) -> list[Any]:
    prop = "defaultActions" if resource.type in _LISTENERS else "actions"
    return items(resource.get(prop))


def _nowhere(resource: Resource) -> Iterator[str]:
    for action in _actions(resource):
        targets = (dig(action, "targetGroupArn"), dig(action, "forward"))
        if dig(action, "type") == "forward" and all(is_absent(one) for one in targets):
            yield "an action forwards to no target group"


def _weights(resource: Resource) -> Iterator[str]:
    for action in _actions(resource):
        targets = items(dig(action, "forward", "targetGroups"))
        if len(targets) > 5:
            yield f"an action forwards to {len(targets)} target groups"
        for target in targets:
            weight = number(dig(target, "weight"))
            if weight is not None and not 0 <= weight <= 999:
                yield f"the weight of a target group is {weight:g}"


def _forwarded(stack: Stack, resource: Resource) -> tuple[Resource, ...]:
    prop = "defaultActions" if resource.type in _LISTENERS else "actions"
    arns = [
        arn
        for action in _actions(resource)
        for arn in (
            dig(action, "targetGroupArn"),
            *(dig(target, "arn") for target in items(dig(action, "forward", "targetGroups"))),
        )
        if arn is not None
    ]
    return stack.references(resource, prop, tokens.TARGET_GROUP, _TARGET_KEYS, value=arns).resources


def _grpc(stack: Stack, resource: Resource) -> Iterator[str]:
    listeners = listeners_of(stack, resource)
    if not listeners or listeners[0].get("protocol") != "HTTP":
        return
    for group in _forwarded(stack, resource):
        if group.get("protocolVersion") == "GRPC":
            yield f'its protocol is "HTTP", and target group "{group.name}" speaks gRPC'


_LISTENS = {
    "application": ("HTTP", "HTTPS"),
    "network": ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"),
}
"""Protocols of a listener per type of load balancer; one of a gateway load balancer has none."""


def _protocol(stack: Stack, listener: Resource) -> str | None:
    protocol = listener.setting("protocol")
    for balancer in _balancers(stack, listener):
        accepted = _LISTENS.get(str(_kind(balancer)))
        if accepted and known(protocol) and protocol not in accepted:
            return f"protocol is {show(protocol)} on a load balancer of type {_kind(balancer)}"
    return None


def _unfit(stack: Stack, resource: Resource) -> Iterator[str]:
    """Yield target groups of another kind of balancer, unless the listener's own protocol is refused."""
    for listener in listeners_of(stack, resource):
        protocol = listener.setting("protocol")
        if _protocol(stack, listener) is not None or protocol not in ("HTTP", "HTTPS"):
            continue
        for group in _forwarded(stack, resource):
            given = group.setting("protocol")
            if known(given) and given not in ("HTTP", "HTTPS"):
                yield (
                    f"its protocol is {show(protocol)}, that of target group "
                    f'"{group.name}" {show(given)}'
                )


_OWN_ADDRESSES = ("FARGATE",)


def _tasks(stack: Stack, service: Resource) -> Iterator[str]:
    network = service.setting("networkConfiguration")
    if is_absent(network) and service.get("launchType") not in _OWN_ADDRESSES:
        return  # its containers have the addresses of their instances
    arns = [dig(one, "targetGroupArn") for one in items(service.get("loadBalancers"))]
    found = stack.references(
        service, "loadBalancers", tokens.TARGET_GROUP, _TARGET_KEYS, value=arns or None
    )
    for group in found.resources:
        kind = group.setting("targetType") or "instance"
        if arns and kind in ("instance", "lambda", "alb"):
            yield f'its tasks have addresses of their own, target group "{group.name}" is of {kind}'


def _same_priority(stack: Stack, rule: Resource) -> str | None:
    given = number(rule.get("priority"))
    mine = set(listeners_of(stack, rule)) if given is not None else set[Resource]()
    for other in earlier(stack, rule, _LISTENER_RULES) if mine else ():
        if number(other.get("priority")) == given and mine & set(listeners_of(stack, other)):
            return f'priority {show(rule.get("priority"))} is also that of rule "{other.name}"'
    return None


_CONDITIONS = (
    "hostHeader", "httpHeader", "httpRequestMethod", "pathPattern", "queryStrings", "sourceIp",
)  # fmt: skip


def _conditions(rule: Resource) -> Iterator[str]:
    for condition in items(rule.get("conditions")):
        if isinstance(condition, dict):
            given = [name for name in _CONDITIONS if not is_absent(condition.get(name))]
            if len(given) != 1:
                yield f"a condition has {len(given)} fields ({', '.join(given) or 'none'})"
    values = [
        value
        for path in (
            *(f"{name}.values" for name in _CONDITIONS if name != "queryStrings"),
            "queryStrings",
        )
        for value in every(rule, f"conditions.*.{path}.*")
    ]
    if len(values) > 5:
        yield f"its conditions have {len(values)} values"


_TABLE = (
    JointRefusal(
        types=_BALANCERS,
        says="A load balancer cannot be attached to multiple subnets in the same Availability Zone.",
        source=_CREATE,
        remedy="give the load balancer one subnet per Availability Zone.",
        find=_same_zone,
    ),
    JointRefusal(
        types=_BALANCERS,
        says="Security groups are for Application and Network Load Balancers.",
        source=_CREATE,
        remedy="remove security_groups from the gateway load balancer.",
        find=alone(_gateway_groups),
    ),
    JointRefusal(
        types=_BALANCERS,
        says="Only an internet-facing Network Load Balancer can have Elastic IP addresses.",
        source=_CREATE,
        remedy="name subnets without allocation_id.",
        find=alone(_elastic_address),
    ),
    JointRefusal(
        types=_BALANCERS,
        says=(
            "A name can have a maximum of 32 characters, must contain only alphanumeric characters "
            "or hyphens, and must not begin or end with a hyphen, nor begin with internal-."
        ),
        source=_CREATE,
        remedy="shorten the name, or leave it to Pulumi.",
        find=alone(matching("name", f"(?!internal-){BALANCING_NAME}", LONGEST["load balancer"])),
    ),
    JointRefusal(
        types=_BALANCERS,
        says="idle_timeout.timeout_seconds: the valid range is 1-4000 seconds.",
        source=f"{_API}API_LoadBalancerAttribute.html",
        remedy="set idle_timeout to 1 to 4000 seconds.",
        find=alone(between("idleTimeout", 1, 4000)),
    ),
    JointRefusal(
        types=_BALANCERS,
        says="Type: application, network or gateway.",
        source=_CREATE,
        remedy="set load_balancer_type to application, network or gateway.",
        find=alone(among("loadBalancerType", "application", "network", "gateway")),
    ),
    JointRefusal(
        types=_LISTENERS,
        says=(
            "For Application Load Balancers, the protocols are HTTP and HTTPS; for Network Load "
            "Balancers, TCP, TLS, UDP, TCP_UDP, QUIC and TCP_QUIC."
        ),
        source=_LISTENER,
        remedy="set the listener's protocol to one that its load balancer has.",
        find=_protocol,
    ),
    JointRefusal(
        types=(*_LISTENERS, *_LISTENER_RULES),
        says="IncompatibleProtocols: the listener's and the target group's do not fit.",
        source=_LISTENER,
        remedy="set the target group's protocol to HTTP or HTTPS.",
        find=_unfit,
    ),
    JointRefusal(
        types=_LISTENERS,
        says="A certificate must be specified for HTTPS and TLS listeners.",
        source=_LISTENER,
        remedy="set certificate_arn, or set the protocol to HTTP until there is a certificate.",
        find=alone(_certificate),
    ),
    JointRefusal(
        types=_LISTENERS,
        says="Certificates are for HTTPS and TLS listeners.",
        source=_LISTENER,
        remedy="set the protocol to HTTPS or TLS, or remove certificate_arn.",
        find=alone(_needless),
    ),
    JointRefusal(
        types=_LISTENERS,
        says="DuplicateListener: A listener with the specified port already exists.",
        source=_LISTENER,
        remedy="give each listener of the load balancer a port of its own.",
        find=_same_port,
    ),
    JointRefusal(
        types=_LISTENERS,
        says="Port: valid range 1 to 65535.",
        source=_LISTENER,
        remedy="set the listener's port.",
        find=alone(between("port", 1, 65535)),
    ),
    JointRefusal(
        types=(*_LISTENERS, *_LISTENER_RULES),
        says="An action of type forward names a target group.",
        source=_ACTION,
        remedy="set target_group_arn or forward of the action.",
        find=alone(_nowhere),
    ),
    JointRefusal(
        types=(*_LISTENERS, *_LISTENER_RULES),
        says="An action forwards to at most five target groups; the range of a weight is 0 to 999.",
        source=f"{_API}API_TargetGroupTuple.html",
        remedy="set the weights of at most five target groups to 0 to 999.",
        find=alone(_weights),
    ),
    JointRefusal(
        types=(*_LISTENERS, *_LISTENER_RULES),
        says="Only an HTTPS listener forwards to a target group with the protocol version GRPC.",
        source=f"{_API}API_CreateTargetGroup.html",
        remedy="set the listener's protocol to HTTPS, with a certificate.",
        find=_grpc,
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says=(
            "InvalidParameterException: The provided target group has target type instance, which "
            "is incompatible with the awsvpc network mode."
        ),
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html",
        remedy='set the target group\'s target_type to "ip".',
        find=_tasks,
    ),
    JointRefusal(
        types=_LISTENER_RULES,
        says="PriorityInUse: The specified priority is in use.",
        source=_RULE,
        remedy="give each rule of the listener a priority of its own.",
        find=_same_priority,
    ),
    JointRefusal(
        types=_LISTENER_RULES,
        says="Priority: valid range 1 to 50000.",
        source=_RULE,
        remedy="set priority to 1 to 50000.",
        find=alone(between("priority", 1, 50000)),
    ),
    JointRefusal(
        types=_LISTENER_RULES,
        says="Each condition has exactly one field; a rule has at most five values.",
        source=_RULE,
        remedy="give each kind of condition a block of its own, and split the rule.",
        find=alone(_conditions),
    ),
)

BALANCER = joint_refusal_rule(
    (*_TABLE, *entrance_refusals.TABLE, *front_refusals.TABLE),
    id="elbv2-accepted",
    title="Elastic Load Balancing accepts every load balancer, listener and listener rule",
    url=_CREATE,
    remedy="correct the load balancer, listener or rule as the message says.",
)

RULES = (BALANCER,)
