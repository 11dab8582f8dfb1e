"""What Elastic Load Balancing refuses about a target group."""

from __future__ import annotations

import re
from collections.abc import Iterator

from availability.names import BALANCING_NAME, LONGEST
from availability.target_groups import INTERVAL, LONGEST_DELAY, THRESHOLD, TIMEOUT

from guardrails import tokens
from guardrails.refusals import Refusal, between, known, matching, refusal_rule, sets
from guardrails.resources import Resource
from guardrails.values import dig, is_true, number, show

_GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_CREATE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"
_ATTRIBUTES = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html"
_TYPES = tokens.TARGET_GROUP
_HTTP = ("HTTP", "HTTPS")
_STREAMS = ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")
_PROTOCOLS = (*_HTTP, *_STREAMS, "GENEVE")


def _type(group: Resource) -> object:
    return group.get("targetType") or "instance"


def _is_lambda(group: Resource) -> bool:
    return _type(group) == "lambda"


def _slow_start(group: Resource) -> str | None:
    seconds, algorithm = number(group.get("slowStart")), group.get("loadBalancingAlgorithmType")
    if seconds and algorithm in ("least_outstanding_requests", "weighted_random"):
        return f'slow_start is {seconds:g} s, load_balancing_algorithm_type "{algorithm}"'
    return None


def _anomaly(group: Resource) -> str | None:
    algorithm = group.get("loadBalancingAlgorithmType")
    if group.get("loadBalancingAnomalyMitigation") != "on":
        return None
    if algorithm in (None, "", "round_robin", "least_outstanding_requests"):
        return f"load_balancing_anomaly_mitigation is on, load_balancing_algorithm_type {show(algorithm)}"
    return None


def _timeout(group: Resource) -> str | None:
    check = group.get("healthCheck")
    interval, timeout = number(dig(check, "interval")), number(dig(check, "timeout"))
    protocol = dig(check, "protocol")
    if interval is None or _is_lambda(group):
        return None
    if timeout is None and dig(check, "timeout") is None:
        # Users report 5 s where the API's reference says 6 and 10: only what both refuse is refused.
        defaulted = group.get("protocol") in _HTTP and interval <= 5
        return f"health_check.interval is {interval:g} s, timeout is not set" if defaulted else None
    if timeout is not None and (
        timeout > interval or (timeout == interval and protocol not in _STREAMS)
    ):
        return f"health_check.timeout is {timeout:g} s, interval {interval:g} s"
    return None


def _matcher(group: Resource) -> Iterator[str]:
    check = group.get("healthCheck")
    # For a target group of HTTP, tg-health-check-defined reports a check by TCP.
    if dig(check, "protocol") == "TCP" and group.get("protocol") not in _HTTP:
        for name in ("matcher", "path"):
            if known(dig(check, name)):
                yield f'health_check.protocol is "TCP", {name} {show(dig(check, name))}'


_GRPC_CODES = 99


def _grpc_codes(group: Resource) -> str | None:
    given = group.get("healthCheck", "matcher")
    if group.get("protocolVersion") != "GRPC" or not isinstance(given, str):
        return None
    codes = [number(one) for one in re.findall(r"\d+", given)]
    if any(one is not None and one > _GRPC_CODES for one in codes):
        return f'health_check.matcher is {show(given)}, protocol_version "GRPC"'
    return None


def _check_protocol(group: Resource) -> str | None:
    protocol = dig(group.get("healthCheck"), "protocol")
    if not known(protocol) or group.get("protocol") in _HTTP:
        return None
    if str(protocol).upper() in (*_HTTP, "TCP"):
        return None
    return f"health_check.protocol is {show(protocol)}, protocol {show(group.get('protocol'))}"


def _incomplete(group: Resource) -> Iterator[str]:
    if _type(group) in ("instance", "ip", "alb"):
        for name, title in (("port", "port"), ("protocol", "protocol"), ("vpcId", "vpc_id")):
            if not sets(group, name):
                yield f"target_type is {show(_type(group))}, {title} is not set"


def _protocol(group: Resource) -> str | None:
    protocol = group.get("protocol")
    if known(protocol) and protocol not in _PROTOCOLS:
        return f"protocol is {show(protocol)}, none of {', '.join(_PROTOCOLS)}"
    if _type(group) == "alb" and known(protocol) and protocol not in ("TCP", "TLS"):
        return f'target_type is "alb", protocol {show(protocol)} instead of TCP'
    if protocol == "GENEVE" and number(group.get("port")) not in (None, 6081):
        return f'protocol is "GENEVE", port {show(group.get("port"))} instead of 6081'
    return None


def _stickiness(group: Resource) -> str | None:
    kind, protocol = group.get("stickiness", "type"), group.get("protocol")
    if dig(group.get("stickiness"), "enabled") is False or not known(kind):
        return None
    accepted = (
        ("lb_cookie", "app_cookie") if protocol in _HTTP
        else ("source_ip",) if protocol in ("TCP", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")
        else ("source_ip_dest_ip", "source_ip_dest_ip_proto", "source_ip") if protocol == "GENEVE"
        else () if protocol == "TLS"
        else (kind,)
    )  # fmt: skip
    if kind in accepted:
        return None
    return f"stickiness.type is {show(kind)}, protocol {show(protocol)}"


def _cookie(group: Resource) -> str | None:
    stickiness = group.get("stickiness")
    name = dig(stickiness, "cookieName")
    if dig(stickiness, "type") != "app_cookie" or dig(stickiness, "enabled") is False:
        return None
    if name is None or name == "":
        return 'stickiness.type is "app_cookie", cookie_name is not set'
    if isinstance(name, str) and name.startswith(("AWSALB", "AWSALBAPP", "AWSALBTG")):
        return f"stickiness.cookie_name is {show(name)}, a name of the load balancer's own"
    return None


def _one_zone_sticky(group: Resource) -> str | None:
    off = str(group.get("loadBalancingCrossZoneEnabled")).lower() == "false"
    if off and is_true(dig(group.get("stickiness"), "enabled")) and group.get("protocol") in _HTTP:
        return "stickiness.enabled is true, load_balancing_cross_zone_enabled false"
    return None


_TABLE = (
    Refusal(
        types=_TYPES,
        says=(
            "The least outstanding requests and weighted random algorithms do not support slow "
            "start mode."
        ),
        source=f"{_GUIDE}edit-target-group-attributes.html",
        remedy='remove slow_start, or set load_balancing_algorithm_type to "round_robin".',
        find=_slow_start,
    ),
    Refusal(
        types=_TYPES,
        says="Anomaly mitigation is only available with the weighted random routing algorithm.",
        source=_ATTRIBUTES,
        remedy=(
            'set load_balancing_algorithm_type to "weighted_random", or remove '
            "load_balancing_anomaly_mitigation."
        ),
        find=_anomaly,
    ),
    Refusal(
        types=_TYPES,
        says="The range of slow_start.duration_seconds is 30-900 seconds; 0 disables it.",
        source=_ATTRIBUTES,
        remedy="set slow_start to 0 or to 30 to 900 seconds.",
        find=between("slowStart", 30, 900, 0),
    ),
    Refusal(
        types=_TYPES,
        says="ValidationError: Health check interval must be greater than the timeout.",
        source=_CREATE,
        remedy="set health_check.timeout below health_check.interval, for example 2 and 5 seconds.",
        find=_timeout,
    ),
    Refusal(
        types=_TYPES,
        says="HealthCheckIntervalSeconds: the range is 5-300 seconds.",
        source=_CREATE,
        remedy="set health_check.interval to 5 to 300 seconds.",
        find=between("healthCheck.interval", *INTERVAL),
    ),
    Refusal(
        types=_TYPES,
        says="HealthCheckTimeoutSeconds: the range is 2-120 seconds.",
        source=_CREATE,
        remedy="set health_check.timeout to 2 to 120 seconds.",
        find=between("healthCheck.timeout", *TIMEOUT),
    ),
    Refusal(
        types=_TYPES,
        says="HealthyThresholdCount: the range is 2-10.",
        source=_CREATE,
        remedy="set health_check.healthy_threshold to 2 to 10.",
        find=between("healthCheck.healthyThreshold", *THRESHOLD),
    ),
    Refusal(
        types=_TYPES,
        says="UnhealthyThresholdCount: the range is 2-10.",
        source=_CREATE,
        remedy="set health_check.unhealthy_threshold to 2 to 10.",
        find=between("healthCheck.unhealthyThreshold", *THRESHOLD),
    ),
    Refusal(
        types=_TYPES,
        says="GrpcCode: you can specify values between 0 and 99.",
        source="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html",
        remedy='set health_check.matcher to "0", the code OK of gRPC.',
        find=_grpc_codes,
    ),
    Refusal(
        types=_TYPES,
        says="Matcher and path are for HTTP and HTTPS health checks.",
        source=_CREATE,
        remedy='remove matcher and path, or set health_check.protocol to "HTTP".',
        find=_matcher,
    ),
    Refusal(
        types=_TYPES,
        says="TLS, UDP, TCP_UDP, QUIC and GENEVE are not supported for health checks.",
        source=_CREATE,
        remedy='set health_check.protocol to "HTTP" or "TCP".',
        find=_check_protocol,
    ),
    Refusal(
        types=_TYPES,
        says="Port, protocol and VPC are required unless the target is a Lambda function.",
        source=_CREATE,
        remedy="set port, protocol and vpc_id of the target group.",
        find=_incomplete,
    ),
    Refusal(
        types=_TYPES,
        says="Protocols: HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP, QUIC, TCP_QUIC; GENEVE on port 6081.",
        source=_CREATE,
        remedy="set protocol and port to what the targets speak.",
        find=_protocol,
    ),
    Refusal(
        types=_TYPES,
        says=(
            "stickiness.type: lb_cookie and app_cookie for Application Load Balancers, source_ip "
            "for Network Load Balancers; not with TLS."
        ),
        source=_ATTRIBUTES,
        remedy="set stickiness.type to one that the protocol has, or remove stickiness.",
        find=_stickiness,
    ),
    Refusal(
        types=_TYPES,
        says="app_cookie needs a cookie name; AWSALB, AWSALBAPP and AWSALBTG are reserved.",
        source=_ATTRIBUTES,
        remedy="set stickiness.cookie_name to the application's cookie.",
        find=_cookie,
    ),
    Refusal(
        types=_TYPES,
        says="Stickiness is not supported when cross-zone load balancing is off.",
        source=f"{_GUIDE}disable-cross-zone.html",
        remedy="remove stickiness, or leave cross-zone load balancing on.",
        find=_one_zone_sticky,
    ),
    Refusal(
        types=_TYPES,
        says="The range of stickiness cookies is 1 second to 1 week (604800 seconds).",
        source=_ATTRIBUTES,
        remedy="set stickiness.cookie_duration to at most 604800.",
        find=between("stickiness.cookieDuration", 1, 604800),
    ),
    Refusal(
        types=_TYPES,
        says="deregistration_delay.timeout_seconds: the range is 0-3600 seconds.",
        source=_ATTRIBUTES,
        remedy="set deregistration_delay to the duration of the longest request.",
        find=between("deregistrationDelay", 0, LONGEST_DELAY),
    ),
    Refusal(
        types=_TYPES,
        says="Port: valid range 1 to 65535.",
        source=_CREATE,
        remedy="set port to the application's port.",
        find=between("port", 1, 65535),
    ),
    Refusal(
        types=_TYPES,
        says=(
            "A name can have a maximum of 32 characters, must contain only alphanumeric characters "
            "or hyphens, and must not begin or end with a hyphen."
        ),
        source=_CREATE,
        remedy="shorten the name, or leave it to Pulumi.",
        find=matching("name", BALANCING_NAME, LONGEST["target group"]),
    ),
    Refusal(
        types=_TYPES,
        says="The provider accepts a name prefix of at most 6 characters: it adds 26 of its own.",
        source="https://www.pulumi.com/registry/packages/aws/api-docs/lb/targetgroup/",
        remedy="shorten name_prefix, or leave the name to Pulumi.",
        find=matching("namePrefix", r"[A-Za-z0-9][A-Za-z0-9-]*", 6),
    ),
)

TARGET_GROUP = refusal_rule(
    _TABLE,
    id="tg-accepted",
    title="Elastic Load Balancing accepts every target group",
    url=_CREATE,
    remedy="correct the target group as the message says.",
)

RULES = (TARGET_GROUP,)
