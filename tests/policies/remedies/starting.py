"""What cures the rules about starting tasks, members of clusters, connections, secrets and names."""

from __future__ import annotations

from tests.policies.mutations.container_start import JOINS_SHOP, encoded
from tests.policies.mutations.database_connections import TLS
from tests.policies.mutations.web_acl import RATE, VISIBLE
from tests.policies.remedies.registry import sets

FORWARDED = {
    **RATE,
    "aggregateKeyType": "FORWARDED_IP",
    "forwardedIpConfig": {"headerName": "X-Forwarded-For", "fallbackBehavior": "NO_MATCH"},
}
COUNTED = {
    "name": "too-much",
    "priority": 1,
    "action": {"block": {}},
    "statement": {"rateBasedStatement": FORWARDED},
    "visibilityConfig": VISIBLE,
}

sets("ecs-hosts-join-cluster", ("host-template", "userData", encoded(JOINS_SHOP)))
sets("ecs-service-grace-period", ("tasks", "healthCheckGracePeriodSeconds", 180))
sets("data-store-failover-size", ("aurora-1", "instanceClass", "db.r7g.4xlarge"))
sets("secret-recoverable", ("token", "recoveryWindowInDays", 7))
sets(
    "eks-endpoint-limited",
    ("kubernetes", "vpcConfig.endpointPublicAccess", False),
    ("kubernetes", "vpcConfig.endpointPrivateAccess", True),
)
sets("database-connections-suffice", ("parameter-group", "parameters", [TLS]))
sets("waf-counts-visitors", ("acl", "rules", [COUNTED]))
sets("dns-ttl-short", ("first", "ttl", 60))
sets("asg-launches-in-other-zones", ("group", "availabilityZoneDistribution", ...))
