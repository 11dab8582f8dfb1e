"""The list of services that patch moto."""

from __future__ import annotations

from region.services import access_keys, identities, logs, queues, secrets_manager, tagging
from region.services.autoscaling import patches as autoscaling
from region.services.budgets import patches as budgets
from region.services.cloudwatch import patches as cloudwatch
from region.services.codedeploy import patches as codedeploy
from region.services.ec2 import patches as ec2
from region.services.elbv2 import patches as elbv2
from region.services.events import patches as events
from region.services.fis import patches as fis
from region.services.kms import patches as kms
from region.services.rds import patches as rds
from region.services.s3 import patches as s3
from region.services.sns import patches as sns
from region.services.ssm import patches as ssm

PATCHED_SERVICES = (
    ec2,
    autoscaling,
    elbv2,
    codedeploy,
    rds,
    s3,
    cloudwatch,
    budgets,
    ssm,
    events,
    sns,
    queues,
    logs,
    kms,
    fis,
    identities,
    access_keys,
    secrets_manager,
    tagging,
)


def install_patches() -> None:
    """Patch moto for every service that the region corrects. Idempotent."""
    for service in PATCHED_SERVICES:
        service.install()
