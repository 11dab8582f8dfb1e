"""The waiting periods of Elastic Load Balancing."""

from __future__ import annotations

from typing import Final

from region.periods import Period

DEREGISTRATION_DELAY: Final = Period(
    "Deregistration delay of a target (default)",
    300.0,
    "ALB guide, Target group attributes; the state is `draining` all the time, also without requests",
)
DEREGISTRATION_PROPAGATION: Final = Period(
    "New requests still reach a target that was deregistered",
    2.0,
    "measured 1 to 17 s: kubernetes-sigs/aws-load-balancer-controller issues 2366, 2106, 1719",
)
HEALTH_CHECK_INTERVAL: Final = Period(
    "Interval of health checks (default)", 30.0, "ALB guide, Health check settings"
)
CLIENT_KEEP_ALIVE: Final = Period(
    "Longest life of a client's connection (default)",
    3600.0,
    "API reference, LoadBalancerAttribute client_keep_alive.seconds",
)
DNS_TIME_TO_LIVE: Final = Period(
    "Until clients follow a change of the load balancer's name",
    60.0,
    "ELB guide, How Elastic Load Balancing works: the time to live of its DNS entry",
)
METRICS: Final = Period(
    "Period in which metrics are published", 60.0, "ALB guide, CloudWatch metrics"
)
STICKINESS: Final = Period(
    "Stickiness of a cookie (default)", 86_400.0, "API reference, TargetGroupAttribute"
)
