"""Changes to a running HA stack by single AWS API calls, each with the call that undoes it.

Both calls are known before the first is made, as data: so the way back can be on the disk before
anything is changed. A maker looks at the stack and returns the changes; it changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from loadtest.stack.outputs import StackOutputs


class Clients(Protocol):
    """boto3's clients by the name of their service."""

    def __getitem__(self, service: str) -> Any:
        """Return the client of that service, such as `ec2`."""
        ...


@dataclass(frozen=True)
class Call:
    """One call of a boto3 client: its service, the method's name, its parameters (JSON values)."""

    service: str
    operation: str
    parameters: Mapping[str, Any]

    def make(self, clients: Clients) -> None:
        """Make the call."""
        getattr(clients[self.service], self.operation)(**self.parameters)


@dataclass(frozen=True)
class Change:
    """A change, and what takes it back."""

    do: Call
    undo: Call


Maker = Callable[[Clients, StackOutputs], Sequence[Change]]


def group(setting: str, value: Any) -> Maker:
    """Change one setting of the Auto Scaling group."""

    def make(clients: Clients, outputs: StackOutputs) -> list[Change]:
        name = outputs.auto_scaling_group_name
        found = _group(clients, outputs)

        def put(to: Any) -> Call:
            parameters = {"AutoScalingGroupName": name, setting: to}
            return Call("autoscaling", "update_auto_scaling_group", parameters)

        return [Change(put(value), put(found[setting]))]

    return make


def _group(clients: Clients, outputs: StackOutputs) -> Mapping[str, Any]:
    (found,) = clients["autoscaling"].describe_auto_scaling_groups(
        AutoScalingGroupNames=[outputs.auto_scaling_group_name]
    )["AutoScalingGroups"]
    return found


def suspended(*processes: str) -> Maker:
    """Suspend processes of the Auto Scaling group."""

    def make(_: Clients, outputs: StackOutputs) -> list[Change]:
        query = {
            "AutoScalingGroupName": outputs.auto_scaling_group_name,
            "ScalingProcesses": list(processes),
        }
        return [
            Change(
                Call("autoscaling", "suspend_processes", query),
                Call("autoscaling", "resume_processes", query),
            )
        ]

    return make


def launch_hook(name: str) -> Maker:
    """Add a hook to the launches of the Auto Scaling group that nobody completes."""

    def make(_: Clients, outputs: StackOutputs) -> list[Change]:
        hook = {
            "AutoScalingGroupName": outputs.auto_scaling_group_name,
            "LifecycleHookName": name,
        }
        put = {
            **hook,
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
            "DefaultResult": "ABANDON",
            "HeartbeatTimeout": 7200,
        }
        return [
            Change(
                Call("autoscaling", "put_lifecycle_hook", put),
                Call("autoscaling", "delete_lifecycle_hook", hook),
            )
        ]

    return make


def detached(_: Clients, outputs: StackOutputs) -> list[Change]:
    """Take the Auto Scaling group from behind its target group."""
    query = {
        "AutoScalingGroupName": outputs.auto_scaling_group_name,
        "TargetGroupARNs": [outputs.target_group_arn],
    }
    return [
        Change(
            Call("autoscaling", "detach_load_balancer_target_groups", query),
            Call("autoscaling", "attach_load_balancer_target_groups", query),
        )
    ]


def targets(**settings: Any) -> Maker:
    """Change the health check of the target group."""

    def make(clients: Clients, outputs: StackOutputs) -> list[Change]:
        arn = outputs.target_group_arn
        (found,) = clients["elbv2"].describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]

        def put(to: Mapping[str, Any]) -> Call:
            return Call("elbv2", "modify_target_group", {"TargetGroupArn": arn, **to})

        return [Change(put(settings), put({name: found[name] for name in settings}))]

    return make


def target_attribute(key: str, value: str) -> Maker:
    """Change an attribute of the target group."""

    def make(clients: Clients, outputs: StackOutputs) -> list[Change]:
        arn = outputs.target_group_arn
        listed = clients["elbv2"].describe_target_group_attributes(TargetGroupArn=arn)
        return [_attribute("target_group", {"TargetGroupArn": arn}, listed, key, value)]

    return make


def balancer_attribute(key: str, value: str) -> Maker:
    """Change an attribute of the load balancer."""

    def make(clients: Clients, outputs: StackOutputs) -> list[Change]:
        arn = _balancer(clients, outputs)["LoadBalancerArn"]
        listed = clients["elbv2"].describe_load_balancer_attributes(LoadBalancerArn=arn)
        return [_attribute("load_balancer", {"LoadBalancerArn": arn}, listed, key, value)]

    return make


def _attribute(
    of: str, which: Mapping[str, Any], listed: Mapping[str, Any], key: str, value: str
) -> Change:
    before = next(one["Value"] for one in listed["Attributes"] if one["Key"] == key)

    def put(text: str) -> Call:
        parameters = {**which, "Attributes": [{"Key": key, "Value": text}]}
        return Call("elbv2", f"modify_{of}_attributes", parameters)

    return Change(put(value), put(before))


def listener(action: Mapping[str, Any]) -> Maker:
    """Let the listener do something else than to forward."""

    def make(clients: Clients, outputs: StackOutputs) -> list[Change]:
        arn = _balancer(clients, outputs)["LoadBalancerArn"]
        found = clients["elbv2"].describe_listeners(LoadBalancerArn=arn)["Listeners"]
        ours = next(one for one in found if one["DefaultActions"][0]["Type"] == "forward")
        before = [{"Type": "forward", "TargetGroupArn": outputs.target_group_arn}]

        def put(actions: Sequence[Any]) -> Call:
            parameters = {"ListenerArn": ours["ListenerArn"], "DefaultActions": actions}
            return Call("elbv2", "modify_listener", parameters)

        return [Change(put([action]), put(before))]

    return make


def _balancer(clients: Clients, outputs: StackOutputs) -> Mapping[str, Any]:
    elbv2 = clients["elbv2"]
    (group_,) = elbv2.describe_target_groups(TargetGroupArns=[outputs.target_group_arn])[
        "TargetGroups"
    ]
    arns = group_["LoadBalancerArns"]
    return elbv2.describe_load_balancers(LoadBalancerArns=arns)["LoadBalancers"][0]


def balancer_closed_to_visitors(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Let the load balancer's security group admit private addresses only."""
    groups = _balancer(clients, outputs)["SecurityGroups"]
    rules = _ingress(clients, groups)
    return [
        _rule(one, CidrIpv4="10.0.0.0/8") for one in rules if one.get("CidrIpv4") == "0.0.0.0/0"
    ]


def instances_admit_another_port(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Let the instances' security group admit the load balancer on another port than theirs."""
    groups = set(_balancer(clients, outputs)["SecurityGroups"])
    fleet = {
        one["GroupId"]
        for instance in _instances(clients, outputs)
        for one in instance["SecurityGroups"]
    }
    return [
        _rule(one, FromPort=80, ToPort=80)
        for one in _ingress(clients, sorted(fleet))
        if (one.get("ReferencedGroupInfo") or {}).get("GroupId") in groups
    ]


def database_admits_another_port(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Let the database's security group admit the instances on another port than its own."""
    database = _database(clients, outputs)
    groups = [one["VpcSecurityGroupId"] for one in database["VpcSecurityGroups"]]
    return [_rule(one, FromPort=3306, ToPort=3306) for one in _ingress(clients, groups)]


def _ingress(clients: Clients, groups: Sequence[str]) -> list[Mapping[str, Any]]:
    query = [{"Name": "group-id", "Values": list(groups)}]
    found = clients["ec2"].describe_security_group_rules(Filters=query)["SecurityGroupRules"]
    return [one for one in found if not one["IsEgress"]]


def _rule(found: Mapping[str, Any], **changed: Any) -> Change:
    """Change a rule of a security group in place, so that it stays the rule that the program made."""
    keys = ("IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6", "Description")
    before = {key: found[key] for key in keys if found.get(key) is not None}
    if referenced := (found.get("ReferencedGroupInfo") or {}).get("GroupId"):
        before["ReferencedGroupId"] = referenced

    def put(rule: Mapping[str, Any]) -> Call:
        one = {"SecurityGroupRuleId": found["SecurityGroupRuleId"], "SecurityGroupRule": rule}
        parameters = {"GroupId": found["GroupId"], "SecurityGroupRules": [one]}
        return Call("ec2", "modify_security_group_rules", parameters)

    return Change(put({**before, **changed}), put(before))


def _instances(clients: Clients, outputs: StackOutputs) -> list[Mapping[str, Any]]:
    ids = [one["InstanceId"] for one in _group(clients, outputs)["Instances"]]
    described = clients["ec2"].describe_instances(InstanceIds=ids)["Reservations"]
    return [one for reservation in described for one in reservation["Instances"]]


def nothing_passes(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Let the network ACLs of the instances' subnets deny what comes in."""
    subnets = sorted({one["SubnetId"] for one in _instances(clients, outputs)})
    query = [{"Name": "association.subnet-id", "Values": subnets}]
    acls = clients["ec2"].describe_network_acls(Filters=query)["NetworkAcls"]
    found = list[Change]()
    for acl in acls:
        entry = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 1, "Egress": False}
        deny = {**entry, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
        do = Call("ec2", "create_network_acl_entry", deny)
        found.append(Change(do, Call("ec2", "delete_network_acl_entry", entry)))
    return found


def no_route_out(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Take the route to the internet from the load balancer's subnets."""
    zones = _balancer(clients, outputs)["AvailabilityZones"]
    query = [{"Name": "association.subnet-id", "Values": [one["SubnetId"] for one in zones]}]
    tables = clients["ec2"].describe_route_tables(Filters=query)["RouteTables"]
    found = list[Change]()
    for table in tables:
        for route in table["Routes"]:
            if str(route.get("GatewayId", "")).startswith("igw-"):
                which = {
                    "RouteTableId": table["RouteTableId"],
                    "DestinationCidrBlock": route["DestinationCidrBlock"],
                }
                undo = Call("ec2", "create_route", {**which, "GatewayId": route["GatewayId"]})
                found.append(Change(Call("ec2", "delete_route", which), undo))
    return found


def deployments(**settings: Any) -> Maker:
    """Change the deployment group."""

    def make(clients: Clients, outputs: StackOutputs) -> list[Change]:
        info = _deployment_group(clients, outputs)

        def put(to: Mapping[str, Any]) -> Call:
            names = {
                "applicationName": outputs.codedeploy_application,
                "currentDeploymentGroupName": outputs.codedeploy_deployment_group,
            }
            return Call("codedeploy", "update_deployment_group", {**names, **to})

        return [Change(put(settings), put({name: info[name] for name in settings if name in info}))]

    return make


def impossible_minimum(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Let deployments keep as many instances healthy as the fleet may have."""
    name = f"{outputs.codedeploy_deployment_group}-all"[:100]
    everybody = {"type": "HOST_COUNT", "value": int(_group(clients, outputs)["MaxSize"])}
    made = {
        "deploymentConfigName": name,
        "minimumHealthyHosts": everybody,
        "computePlatform": "Server",
    }
    created = Change(
        Call("codedeploy", "create_deployment_config", made),
        Call("codedeploy", "delete_deployment_config", {"deploymentConfigName": name}),
    )
    return [created, *deployments(deploymentConfigName=name)(clients, outputs)]


def _deployment_group(clients: Clients, outputs: StackOutputs) -> Mapping[str, Any]:
    return clients["codedeploy"].get_deployment_group(
        applicationName=outputs.codedeploy_application,
        deploymentGroupName=outputs.codedeploy_deployment_group,
    )["deploymentGroupInfo"]


def _deployment_role(clients: Clients, outputs: StackOutputs) -> str:
    return str(_deployment_group(clients, outputs)["serviceRoleArn"]).rpartition("/")[2]


def deployment_role_without_policy(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Take the managed policies from the role that CodeDeploy takes on."""
    name = _deployment_role(clients, outputs)
    attached = clients["iam"].list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return [
        Change(
            Call("iam", "detach_role_policy", {"RoleName": name, "PolicyArn": one["PolicyArn"]}),
            Call("iam", "attach_role_policy", {"RoleName": name, "PolicyArn": one["PolicyArn"]}),
        )
        for one in attached
    ]


def deployment_role_trusts_instances(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Let instances take on the role of CodeDeploy, and CodeDeploy not."""
    name = _deployment_role(clients, outputs)
    before = clients["iam"].get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    text = before if isinstance(before, str) else json.dumps(before)

    def put(document: str) -> Call:
        parameters = {"RoleName": name, "PolicyDocument": document}
        return Call("iam", "update_assume_role_policy", parameters)

    return [Change(put(text.replace("codedeploy.amazonaws.com", "ec2.amazonaws.com")), put(text))]


def instances_read_no_revision(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Deny the instances' role to read from S3."""
    profile = _instances(clients, outputs)[0]["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    (role,) = clients["iam"].get_instance_profile(InstanceProfileName=profile)["InstanceProfile"][
        "Roles"
    ]
    which = {"RoleName": role["RoleName"], "PolicyName": "denied"}
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    do = Call("iam", "put_role_policy", {**which, "PolicyDocument": document})
    return [Change(do, Call("iam", "delete_role_policy", which))]


def without_standby(clients: Clients, outputs: StackOutputs) -> list[Change]:
    """Take the standby of the database away, which the proof's stacks have."""
    name = _database(clients, outputs)["DBInstanceIdentifier"]

    def put(*, standby: bool) -> Call:
        which = {"DBInstanceIdentifier": name, "ApplyImmediately": True}
        return Call("rds", "modify_db_instance", {**which, "MultiAZ": standby})

    return [Change(put(standby=False), put(standby=True))]


def _database(clients: Clients, outputs: StackOutputs) -> Mapping[str, Any]:
    found = clients["rds"].describe_db_instances()["DBInstances"]
    return next(one for one in found if _tags(one).get("Stack") == outputs.topology)


def _tags(described: Mapping[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in described.get("TagList") or []}
