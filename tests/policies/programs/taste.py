"""Advisory rules that a sound program may break: they cost money, need a domain, or are taste."""

from __future__ import annotations

TASTE = {
    "elb-deletion-protection": "It hinders a teardown, and a restored stack has it again.",
    "elb-access-logs": "Logs cost storage.",
    "elb-tls-listener": "HTTPS needs a domain.",
    "asg-multiple-instance-types": "One type is easier to measure.",
    "no-public-ip": "Public subnets save the NAT gateways.",
    "rds-multi-az": "A standby doubles the price.",
    "rds-deletion-protection": "It hinders a teardown.",
    "asg-default-instance-warmup": "Older programs, and fleets that seldom scale, do without.",
    "codedeploy-termination-hook": "Only instances that hold work need it.",
    "rds-logs-exported": "Logs cost storage.",
    "rds-copy-tags-to-snapshots": "Not everybody works with tags.",
    "cache-snapshots": "What is in a cache can be computed again.",
    "rds-failover-noticed": "Some watch the database with tools of their own.",
    "rds-final-snapshot": "The stack stands; it is a destroy that asks for the name.",
    "log-group-retention": "Some keep logs for ever on purpose.",
    "data-store-multi-az": "A second instance doubles the price.",
    "rds-private-subnets": "Public subnets save the NAT gateways; the database has no public address.",
    "s3-encryption": "Amazon S3 encrypts by itself; a key of one's own costs money.",
    "rds-minor-upgrade": "Some upgrade by hand.",
}
