"""Sound architectures from a plan, and the ways to break one thing of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from guardrails.model import Question

from tests.policies.programs import bricks
from tests.policies.programs.bricks import WORLD, Site
from tests.policies.programs.cases import CLOSED, DEPLOY, SERVE, SURVIVE, VALID, Edit, Ref


@dataclass(frozen=True)
class Plan:
    """What differs between architectures that are all sound.

    Attributes:
        zones: Number of zones.
        services: Names of the services behind one balancer; the first answers by default.
        per_zone: Instances per zone and service.
        attached: How a fleet gets to its target group: inline, attachment, source, attached source.
        doors: How security groups are written: inline, classic, separate.
        outside: How instances reach the internet: nat, public.
        version: How the group names the template's version: number, $Latest, $Default.
        interfaces: Whether the template names its groups in a network interface.
        spot: Whether Spot takes what is above one On-Demand instance per zone.
        secure: Whether visitors come by HTTPS, and HTTP redirects.
        pace: How its deployment configuration counts the hosts that stay healthy, half of them.
        grants: How permissions are given: managed, own, inline.
        store: The database: none, instance, aurora.
    """

    zones: int
    services: tuple[str, ...]
    per_zone: int
    attached: str
    doors: str
    outside: str
    version: str
    interfaces: bool
    spot: bool
    secure: bool
    pace: str
    grants: str
    store: str

    @property
    def letters(self) -> str:
        return "abc"[: self.zones]

    @property
    def least(self) -> int:
        return self.zones * self.per_zone

    @property
    def entrance(self) -> str:
        return "https" if self.secure else "http"


CHOICES: dict[str, tuple[Any, ...]] = {
    "zones": (2, 3),
    "services": (("web",), ("web", "api"), ("web", "api", "blog")),
    "per_zone": (1, 2),
    "attached": ("inline", "attachment", "source", "attached source"),
    "doors": ("inline", "classic", "separate"),
    "outside": ("nat", "public"),
    "version": ("number", "$Latest", "$Default"),
    "interfaces": (False, True),
    "spot": (False, True),
    "secure": (False, True),
    "pace": ("FLEET_PERCENT", "HOST_COUNT"),
    "grants": ("managed", "own", "inline"),
    "store": ("none", "instance", "aurora"),
}

PORTS = {"web": 8080, "api": 9000, "blog": 5000}


# --- building -------------------------------------------------------------------------------------


def _door(
    site: Site,
    plan: Plan,
    name: str,
    port: int,
    source: aws.ec2.SecurityGroup | None,
) -> aws.ec2.SecurityGroup:
    """Create a security group open on one port, to the world or to another group."""
    if plan.doors == "inline":
        entry: dict[str, Any] = {"protocol": "tcp", "from_port": port, "to_port": port}
        entry |= {"cidr_blocks": [WORLD]} if source is None else {"security_groups": [source.id]}
        return aws.ec2.SecurityGroup(name, vpc_id=site.vpc.id, ingress=[entry], egress=[bricks.ANY])
    group = aws.ec2.SecurityGroup(name, vpc_id=site.vpc.id)
    if plan.doors == "classic":
        whom: dict[str, Any] = (
            {"cidr_blocks": [WORLD]} if source is None else {"source_security_group_id": source.id}
        )
        aws.ec2.SecurityGroupRule(
            f"{name}-in",
            type="ingress",
            security_group_id=group.id,
            protocol="tcp",
            from_port=port,
            to_port=port,
            **whom,
        )
        aws.ec2.SecurityGroupRule(
            f"{name}-out",
            type="egress",
            security_group_id=group.id,
            protocol="-1",
            from_port=0,
            to_port=0,
            cidr_blocks=[WORLD],
        )
        return group
    whom = {"cidr_ipv4": WORLD} if source is None else {"referenced_security_group_id": source.id}
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-in",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        **whom,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-out", security_group_id=group.id, ip_protocol="-1", cidr_ipv4=WORLD
    )
    return group


def _network(plan: Plan) -> Site:
    zones = bricks.ZONES[: plan.zones]
    if plan.outside == "nat":
        return bricks.network(zones)
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    table = aws.ec2.RouteTable(
        "public-routes", vpc_id=vpc.id, routes=[{"cidr_block": WORLD, "gateway_id": gateway.id}]
    )
    site = Site(vpc, zones)
    for index, zone in enumerate(zones):
        subnet = aws.ec2.Subnet(
            f"public-{zone[-1]}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{index}.0/24",
            availability_zone=zone,
            map_public_ip_on_launch=True,
        )
        aws.ec2.RouteTableAssociation(
            f"public-way-{zone[-1]}", route_table_id=table.id, subnet_id=subnet.id
        )
        site.public.append(subnet)
    site.private = site.public
    return site


def _grant(plan: Plan, role: aws.iam.Role, name: str, *actions: str, arns: Iterable[str]) -> None:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    if plan.grants == "managed":
        for index, arn in enumerate(arns):
            aws.iam.RolePolicyAttachment(f"{name}-{index}", role=role.name, policy_arn=arn)
    elif plan.grants == "own":
        own = aws.iam.Policy(f"{name}-document", policy=bricks.document(statement))
        aws.iam.RolePolicyAttachment(f"{name}-0", role=role.name, policy_arn=own.arn)
    else:
        aws.iam.RolePolicy(f"{name}-0", role=role.id, policy=bricks.document(statement))


def _profile(plan: Plan) -> aws.iam.InstanceProfile:
    role = aws.iam.Role("app-role", assume_role_policy=bricks.trust("ec2.amazonaws.com"))
    _grant(
        plan,
        role,
        "app-policy",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:*",
        "ec2messages:*",
        "s3:Get*",
        "s3:List*",
        arns=(bricks.SSM, bricks.AGENT),
    )
    return aws.iam.InstanceProfile("app-profile", role=role.name)


def _deployer(plan: Plan) -> aws.iam.Role:
    role = aws.iam.Role("deployer", assume_role_policy=bricks.trust("codedeploy.amazonaws.com"))
    _grant(
        plan,
        role,
        "deployer-policy",
        "autoscaling:*",
        "ec2:Describe*",
        "ec2:TerminateInstances",
        "elasticloadbalancing:*",
        "cloudwatch:DescribeAlarms",
        "tag:GetResources",
        "sns:Publish",
        arns=(bricks.CODEDEPLOY,),
    )
    return role


def _template(
    plan: Plan, group: aws.ec2.SecurityGroup, who: aws.iam.InstanceProfile, name: str
) -> aws.ec2.LaunchTemplate:
    if not plan.interfaces:
        return bricks.template(group, who, name)
    public = "true" if plan.outside == "public" else "false"
    interface = {
        "device_index": 0,
        "associate_public_ip_address": public,
        "security_groups": [group.id],
    }
    return bricks.template(None, who, name, network_interfaces=[interface])


def _fleet(
    site: Site,
    plan: Plan,
    made_from: aws.ec2.LaunchTemplate,
    behind: aws.lb.TargetGroup,
    name: str,
) -> aws.autoscaling.Group:
    version = bricks.version(made_from) if plan.version == "number" else plan.version
    more: dict[str, Any] = {
        "health_check_type": "ELB",
        "min_size": plan.least,
        "desired_capacity": plan.least,
        "max_size": plan.least * 3,
    }
    if plan.spot:
        more["capacity_rebalance"] = True
        more["mixed_instances_policy"] = {
            "launch_template": {
                "launch_template_specification": {
                    "launch_template_id": made_from.id,
                    "version": version,
                },
                "overrides": [{"instance_type": one} for one in ("m7g.large", "m6g.large")],
            },
            "instances_distribution": {
                "on_demand_base_capacity": plan.least,
                "on_demand_percentage_above_base_capacity": 0,
                "spot_allocation_strategy": "price-capacity-optimized",
            },
        }
    else:
        more["launch_template"] = {"id": made_from.id, "version": version}
    if plan.attached == "inline":
        more["target_group_arns"] = [behind.arn]
    elif plan.attached == "source":
        more["traffic_sources"] = [{"identifier": behind.arn, "type": "elbv2"}]
    group = bricks.fleet(site.private_ids(), made_from, name=name, **more)
    if plan.attached == "attachment":
        aws.autoscaling.Attachment(
            f"{name}-attachment", autoscaling_group_name=group.name, lb_target_group_arn=behind.arn
        )
    elif plan.attached == "attached source":
        aws.autoscaling.TrafficSourceAttachment(
            f"{name}-attachment",
            autoscaling_group_name=group.name,
            traffic_source={"identifier": behind.arn, "type": "elbv2"},
        )
    return group


def _store(site: Site, plan: Plan, source: aws.ec2.SecurityGroup) -> None:
    if plan.store == "instance":
        bricks.database(site, source)
    elif plan.store == "aurora":
        guard = bricks.app_group(site.vpc.id, source, 5432, "database-guard")
        subnets = aws.rds.SubnetGroup("database-subnets", subnet_ids=site.private_ids())
        cluster = aws.rds.Cluster(
            "database",
            engine="aurora-postgresql",
            master_username="shop",
            manage_master_user_password=True,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[guard.id],
            storage_encrypted=True,
            backup_retention_period=7,
            deletion_protection=True,
            final_snapshot_identifier="last",
        )
        for number in range(2):
            aws.rds.ClusterInstance(
                f"database-{number}",
                cluster_identifier=cluster.id,
                engine="aurora-postgresql",
                instance_class="db.r7g.large",
            )


def build(plan: Plan) -> None:
    """Create everything of a plan; names are the same in every plan."""
    site = _network(plan)
    outside = _door(site, plan, "balancer", 443 if plan.secure else 80, None)
    if plan.secure:
        aws.vpc.SecurityGroupIngressRule(
            "plain-in",
            security_group_id=outside.id,
            ip_protocol="tcp",
            from_port=80,
            to_port=80,
            cidr_ipv4=WORLD,
        )
    front = bricks.balancer(site.public_ids(), outside)
    app, role, who, topic = bricks.application(), _deployer(plan), _profile(plan), bricks.mail()
    half = 50 if plan.pace == "FLEET_PERCENT" else (plan.least + 1) // 2
    pace = aws.codedeploy.DeploymentConfig(
        "own-pace",
        deployment_config_name="own-pace",
        minimum_healthy_hosts={"type": plan.pace, "value": half},
        zonal_config={"first_zone_monitor_duration_in_seconds": 240},
    )
    listener: aws.lb.Listener | None = None
    for index, name in enumerate(plan.services):
        port = PORTS[name]
        inside = _door(site, plan, f"{name}-group", port, outside)
        behind = bricks.targets(site.vpc.id, f"{name}-targets", port)
        made_from = _template(plan, inside, who, f"{name}-template")
        group = _fleet(site, plan, made_from, behind, f"{name}-fleet")
        bricks.tracking(group, f"{name}-cpu")
        alarm = bricks.errors(front, behind, topic, f"{name}-errors")
        bricks.unhealthy(front, behind, topic, f"{name}-unhealthy")
        bricks.deployment(
            app,
            role,
            group,
            behind,
            alarm,
            name=f"{name}-deployment",
            deployment_config_name=pace.deployment_config_name,
        )
        if listener is None:
            make = bricks.https if plan.secure else bricks.http
            listener = make(front, bricks.forward(behind))
            _store(site, plan, inside)
        else:
            aws.lb.ListenerRule(
                f"to-{name}",
                listener_arn=listener.arn,
                priority=index * 10,
                conditions=[{"path_pattern": {"values": [f"/{name}", f"/{name}/*"]}}],
                actions=[bricks.forward(behind)],
            )
    if plan.secure:
        bricks.http(front, bricks.TO_HTTPS)


# --- breaking -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Break:
    """One fault: where it is possible, what it changes and which question it loses."""

    name: str
    questions: tuple[Question, ...]
    change: Callable[[Plan, Edit], object]
    possible: Callable[[Plan], bool] = lambda _: True


def _unattach(plan: Plan, edit: Edit) -> None:
    fleet = f"{plan.services[-1]}-fleet"
    if plan.attached == "inline":
        edit.set(fleet, "targetGroupArns", ...)
    elif plan.attached == "source":
        edit.set(fleet, "trafficSources", ...)
    else:
        edit.drop(f"{fleet}-attachment")


def _close(plan: Plan, edit: Edit) -> None:
    group = f"{plan.services[-1]}-group"
    if plan.doors == "inline":
        edit.set(group, "ingress.0.fromPort", 22222)
        edit.set(group, "ingress.0.toPort", 22222)
    elif plan.doors == "classic":
        edit.drop(f"{group}-in")
    else:
        edit.set(f"{group}-in", "fromPort", 22222)
        edit.set(f"{group}-in", "toPort", 22222)


def _imprison(plan: Plan, edit: Edit) -> None:
    """Nothing leaves the balancer."""
    if plan.doors == "inline":
        edit.set("balancer", "egress", ...)
    else:
        edit.drop("balancer-out")


def _expose(plan: Plan, edit: Edit) -> None:
    group = f"{plan.services[-1]}-group"
    if plan.doors == "inline":
        edit.set(group, "ingress.0.securityGroups", ...)
        edit.set(group, "ingress.0.cidrBlocks", [WORLD])
    elif plan.doors == "classic":
        edit.set(f"{group}-in", "sourceSecurityGroupId", ...)
        edit.set(f"{group}-in", "cidrBlocks", [WORLD])
    else:
        edit.set(f"{group}-in", "referencedSecurityGroupId", ...)
        edit.set(f"{group}-in", "cidrIpv4", WORLD)


def _maintenance(plan: Plan, edit: Edit) -> None:
    edit.add(
        "maintenance",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref(plan.entrance, "arn"),
            "priority": 1,
            "conditions": [{"pathPattern": {"values": ["*"]}}],
            "actions": [
                {
                    "type": "fixed-response",
                    "fixedResponse": {"contentType": "text/plain", "statusCode": "503"},
                }
            ],
        },
    )


def _one_nat(plan: Plan, edit: Edit) -> None:
    for letter in plan.letters[1:]:
        edit.set(f"private-out-{letter}", "natGatewayId", Ref("nat-a"))


def _no_way_out(plan: Plan, edit: Edit) -> None:
    if plan.outside == "nat":
        edit.drop(*(f"private-out-{letter}" for letter in plan.letters))
    else:
        edit.set("public-routes", "routes", [])


def _night(plan: Plan, edit: Edit) -> None:
    edit.add(
        "night",
        "aws:autoscaling/schedule:Schedule",
        {
            "scheduledActionName": "night",
            "autoscalingGroupName": Ref(f"{plan.services[0]}-fleet", "name"),
            "recurrence": "0 22 * * *",
            "minSize": 0,
            "maxSize": 0,
            "desiredCapacity": 0,
        },
    )


def _set(part: str, path: str, value: Any) -> Callable[[Plan, Edit], object]:
    """Set a property of the last service's part; a name that starts with `=` is taken as it is."""
    return lambda plan, edit: edit.set(
        part[1:] if part.startswith("=") else f"{plan.services[-1]}-{part}", path, value
    )


def _one_zone(plan: Plan, edit: Edit) -> None:
    subnet = "private-a" if plan.outside == "nat" else "public-a"
    edit.set(f"{plan.services[-1]}-fleet", "vpcZoneIdentifiers", [Ref(subnet)])


def _hide(plan: Plan, edit: Edit) -> None:
    """A wider rule before that of the last service."""
    edit.add(
        "wider",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref(plan.entrance, "arn"),
            "priority": 1,
            "conditions": [{"pathPattern": {"values": [f"/{plan.services[-1]}*"]}}],
            "actions": [
                {"type": "forward", "targetGroupArn": Ref(f"{plan.services[0]}-targets", "arn")}
            ],
        },
    )


def _border(plan: Plan, edit: Edit) -> None:
    """A network ACL that lets requests in and forgets replies."""
    kind = "private" if plan.outside == "nat" else "public"
    passes = {"ruleNo": 100, "action": "allow", "cidrBlock": WORLD}
    edit.add(
        "border",
        "aws:ec2/networkAcl:NetworkAcl",
        {
            "vpcId": Ref("vpc"),
            "subnetIds": [Ref(f"{kind}-{letter}") for letter in plan.letters],
            "ingress": [{**passes, "protocol": "tcp", "fromPort": 1, "toPort": 9999}],
            "egress": [{**passes, "protocol": "-1", "fromPort": 0, "toPort": 0}],
        },
    )


BREAKS = [
    Break("hidden by a wider rule", (SERVE,), _hide, lambda p: len(p.services) > 1),
    Break("replies stopped at the border", (SERVE,), _border),
    Break("nobody is attached", (SERVE,), _unattach),
    Break("the door is closed", (SERVE,), _close),
    Break("nothing leaves the balancer", (SERVE,), _imprison),
    Break("targets on another port", (SERVE,), _set("targets", "port", 7777)),
    Break("the check on another port", (SERVE,), _set("targets", "healthCheck.port", "7777")),
    Break("maintenance left on", (SERVE,), _maintenance),
    Break("no listener", (SERVE,), lambda plan, edit: edit.drop("http"), lambda p: not p.secure),
    Break("nothing listens on 443", (SERVE,), _set("=https", "port", 8443), lambda p: p.secure),
    Break(
        "errors are healthy", (SERVE, SURVIVE), _set("targets", "healthCheck.matcher", "200-499")
    ),
    Break("one zone", (SURVIVE,), _one_zone),
    Break("may be empty", (SURVIVE, SERVE), _set("fleet", "minSize", 0)),
    Break("may be one", (SURVIVE,), _set("fleet", "minSize", 1)),
    Break("one NAT gateway", (SURVIVE,), _one_nat, lambda p: p.outside == "nat"),
    Break("dead stay", (SURVIVE,), _set("fleet", "healthCheckType", "EC2")),
    Break("checks suspended", (SURVIVE,), _set("fleet", "suspendedProcesses", ["HealthCheck"])),
    Break("off at night", (SURVIVE, SERVE), _night),
    Break(
        "maintenance takes all",
        (SURVIVE,),
        _set(
            "fleet",
            "instanceMaintenancePolicy",
            {"minHealthyPercentage": 0, "maxHealthyPercentage": 100},
        ),
    ),
    Break(
        "all on Spot",
        (SURVIVE,),
        _set("fleet", "mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity", 0),
        lambda p: p.spot,
    ),
    Break(
        "the version stays",
        (DEPLOY,),
        _set("template", "updateDefaultVersion", False),
        lambda p: p.version == "$Default",
    ),
    Break("no way out", (DEPLOY, SERVE, SURVIVE), _no_way_out),
    Break(
        "no alarm of that name", (DEPLOY,), _set("deployment", "alarmConfiguration.alarms", ["x"])
    ),
    Break(
        "all at once",
        (DEPLOY,),
        _set("deployment", "deploymentConfigName", "CodeDeployDefault.AllAtOnce"),
    ),
    Break(
        "a role for nothing",
        (DEPLOY,),
        lambda plan, edit: edit.drop("deployer-policy-0"),
    ),
    Break(
        "nobody may assume it",
        (DEPLOY,),
        _set("=deployer", "assumeRolePolicy", bricks.trust("ec2.amazonaws.com")),
    ),
    Break("requests are cut", (DEPLOY, SERVE), _set("targets", "deregistrationDelay", 0)),
    Break("past the balancer", (CLOSED,), _expose),
    Break(
        "one may do all",
        (CLOSED,),
        lambda plan, edit: edit.add(
            "all",
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {
                "role": Ref("app-role", "name"),
                "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
            },
        ),
    ),
    Break("timeout over interval", (VALID,), _set("targets", "healthCheck.timeout", 20)),
    Break("smallest above largest", (VALID,), _set("fleet", "minSize", 99)),
    Break(
        "the database in the open",
        (CLOSED,),
        _set("=database", "storageEncrypted", False),
        lambda p: p.store != "none",
    ),
]
