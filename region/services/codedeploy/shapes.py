"""The shapes of CodeDeploy's API that the region reads or answers.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

DeploymentStatus = Literal["Created", "Queued", "InProgress", "Succeeded", "Failed", "Stopped"]
TargetStatus = Literal["Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"]


class S3Location(TypedDict):
    """A revision's object in S3."""

    bucket: str
    key: str
    bundleType: NotRequired[str]
    version: NotRequired[str]
    eTag: NotRequired[str]


class Revision(TypedDict):
    """What a deployment installs. The region deploys revisions from S3 only."""

    revisionType: str
    s3Location: S3Location


class RevisionInfo(TypedDict, total=False):
    """What CodeDeploy knows about a registered revision."""

    description: str
    deploymentGroups: list[str]
    registerTime: datetime
    firstUsedTime: datetime
    lastUsedTime: datetime


class RegisteredRevision(TypedDict):
    """A revision of an application."""

    revision: Revision
    info: RevisionInfo


class TagFilter(TypedDict, total=False):
    """A condition on one tag of an instance."""

    Key: str
    Value: str
    Type: str


class TagSet(TypedDict, total=False):
    """Lists of filters: an instance must match at least one filter of every list."""

    ec2TagSetList: list[list[TagFilter]]


class Named(TypedDict):
    """A reference by name: to an alarm, or to a target group."""

    name: str


class AlarmConfiguration(TypedDict, total=False):
    """The alarms that stop a deployment."""

    enabled: bool
    alarms: list[Named]


class RollbackConfiguration(TypedDict, total=False):
    """The events after which CodeDeploy rolls back."""

    enabled: bool
    events: list[str]


class DeploymentStyle(TypedDict, total=False):
    """In place or blue/green, with or without traffic control."""

    deploymentType: str
    deploymentOption: str


class LoadBalancerInfo(TypedDict, total=False):
    """The target groups whose traffic a deployment controls."""

    targetGroupInfoList: list[Named]


class DeploymentOptions(TypedDict, total=False):
    """`ec2DeploymentOptions`."""

    autoScalingGroupProcessesToSuspend: list[str]


class MinimumHealthyHosts(TypedDict):
    """A number of instances (HOST_COUNT) or a percentage (FLEET_PERCENT)."""

    type: str
    value: int


class DeploymentConfig(TypedDict):
    """A deployment configuration."""

    deploymentConfigName: str
    computePlatform: str
    minimumHealthyHosts: MinimumHealthyHosts
    deploymentConfigId: NotRequired[str]
    createTime: NotRequired[datetime]


class DeploymentSummary(TypedDict):
    """A deployment as the last successful or last attempted one of a group."""

    deploymentId: str
    status: DeploymentStatus
    createTime: datetime
    endTime: datetime | None


class ErrorInformation(TypedDict):
    """Why a deployment did not succeed."""

    code: str
    message: str


class RollbackInfo(TypedDict, total=False):
    """The link between a deployment and the one that rolls it back, in both directions."""

    rollbackDeploymentId: str
    rollbackTriggeringDeploymentId: str
    rollbackMessage: str


class Diagnostics(TypedDict):
    """How the scripts of a lifecycle event ended."""

    errorCode: str
    scriptName: str
    message: str
    logTail: str
