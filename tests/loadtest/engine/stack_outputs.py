"""The outputs of a stack that is no more than a URL, for loads on servers of tests; `url` is missing."""

from __future__ import annotations

from typing import Any

OUTPUTS: dict[str, Any] = {
    "healthPath": "/health", "topology": "ha", "region": "ap-northeast-2", "instanceType": "t4g.nano",
    "instanceCount": 1, "availabilityZones": ["ap-northeast-2a"], "databaseClass": "db.t4g.micro",
    "codedeployApplication": "a", "codedeployDeploymentGroup": "g", "revisionBucket": "b",
    "revisionKey": "k", "revisionDigest": "ab" * 32, "seedUsers": 0, "loadProfile": "none",
    "autoScalingGroupName": None, "targetGroupArn": None, "instanceId": None,
}  # fmt: skip
