"""CodeDeploy's deployment configurations: how many instances must stay healthy."""

from __future__ import annotations

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend

from region.services.codedeploy.minimum_healthy_hosts import CONCURRENCY, PERCENT
from region.services.codedeploy.records import DeploymentConfig, ServiceRecord

PREDEFINED_PREFIX = "CodeDeployDefault."
ONE_AT_A_TIME = f"{PREDEFINED_PREFIX}OneAtATime"

# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
PREDEFINED_CONFIGS = {
    name: DeploymentConfig(name, kind, value)
    for name, kind, value in (
        (ONE_AT_A_TIME, CONCURRENCY, 1),
        (f"{PREDEFINED_PREFIX}HalfAtATime", PERCENT, 50),
        (f"{PREDEFINED_PREFIX}AllAtOnce", PERCENT, 0),
    )
}


def config_of(backend: CodeDeployBackend, name: str) -> DeploymentConfig:
    """Return a deployment configuration; raises AWS's error if it does not exist."""
    found = PREDEFINED_CONFIGS.get(name) or ServiceRecord.of(backend).configs.get(name)
    if found is None:
        raise CodeDeployException(
            "DeploymentConfigDoesNotExistException",
            f"No Deployment Configuration found for name: {name}",
        )
    return found
