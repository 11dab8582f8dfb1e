"""The actions that experiments may have here, with their parameters and targets.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INSTANCE = "aws:ec2:instance"
DATABASE = "aws:rds:db"
SUBNET = "aws:ec2:subnet"
GROUP = "aws:ec2:autoscaling-group"
TARGET_TYPES: Final = {
    INSTANCE: "Amazon EC2 instances",
    DATABASE: "Amazon RDS DB instances",
    SUBNET: "Amazon VPC subnets",
    GROUP: "Amazon EC2 Auto Scaling groups",
}
FILTERS: Final = (
    "State.Name",
    "Placement.AvailabilityZone",
    "InstanceType",
    "ImageId",
    "VpcId",
    "SubnetId",
    "SecurityGroups.GroupId",
)
"""Paths of filters of instances."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action.

    Attributes:
        description: What it does.
        target: The name and the resource type of its target; None without one.
        required: Parameters that it needs.
        optional: Further parameters.
    """

    description: str
    target: tuple[str, str] | None = None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


WAIT = "aws:fis:wait"
ASSERT_ALARM = "aws:cloudwatch:assert-alarm-state"
STOP = "aws:ec2:stop-instances"
TERMINATE = "aws:ec2:terminate-instances"
REBOOT = "aws:ec2:reboot-instances"
SEND_COMMAND = "aws:ssm:send-command"
REBOOT_DATABASE = "aws:rds:reboot-db-instances"
DISRUPT = "aws:network:disrupt-connectivity"
NO_CAPACITY = "aws:ec2:asg-insufficient-instance-capacity-error"

ACTIONS: Final = {
    WAIT: Action("Wait for the specified duration.", required=("duration",)),
    ASSERT_ALARM: Action(
        "Verify that alarms are in one of the specified states.",
        required=("alarmArns", "alarmStates"),
    ),
    STOP: Action(
        "Stop the specified EC2 instances.",
        ("Instances", INSTANCE),
        optional=("startInstancesAfterDuration", "completeIfInstancesTerminated"),
    ),
    TERMINATE: Action("Terminate the specified EC2 instances.", ("Instances", INSTANCE)),
    REBOOT: Action("Reboot the specified EC2 instances.", ("Instances", INSTANCE)),
    SEND_COMMAND: Action(
        "Run the specified SSM document on the specified EC2 instances.",
        ("Instances", INSTANCE),
        required=("documentArn", "duration"),
        optional=("documentParameters", "documentVersion"),
    ),
    REBOOT_DATABASE: Action(
        "Reboot the specified DB instances.",
        ("DBInstances", DATABASE),
        optional=("forceFailover",),
    ),
    DISRUPT: Action(
        "Deny traffic to and from the specified subnets.",
        ("Subnets", SUBNET),
        required=("duration", "scope"),
    ),
    NO_CAPACITY: Action(
        "Inject InsufficientInstanceCapacity into the launches of Auto Scaling groups.",
        ("AutoScalingGroups", GROUP),
        required=("availabilityZoneIdentifiers", "duration"),
        optional=("percentage",),
    ),
}
