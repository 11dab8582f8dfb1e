"""The attributes of load balancers and target groups: which there are, their values and defaults.

API reference, LoadBalancerAttribute and TargetGroupAttribute. A value that AWS has and the local region
cannot show is refused, never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DEREGISTRATION_DELAY: Final = "deregistration_delay.timeout_seconds"
STICKY: Final = "stickiness.enabled"
STICKINESS_TYPE: Final = "stickiness.type"
COOKIE_DURATION: Final = "stickiness.lb_cookie.duration_seconds"
APP_COOKIE: Final = "stickiness.app_cookie.cookie_name"
APP_COOKIE_DURATION: Final = "stickiness.app_cookie.duration_seconds"
ALGORITHM: Final = "load_balancing.algorithm.type"
ANOMALY_MITIGATION: Final = "load_balancing.algorithm.anomaly_mitigation"
CROSS_ZONE: Final = "load_balancing.cross_zone.enabled"
SLOW_START: Final = "slow_start.duration_seconds"
_HEALTH: Final = "target_group_health"
DNS_COUNT: Final = f"{_HEALTH}.dns_failover.minimum_healthy_targets.count"
DNS_PERCENTAGE: Final = f"{_HEALTH}.dns_failover.minimum_healthy_targets.percentage"
ROUTING_COUNT: Final = f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.count"
ROUTING_PERCENTAGE: Final = f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.percentage"

IDLE_TIMEOUT: Final = "idle_timeout.timeout_seconds"
CLIENT_KEEP_ALIVE: Final = "client_keep_alive.seconds"
DELETION_PROTECTION: Final = "deletion_protection.enabled"
ZONAL_SHIFT: Final = "zonal_shift.config.enabled"
DROP_INVALID: Final = "routing.http.drop_invalid_header_fields.enabled"
PRESERVE_HOST: Final = "routing.http.preserve_host_header.enabled"
CLIENT_PORT: Final = "routing.http.xff_client_port.enabled"
FORWARDED_FOR: Final = "routing.http.xff_header_processing.mode"
TLS_HEADERS: Final = "routing.http.x_amzn_tls_version_and_cipher_suite.enabled"
HTTP2: Final = "routing.http2.enabled"

RESERVED_COOKIES: Final = ("AWSALB", "AWSALBAPP", "AWSALBTG")
_MOST_TARGETS: Final = 1000
_WEEK: Final = 604_800


class AttributesError(ValueError):
    """A change of attributes that is refused.

    Attributes:
        code: AWS's error code.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Attribute:
    """One attribute.

    Attributes:
        default: Its value until it is set.
        words: The values that it takes, if these are words.
        first: The least number, if it takes numbers.
        last: The greatest.
        zero: Whether it takes 0 besides.
        supported: The words of which only these do something here; empty for all.
        instead: What to do instead of setting an unsupported word.
    """

    default: str
    words: tuple[str, ...] = ()
    first: int | None = None
    last: int = 0
    zero: bool = False
    supported: tuple[str, ...] = ()
    instead: str = ""

    def check(self, key: str, value: str) -> None:
        """Refuse a value that AWS or the local region does not take."""
        if self.first is not None and value not in self.words:
            self._check_number(key, value, self.first)
        elif self.first is None and self.words and value not in self.words:
            raise AttributesError(
                "ValidationError",
                f"'{key}' value '{value}' must be one of [{', '.join(self.words)}]",
            )
        if self.supported and value not in self.supported:
            raise AttributesError(
                "NotImplemented",
                f"The local region does not implement '{key}' = '{value}': {self.instead}.",
            )

    def _check_number(self, key: str, value: str, first: int) -> None:
        if value.isdigit() and (first <= int(value) <= self.last or (self.zero and value == "0")):
            return
        raise AttributesError(
            "ValidationError",
            f"'{key}' value '{value}' must be between '{first}-{self.last}' inclusive",
        )


_BOOLEAN = ("true", "false")


def _flag(default: str = "false") -> _Attribute:
    return _Attribute(default, _BOOLEAN)


def _off(instead: str) -> _Attribute:
    return _Attribute("false", _BOOLEAN, supported=("false",), instead=instead)


_TEXT = _Attribute("")

TARGET_GROUP: Final[Mapping[str, _Attribute]] = {
    DEREGISTRATION_DELAY: _Attribute("300", first=0, last=3600),
    STICKY: _flag(),
    STICKINESS_TYPE: _Attribute("lb_cookie", ("lb_cookie", "app_cookie")),
    COOKIE_DURATION: _Attribute("86400", first=1, last=_WEEK),
    APP_COOKIE: _TEXT,
    APP_COOKIE_DURATION: _Attribute("86400", first=1, last=_WEEK),
    ALGORITHM: _Attribute(
        "round_robin", ("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    ANOMALY_MITIGATION: _Attribute(
        "off",
        ("on", "off"),
        supported=("off",),
        instead="it does not weigh targets by their errors, leave it off",
    ),
    CROSS_ZONE: _Attribute(
        "use_load_balancer_configuration", (*_BOOLEAN, "use_load_balancer_configuration")
    ),
    SLOW_START: _Attribute("0", first=30, last=900, zero=True),
    DNS_COUNT: _Attribute("1", ("off",), first=1, last=_MOST_TARGETS),
    DNS_PERCENTAGE: _Attribute("off", ("off",), first=1, last=100),
    ROUTING_COUNT: _Attribute("1", first=1, last=_MOST_TARGETS),
    ROUTING_PERCENTAGE: _Attribute("off", ("off",), first=1, last=100),
}
"""The attributes of a target group of instances or addresses behind an Application Load Balancer."""

_NO_LOGS: Final = "HAProxy's log and the metrics of AWS/ApplicationELB take its place, leave it off"
LOAD_BALANCER: Final[Mapping[str, _Attribute]] = {
    "access_logs.s3.enabled": _off(_NO_LOGS),
    "access_logs.s3.bucket": _TEXT,
    "access_logs.s3.prefix": _TEXT,
    "connection_logs.s3.enabled": _off(_NO_LOGS),
    "connection_logs.s3.bucket": _TEXT,
    "connection_logs.s3.prefix": _TEXT,
    "health_check_logs.s3.enabled": _off(_NO_LOGS),
    "health_check_logs.s3.bucket": _TEXT,
    "health_check_logs.s3.prefix": _TEXT,
    DELETION_PROTECTION: _flag(),
    IDLE_TIMEOUT: _Attribute("60", first=1, last=4000),
    CLIENT_KEEP_ALIVE: _Attribute("3600", first=60, last=_WEEK),
    "ipv6.deny_all_igw_traffic": _off("its network has no IPv6"),
    CROSS_ZONE: _Attribute("true", _BOOLEAN),
    "routing.http.desync_mitigation_mode": _Attribute(
        "defensive",
        ("monitor", "defensive", "strictest"),
        supported=("defensive",),
        instead="its load balancer classifies requests as in mode 'defensive'",
    ),
    DROP_INVALID: _flag(),
    PRESERVE_HOST: _flag(),
    TLS_HEADERS: _flag(),
    CLIENT_PORT: _flag(),
    FORWARDED_FOR: _Attribute("append", ("append", "preserve", "remove")),
    # Clients speak HTTP/2 to an Application Load Balancer over TLS only.
    HTTP2: _flag("true"),
    "waf.fail_open.enabled": _off("it has no web application firewall"),
    ZONAL_SHIFT: _flag(),
}
"""The attributes of an Application Load Balancer."""


def defaults(known: Mapping[str, _Attribute]) -> dict[str, str]:
    """Return every attribute with its default."""
    return {key: attribute.default for key, attribute in known.items()}


def check_load_balancer(given: Mapping[str, str]) -> None:
    """Refuse a change of a load balancer's attributes.

    Raises:
        AttributesError: AWS, or the local region, does not take it.
    """
    _check_each("Load balancer", LOAD_BALANCER, given)
    if given.get(CROSS_ZONE, "true") != "true":
        raise AttributesError(
            "InvalidConfigurationRequest",
            "Cross-zone load balancing cannot be disabled for load balancers of type 'application': "
            f"set {CROSS_ZONE} of a target group",
        )


def check_target_group(given: Mapping[str, str], present: Mapping[str, str]) -> None:
    """Refuse a change of a target group's attributes, which are `present` before it.

    Raises:
        AttributesError: AWS, or the local region, does not take it.
    """
    if "lambda.multi_value_headers.enabled" in given:
        raise AttributesError(
            "InvalidConfigurationRequest",
            "The attribute 'lambda.multi_value_headers.enabled' is supported for target groups with "
            "target type 'lambda' only",
        )
    for key, value in given.items():
        # AWS refuses the combination, whatever the local region has.
        if key == ANOMALY_MITIGATION and value == "on":
            algorithm = given.get(ALGORITHM) or present.get(ALGORITHM)
            if algorithm != "weighted_random":
                raise AttributesError(
                    "InvalidConfigurationRequest",
                    f"'{key}' can be turned on only if '{ALGORITHM}' is 'weighted_random'",
                )
    _check_each("Target group", TARGET_GROUP, given)
    _check_combinations({**defaults(TARGET_GROUP), **present, **given}, given)


def _check_each(what: str, known: Mapping[str, _Attribute], given: Mapping[str, str]) -> None:
    for key, value in given.items():
        if key not in known:
            raise AttributesError(
                "ValidationError", f"{what} attribute key '{key}' is not recognized"
            )
        known[key].check(key, value)


def _check_combinations(result: Mapping[str, str], given: Mapping[str, str]) -> None:
    def refuse(message: str) -> None:
        raise AttributesError("InvalidConfigurationRequest", message)

    if result[SLOW_START] != "0" and result[ALGORITHM] != "round_robin":
        refuse(
            f"Slow start and the '{result[ALGORITHM]}' algorithm exclude each other: "
            f"set '{SLOW_START}' to 0 or '{ALGORITHM}' to round_robin"
        )
    if result[STICKY] == "true" and result[CROSS_ZONE] == "false":
        refuse("Stickiness is not supported when cross-zone load balancing is off")
    name = result[APP_COOKIE]
    if name.startswith(RESERVED_COOKIES):
        refuse(
            f"Cookie name '{name}' starts with {', '.join(RESERVED_COOKIES[:-1])} or "
            f"{RESERVED_COOKIES[-1]}, which are reserved for the load balancer"
        )
    sets_type = STICKINESS_TYPE in given or STICKY in given
    if sets_type and result[STICKINESS_TYPE] == "app_cookie" and not name:
        refuse("You must set an application cookie name to enable stickiness of type 'app_cookie'")
    for dns, routing in ((DNS_COUNT, ROUTING_COUNT), (DNS_PERCENTAGE, ROUTING_PERCENTAGE)):
        # A default gives way.
        if dns in given or result[dns] != TARGET_GROUP[dns].default:
            _check_order(result, dns, routing)


def _check_order(result: Mapping[str, str], dns: str, routing: str) -> None:
    if "off" not in (result[dns], result[routing]) and int(result[dns]) < int(result[routing]):
        raise AttributesError(
            "InvalidConfigurationRequest",
            f"'{dns}' ({result[dns]}) must be greater than or equal to '{routing}' "
            f"({result[routing]})",
        )
