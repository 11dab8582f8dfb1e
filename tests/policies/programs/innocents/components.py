"""A network as AWSX makes it, in a component, and what is built on it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

LISTS = "A list that the program computes is not known in the preview, so neither are its zones."


def _opts(parent):
    return pulumi.ResourceOptions(parent=parent)


class Vpc(pulumi.ComponentResource):
    """As awsx does: one component, lists of ids as outputs."""

    def __init__(self, name, cidr="10.20.0.0/16", zones=("eu-west-1a", "eu-west-1b", "eu-west-1c")):
        super().__init__("acme:net:Vpc", name)
        o = _opts(self)
        self.vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            opts=o,
        )
        igw = aws.ec2.InternetGateway(f"{name}-igw", vpc_id=self.vpc.id, opts=_opts(self.vpc))
        pub, priv, data = [], [], []
        for i, z in enumerate(zones):
            s = aws.ec2.Subnet(
                f"{name}-public-{i + 1}",
                vpc_id=self.vpc.id,
                cidr_block=f"10.20.{i * 16}.0/20",
                availability_zone=z,
                map_public_ip_on_launch=True,
                opts=_opts(self.vpc),
            )
            rt = aws.ec2.RouteTable(f"{name}-public-{i + 1}-rt", vpc_id=self.vpc.id, opts=_opts(s))
            aws.ec2.RouteTableAssociation(
                f"{name}-public-{i + 1}-rta", route_table_id=rt.id, subnet_id=s.id, opts=_opts(rt)
            )
            aws.ec2.Route(
                f"{name}-public-{i + 1}-r",
                route_table_id=rt.id,
                destination_cidr_block="0.0.0.0/0",
                gateway_id=igw.id,
                opts=_opts(rt),
            )
            e = aws.ec2.Eip(f"{name}-eip-{i + 1}", domain="vpc", opts=_opts(s))
            n = aws.ec2.NatGateway(
                f"{name}-nat-{i + 1}", subnet_id=s.id, allocation_id=e.allocation_id, opts=_opts(s)
            )
            p = aws.ec2.Subnet(
                f"{name}-private-{i + 1}",
                vpc_id=self.vpc.id,
                cidr_block=f"10.20.{64 + i * 16}.0/20",
                availability_zone=z,
                opts=_opts(self.vpc),
            )
            prt = aws.ec2.RouteTable(
                f"{name}-private-{i + 1}-rt", vpc_id=self.vpc.id, opts=_opts(p)
            )
            aws.ec2.RouteTableAssociation(
                f"{name}-private-{i + 1}-rta",
                route_table_id=prt.id,
                subnet_id=p.id,
                opts=_opts(prt),
            )
            aws.ec2.Route(
                f"{name}-private-{i + 1}-r",
                route_table_id=prt.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=n.id,
                opts=_opts(prt),
            )
            d = aws.ec2.Subnet(
                f"{name}-isolated-{i + 1}",
                vpc_id=self.vpc.id,
                cidr_block=f"10.20.{128 + i * 16}.0/20",
                availability_zone=z,
                opts=_opts(self.vpc),
            )
            drt = aws.ec2.RouteTable(
                f"{name}-isolated-{i + 1}-rt", vpc_id=self.vpc.id, opts=_opts(d)
            )
            aws.ec2.RouteTableAssociation(
                f"{name}-isolated-{i + 1}-rta",
                route_table_id=drt.id,
                subnet_id=d.id,
                opts=_opts(drt),
            )
            pub.append(s.id)
            priv.append(p.id)
            data.append(d.id)
        self.vpc_id = self.vpc.id
        self.public_subnet_ids = pulumi.Output.all(*pub)
        self.private_subnet_ids = pulumi.Output.all(*priv)
        self.isolated_subnet_ids = pulumi.Output.all(*data)
        self.register_outputs({"vpcId": self.vpc_id, "publicSubnetIds": self.public_subnet_ids})


def sg(name, vpc_id, *rules, opts=None):
    """(port, cidr or group)"""
    ing = []
    for port, src in rules:
        r = {"protocol": "tcp", "from_port": port, "to_port": port}
        if isinstance(src, str):
            r["cidr_blocks"] = [src]
        else:
            r["security_groups"] = [src.id]
        ing.append(r)
    return aws.ec2.SecurityGroup(name, vpc_id=vpc_id, ingress=ing, egress=[bricks.ANY], opts=opts)


def execution():
    r = aws.iam.Role("execution", assume_role_policy=bricks.trust("ecs-tasks.amazonaws.com"))
    aws.iam.RolePolicyAttachment(
        "execution-policy",
        role=r.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    )
    return r


@innocent()
def fargate_workers_on_a_queue() -> None:
    vpc = Vpc("w")
    dead = aws.sqs.Queue("dead", message_retention_seconds=1209600, sqs_managed_sse_enabled=True)
    jobs = aws.sqs.Queue(
        "jobs",
        visibility_timeout_seconds=300,
        sqs_managed_sse_enabled=True,
        redrive_policy=pulumi.Output.json_dumps(
            {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 4}
        ),
    )
    cluster = aws.ecs.Cluster("apps", name="apps")
    ex = execution()
    role = aws.iam.Role("worker-role", assume_role_policy=bricks.trust("ecs-tasks.amazonaws.com"))
    aws.iam.RolePolicy(
        "worker-may",
        role=role.name,
        policy=jobs.arn.apply(
            lambda a: bricks.document(
                {
                    "Effect": "Allow",
                    "Action": [
                        "sqs:ReceiveMessage",
                        "sqs:DeleteMessage",
                        "sqs:ChangeMessageVisibility",
                        "sqs:GetQueueAttributes",
                    ],
                    "Resource": a,
                }
            )
        ),
    )
    td = aws.ecs.TaskDefinition(
        "worker",
        family="worker",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu="1024",
        memory="2048",
        execution_role_arn=ex.arn,
        task_role_arn=role.arn,
        container_definitions=pulumi.Output.json_dumps(
            [
                {
                    "name": "worker",
                    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/worker:1.0.3",
                    "stopTimeout": 110,
                    "environment": [{"name": "QUEUE_URL", "value": jobs.url}],
                }
            ]
        ),
    )
    g = aws.ec2.SecurityGroup("worker-sg", vpc_id=vpc.vpc_id, egress=[bricks.ANY])
    aws.ecs.Service(
        "worker-svc",
        name="worker",
        cluster=cluster.arn,
        task_definition=td.arn,
        desired_count=2,
        capacity_provider_strategies=[
            {"capacity_provider": "FARGATE", "base": 1, "weight": 1},
            {"capacity_provider": "FARGATE_SPOT", "weight": 3},
        ],
        network_configuration={"subnets": vpc.private_subnet_ids, "security_groups": [g.id]},
        deployment_circuit_breaker={"enable": True, "rollback": True},
    )
    aws.ecs.ClusterCapacityProviders(
        "prov", cluster_name=cluster.name, capacity_providers=["FARGATE", "FARGATE_SPOT"]
    )


@innocent(may_ask=LISTS)
def asg_in_a_vpc_component_with_isolated_database() -> None:
    vpc = Vpc("main")
    door = sg("alb", vpc.vpc_id, (80, "0.0.0.0/0"))
    app = sg("app", vpc.vpc_id, (3000, door))
    dbg = sg("db", vpc.vpc_id, (5432, app))
    alb = bricks.balancer(vpc.public_subnet_ids, door)
    tg = bricks.targets(vpc.vpc_id, "web", port=3000)
    bricks.http(alb, bricks.forward(tg))
    lt = bricks.template(app, bricks.profile())
    asg = bricks.fleet(vpc.private_subnet_ids, lt, tg, min_size=3, max_size=9, desired_capacity=3)
    bricks.delivery(alb, tg, asg)
    sub = aws.rds.SubnetGroup("db-subnets", subnet_ids=vpc.isolated_subnet_ids)
    c = aws.rds.Cluster(
        "aurora",
        engine=aws.rds.EngineType.AURORA_POSTGRESQL,
        engine_version="16.6",
        database_name="shop",
        master_username="postgres",
        manage_master_user_password=True,
        db_subnet_group_name=sub.name,
        vpc_security_group_ids=[dbg.id],
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="aurora-last",
        copy_tags_to_snapshot=True,
        enabled_cloudwatch_logs_exports=["postgresql"],
        serverlessv2_scaling_configuration={"min_capacity": 1, "max_capacity": 32},
    )
    for i in range(2):
        aws.rds.ClusterInstance(
            f"aurora-{i}",
            cluster_identifier=c.id,
            engine=c.engine.apply(aws.rds.EngineType),
            engine_version=c.engine_version,
            instance_class="db.serverless",
            performance_insights_enabled=True,
            promotion_tier=i,
        )
