"""A moto server in a process of its own, with just enough of what the control plane adds to it.

In its own process, because the control plane patches moto and other tests of this run load it. Prints
the port, and ends when its standard input closes.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.responses import instances
from moto.ec2.utils import parse_user_data
from moto.s3.models import FakeBucket
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from region.services.budgets import patches as budgets_patches
from region.services.cloudwatch import patches as cloudwatch_patches
from region.services.codedeploy import config_patches
from region.services.codedeploy import patches as codedeploy_patches


def _delete_application(self: Any) -> ActionResult:
    backend = self.codedeploy_backend
    backend.applications.pop(self._get_param("applicationName"), None)
    return ActionResult({})


def _delete_deployment_group(self: Any) -> ActionResult:
    groups = self.codedeploy_backend.deployment_groups.get(self._get_param("applicationName"), {})
    groups.pop(self._get_param("deploymentGroupName"), None)
    return ActionResult({"hooksNotCleanedUp": []})


_RENAMED = {
    "serviceRoleArn": "service_role_arn",
    "deploymentConfigName": "deployment_config_name",
    "outdatedInstancesStrategy": "outdated_instances_strategy",
    "ec2TagFilters": "ec2_tag_filters",
    "deploymentStyle": "deployment_style",
    "autoRollbackConfiguration": "auto_rollback_configuration",
    "loadBalancerInfo": "load_balancer_info",
}


def _update_deployment_group(self: Any) -> ActionResult:
    groups = self.codedeploy_backend.deployment_groups[self._get_param("applicationName")]
    group = groups[self._get_param("currentDeploymentGroupName")]
    for parameter, attribute in _RENAMED.items():
        value = self._get_param(parameter)
        if value is not None:
            setattr(group, attribute, value)
    return ActionResult({"hooksNotCleanedUp": []})


_get_permission = FakeBucket.get_permission


def _permission_without_conditions(self: Any, action: str, resource: str) -> Any:
    """Moto takes a Deny under a condition (TLS only) for a Deny of everything."""
    if self.policy is None:
        return _get_permission(self, action, resource)
    whole = self.policy
    document = json.loads(whole)
    document["Statement"] = [item for item in document["Statement"] if "Condition" not in item]
    try:
        self.policy = json.dumps(document).encode()
        return _get_permission(self, action, resource)
    finally:
        self.policy = whole


_parse_user_data = instances.parse_user_data


def _user_data(value: Any) -> Any:
    """ModifyInstanceAttribute hands over decoded bytes and moto decodes them again."""
    encoded = base64.b64encode(value).decode() if isinstance(value, bytes) else value
    return _parse_user_data(encoded)


_create_version = LaunchTemplate.create_version


def _version_with_parsed_user_data(self: Any, data: dict[str, Any], description: str) -> Any:
    """Moto parses the user data of the first version only, and fails to launch any other."""
    return _create_version(self, {**data, **_parsed(data)}, description)


def _parsed(data: dict[str, Any]) -> dict[str, Any]:
    raw = data.get("UserData")
    return {"UserData": parse_user_data(raw)} if isinstance(raw, str) else {}


def fill() -> None:
    """Patches moto for this process."""
    codedeploy_patches.patches.install()
    config_patches.patches.install()
    for name, method in {
        "delete_application": _delete_application,
        "delete_deployment_group": _delete_deployment_group,
        "update_deployment_group": _update_deployment_group,
    }.items():
        setattr(CodeDeployResponse, name, method)
    budgets_patches.install()
    cloudwatch_patches.install()
    LaunchTemplate.create_version = _version_with_parsed_user_data
    instances.parse_user_data = _user_data
    FakeBucket.get_permission = _permission_without_conditions


if __name__ == "__main__":
    fill()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    server.stop()
