"""The resources of the stack under test, found from its outputs and checked by its tags.

An action gets at a resource only through here. Each is checked twice: when it is found, by the tags
that everything of one stack carries; and again right before something is done to it (`confirm`), as
minutes may lie between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from loadtest.errors import ExperimentError
from loadtest.experiments.models import Target
from loadtest.stack.clients import Clients
from loadtest.stack.outputs import StackOutputs

IDENTITY: Final = ("Project", "Stack")
"""The keys of the tags that tell one stack from every other."""


@dataclass(frozen=True)
class Instance:
    """An instance that serves, or is about to."""

    id: str
    zone: str
    subnet: str
    vpc: str
    state: str
    """Of EC2, such as `running`."""
    address: str = ""
    """Its private IPv4 address."""
    launched: str = ""
    """When EC2 launched it, in UTC and sortable."""

    @property
    def target(self) -> Target:
        """The instance as a record names it."""
        return Target(kind="instance", id=self.id, zone=self.zone)


@dataclass(frozen=True)
class Database:
    """The stack's DB instance."""

    id: str
    arn: str
    multi_az: bool
    zone: str
    subnets: tuple[str, ...]
    secret_arn: str | None

    @property
    def target(self) -> Target:
        """The database as a record names it."""
        return Target(kind="database", id=self.id, zone=self.zone)


class StackResources:
    """What a stack has, as far as experiments act on it."""

    def __init__(self, outputs: StackOutputs, clients: Clients) -> None:
        """Find the resources of the stack with these outputs; calls nothing yet."""
        self.outputs, self.clients = outputs, clients

    @cached_property
    def identity(self) -> Mapping[str, str]:
        """The tags that every resource of the stack carries, as its group or its instance has them.

        Raises:
            ExperimentError: It does not carry them, so nothing could tell its resources from others.
        """
        outputs = self.outputs
        if outputs.auto_scaling_group_name is not None:
            tags = _tags(self.group()["Tags"])
            name = outputs.auto_scaling_group_name
        else:
            name = str(outputs.instance_id)
            tags = _tags(self._describe([name])[0].get("Tags") or [])
        found = {key: tags[key] for key in IDENTITY if tags.get(key)}
        if len(found) < len(IDENTITY):
            raise ExperimentError(
                f"{name} lacks the tags {' and '.join(IDENTITY)}: nothing would tell the stack's "
                "resources from those of others, so no fault is caused. Run `pulumi up`"
            )
        return found

    @property
    def name(self) -> str:
        """The stack's name, as its tags have it."""
        return self.identity["Stack"]

    # --- the fleet --------------------------------------------------------------------------------

    def group(self) -> dict[str, Any]:
        """Return the Auto Scaling group as the API describes it.

        Raises:
            ExperimentError: The stack has none.
        """
        name = self.outputs.auto_scaling_group_name
        if name is None:
            raise ExperimentError(
                "the stack has no Auto Scaling group: the experiment is for topology `ha`"
            )
        answer = self.clients["autoscaling"].describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )
        if not answer["AutoScalingGroups"]:
            raise ExperimentError(f"the Auto Scaling group {name} does not exist; run `pulumi up`")
        return dict(answer["AutoScalingGroups"][0])

    def instances(self, zone: str | None = None) -> list[Instance]:
        """Return the instances in service, ordered by zone and id; only those of `zone`, if given."""
        if self.outputs.auto_scaling_group_name is None:
            ids = [str(self.outputs.instance_id)]
        else:
            ids = [
                str(one["InstanceId"])
                for one in self.group()["Instances"]
                if one["LifecycleState"] == "InService"
            ]
        found = [_instance(one) for one in self._describe(ids)] if ids else []
        self.confirm(one.target for one in found)
        chosen = [one for one in found if zone in {None, one.zone} and one.state == "running"]
        return sorted(chosen, key=lambda one: (one.zone, one.id))

    def kept(self) -> set[str]:
        """Return the instances that are in service and that the group does not mean to replace."""
        if self.outputs.auto_scaling_group_name is None:
            return {one.id for one in self.instances()}
        return {
            str(one["InstanceId"])
            for one in self.group()["Instances"]
            if one["LifecycleState"] == "InService" and one.get("HealthStatus") != "Unhealthy"
        }

    def root_volume_gibibytes(self, ids: list[str]) -> int:
        """Return the size of the instances' root volumes, of the largest one.

        Raises:
            ExperimentError: One has no root volume that EC2 knows of: an instance store, perhaps.
        """
        roots = {
            one["InstanceId"]: device["Ebs"]["VolumeId"]
            for one in self._describe(ids)
            for device in one.get("BlockDeviceMappings") or []
            if device["DeviceName"] == one.get("RootDeviceName") and device.get("Ebs")
        }
        if lacking := sorted(set(ids) - set(roots)):
            raise ExperimentError(f"{', '.join(lacking)}: there is no root volume to fill")
        volumes = self.clients["ec2"].describe_volumes(VolumeIds=sorted(set(roots.values())))
        return max(int(volume["Size"]) for volume in volumes["Volumes"])

    def _describe(self, ids: list[str]) -> list[dict[str, Any]]:
        reservations = self.clients["ec2"].describe_instances(InstanceIds=ids)["Reservations"]
        return [one for reservation in reservations for one in reservation["Instances"]]

    def healthy_targets(self) -> tuple[set[str], set[str]]:
        """Return the target group's healthy targets, and all that are not draining; empty without one."""
        arn = self.outputs.target_group_arn
        if arn is None:
            return set(), set()
        answer = self.clients["elbv2"].describe_target_health(TargetGroupArn=arn)
        states = {
            str(one["Target"]["Id"]): str(one["TargetHealth"]["State"])
            for one in answer["TargetHealthDescriptions"]
        }
        healthy = {name for name, state in states.items() if state == "healthy"}
        return healthy, {name for name, state in states.items() if state != "draining"}

    def app_port(self) -> int:
        """Return the port on which instances serve."""
        arn = self.outputs.target_group_arn
        if arn is not None:
            groups = self.clients["elbv2"].describe_target_groups(TargetGroupArns=[arn])
            return int(groups["TargetGroups"][0]["Port"])
        parts = urlsplit(self.outputs.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    # --- network and database ---------------------------------------------------------------------

    def subnets(self, zone: str) -> list[str]:
        """Return the subnets of a zone in which the stack's instances or load balancer are."""
        vpcs = {one.vpc for one in self.instances()}
        query = [
            {"Name": "vpc-id", "Values": sorted(vpcs)},
            {"Name": "availability-zone", "Values": [zone]},
        ]
        found = self.clients["ec2"].describe_subnets(Filters=query)["Subnets"]
        return sorted(
            str(one["SubnetId"]) for one in found if self._is_ours(_tags(one.get("Tags") or []))
        )

    def database(self) -> Database:
        """Return the stack's DB instance, found by its tags.

        Raises:
            ExperimentError: There is none, or more than one.
        """
        found = self._databases()
        if len(found) != 1:
            tags = ", ".join(f"{key}={value}" for key, value in self.identity.items())
            what = (
                "the experiment is for stacks with a database"
                if not found
                else "the experiment does not know which one is meant"
            )
            raise ExperimentError(
                f"{len(found)} DB instances carry the stack's tags ({tags}), not one: {what}"
            )
        raw = found[0]
        subnets = raw["DBSubnetGroup"]["Subnets"]
        return Database(
            id=str(raw["DBInstanceIdentifier"]),
            arn=str(raw["DBInstanceArn"]),
            multi_az=bool(raw.get("MultiAZ")),
            zone=str(raw.get("AvailabilityZone") or ""),
            subnets=tuple(sorted(str(one["SubnetIdentifier"]) for one in subnets)),
            secret_arn=(raw.get("MasterUserSecret") or {}).get("SecretArn"),
        )

    def zones_of_databases(self) -> set[str]:
        """Return the zones in which the stack's primary DB instances are; none without a database."""
        return {str(one.get("AvailabilityZone") or "") for one in self._databases()}

    def _databases(self) -> list[dict[str, Any]]:
        return [
            one
            for page in self.clients["rds"].get_paginator("describe_db_instances").paginate()
            for one in page["DBInstances"]
            if self._is_ours(_tags(one.get("TagList") or []))
        ]

    def acls(self, subnets: Iterable[str]) -> dict[str, str]:
        """Return the network ACL of each subnet."""
        wanted = set(subnets)
        query = [{"Name": "association.subnet-id", "Values": sorted(wanted)}]
        found = self.clients["ec2"].describe_network_acls(Filters=query)["NetworkAcls"]
        return {
            str(one["SubnetId"]): str(acl["NetworkAclId"])
            for acl in found
            for one in acl["Associations"]
            if one["SubnetId"] in wanted
        }

    # --- the second check -------------------------------------------------------------------------

    def confirm(self, targets: Iterable[Target]) -> None:
        """Look at the tags of these resources again, right before something is done to them.

        Raises:
            ExperimentError: One of them is not the stack's.
        """
        by_kind: dict[str, list[str]] = {}
        for target in targets:
            by_kind.setdefault(target.kind, []).append(target.id)
        for kind, ids in by_kind.items():
            if kind in {"instance", "subnet"}:
                query = [{"Name": "resource-id", "Values": ids}]
                found = self.clients["ec2"].describe_tags(Filters=query)["Tags"]
                tags = {name: dict[str, str]() for name in ids}
                for one in found:
                    tags[str(one["ResourceId"])][str(one["Key"])] = str(one["Value"])
                strangers = sorted(name for name, have in tags.items() if not self._is_ours(have))
            elif kind == "database":
                ours = self.database().id
                strangers = sorted(name for name in ids if name != ours)
            elif kind == "auto-scaling-group":
                strangers = [] if self._is_ours(_tags(self.group()["Tags"])) else ids
            elif kind == "deployment-group":
                strangers = self._strange_deployment_groups(ids)
            else:
                strangers = []
            self._refuse(kind, strangers)

    def _strange_deployment_groups(self, ids: list[str]) -> list[str]:
        """Return those groups that do not deploy to the stack's own fleet.

        Raises:
            ExperimentError: The stack's deploys to somebody else's instances too.
        """
        outputs = self.outputs
        info = self.clients["codedeploy"].get_deployment_group(
            applicationName=outputs.codedeploy_application,
            deploymentGroupName=outputs.codedeploy_deployment_group,
        )["deploymentGroupInfo"]
        fleets = {str(one["name"]) for one in info.get("autoScalingGroups") or []}
        ours = outputs.auto_scaling_group_name
        if ours is not None and ours not in fleets:
            return ids
        if others := self._strange_fleets(fleets - {ours}) + self._strange_tagged(info):
            raise ExperimentError(
                f"{outputs.codedeploy_deployment_group} deploys to {', '.join(others)} too, which is not "
                "the stack's: whatever is deployed would reach somebody else's users"
            )
        return [name for name in ids if name != outputs.codedeploy_deployment_group]

    def _strange_fleets(self, names: Iterable[str | None]) -> list[str]:
        """Return those Auto Scaling groups that do not carry the stack's tags."""
        wanted = sorted(filter(None, names))
        if not wanted:
            return []
        answer = self.clients["autoscaling"].describe_auto_scaling_groups(
            AutoScalingGroupNames=wanted
        )
        found = answer["AutoScalingGroups"]
        ours = {one["AutoScalingGroupName"] for one in found if self._is_ours(_tags(one["Tags"]))}
        return [name for name in wanted if name not in ours]

    def _strange_tagged(self, info: Mapping[str, Any]) -> list[str]:
        """Return the instances that a deployment group finds by tags and that are not the stack's.

        A group of filters has those with any of them; several groups, those that are in all.
        """
        lists = (info.get("ec2TagSet") or {}).get("ec2TagSetList") or []
        groups = [*lists, *([info["ec2TagFilters"]] if info.get("ec2TagFilters") else [])]
        if not any(groups):
            return []
        query = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}]
        pages = self.clients["ec2"].get_paginator("describe_instances").paginate(Filters=query)
        return sorted(
            str(one["InstanceId"])
            for page in pages
            for reservation in page["Reservations"]
            for one in reservation["Instances"]
            if not self._is_ours(tags := _tags(one.get("Tags") or []))
            and all(any(_matches(tags, each) for each in group) for group in groups)
        )

    def _is_ours(self, tags: Mapping[str, str]) -> bool:
        return all(tags.get(key) == value for key, value in self.identity.items())

    def _refuse(self, kind: str, strangers: list[str]) -> None:
        if strangers:
            tags = ", ".join(f"{key}={value}" for key, value in self.identity.items())
            raise ExperimentError(
                f"{kind} {', '.join(strangers)} does not carry the stack's tags ({tags}): an "
                "experiment acts on the stack's own resources only"
            )


def _matches(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    """Return whether an instance has the tag of a filter, as CodeDeploy's `Type` asks for it."""
    key, value = wanted.get("Key"), wanted.get("Value")
    match wanted.get("Type"):
        case "KEY_ONLY":
            return key in tags
        case "VALUE_ONLY":
            return value in tags.values()
        case _:
            return (key, value) in tags.items()


def _instance(raw: Mapping[str, Any]) -> Instance:
    return Instance(
        id=str(raw["InstanceId"]),
        zone=str(raw["Placement"]["AvailabilityZone"]),
        subnet=str(raw.get("SubnetId") or ""),
        vpc=str(raw.get("VpcId") or ""),
        state=str(raw["State"]["Name"]),
        address=str(raw.get("PrivateIpAddress") or ""),
        launched=_sortable(raw.get("LaunchTime")),
    )


def _sortable(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _tags(raw: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return dict(_pairs(raw))


def _pairs(raw: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in raw:
        yield str(one["Key"]), str(one["Value"])
