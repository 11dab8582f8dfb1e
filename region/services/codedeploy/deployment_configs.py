"""CodeDeploy's deployment configurations: how many instances must stay healthy meanwhile."""

from typing import Any

from moto.codedeploy.exceptions import CodeDeployException

ONE_AT_A_TIME = "CodeDeployDefault.OneAtATime"

# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
PREDEFINED_CONFIGS: dict[str, dict[str, Any]] = {
    name: {
        "deploymentConfigName": name,
        "computePlatform": "Server",
        "minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": percent},
    }
    for name, percent in (
        (ONE_AT_A_TIME, 99),
        ("CodeDeployDefault.HalfAtATime", 50),
        ("CodeDeployDefault.AllAtOnce", 0),
    )
}


def config_of(backend: Any, name: str) -> dict[str, Any]:
    """A deployment configuration; raises AWS's error if there is none of that name."""
    found = PREDEFINED_CONFIGS.get(name) or configs(backend).get(name)
    if found is None:
        raise CodeDeployException(
            "DeploymentConfigDoesNotExistException",
            f"No Deployment Configuration found for name: {name}",
        )
    return found


def configs(backend: Any) -> dict[str, dict[str, Any]]:
    """The deployment configurations that users made."""
    return backend.__dict__.setdefault("deployment_configs", {})
