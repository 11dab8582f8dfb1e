"""Platforms and clusters beside the fleet: Kubernetes, Beanstalk, App Runner, Kafka and OpenSearch."""

from __future__ import annotations

from tests.policies.programs.bricks import trust
from tests.policies.programs.cases import DEPLOY, SERVE, SURVIVE, VALID, Edit, Ref, broken

WEB = "plain_web_service"
API = "functions_behind_a_gateway_and_a_table"
EKS = "kubernetes"
BEAN = "beanstalk"
MSK = "aws:msk/cluster:Cluster"
OS = "aws:opensearch/domain:Domain"


def bean(edit, ns, name, value):
    return {"namespace": ns, "name": name, "value": value}


def _bean(edit, *more, drop=()):
    base = [
        bean(edit, "aws:ec2:vpc", "VPCId", Ref("vpc")),
        bean(
            edit,
            "aws:autoscaling:launchconfiguration",
            "IamInstanceProfile",
            Ref("app-profile", "name"),
        ),
        bean(edit, "aws:elasticbeanstalk:environment", "LoadBalancerType", "application"),
    ]
    edit.set("web", "settings", base + list(more))


def msk(edit, n=3, subnets=("private-a", "private-b"), **more):
    edit.add(
        "kafka",
        MSK,
        {
            "clusterName": "clicks",
            "kafkaVersion": "3.8.x",
            "numberOfBrokerNodes": n,
            "brokerNodeGroupInfo": {
                "clientSubnets": [Ref(s) for s in subnets],
                "instanceType": "kafka.m7g.large",
                "securityGroups": [Ref("app")],
                "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}},
            },
            "encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS"}},
            **more,
        },
    )


def search(edit, cfg, subnets=("private-a", "private-b"), **more):
    edit.add(
        "search",
        OS,
        {
            "domainName": "shop",
            "engineVersion": "OpenSearch_2.19",
            "clusterConfig": {
                "instanceType": "r7g.large.search",
                "zoneAwarenessEnabled": True,
                "zoneAwarenessConfig": {"availabilityZoneCount": 2},
                "instanceCount": 2,
                **cfg,
            },
            "vpcOptions": {
                "subnetIds": [Ref(s) for s in subnets],
                "securityGroupIds": [Ref("app")],
            },
            "encryptAtRest": {"enabled": True},
            "nodeToNodeEncryption": {"enabled": True},
            "domainEndpointOptions": {
                "enforceHttps": True,
                "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
            },
            "ebsOptions": {"ebsEnabled": True, "volumeSize": 50, "volumeType": "gp3"},
            **more,
        },
    )


@broken(EKS, VALID, "clusters-accepted")
def cluster_without_any_endpoint(edit: Edit) -> None:
    edit.set("cluster", "vpcConfig.endpointPrivateAccess", False)


@broken(EKS, VALID, "clusters-accepted")
def cluster_in_one_subnet(edit: Edit) -> None:
    edit.set("cluster", "vpcConfig.subnetIds", [Ref("private-a")])


@broken(EKS, VALID, "clusters-accepted")
def image_of_x86_on_graviton(edit: Edit) -> None:
    edit.set("nodes", "amiType", "AL2023_x86_64_STANDARD")


@broken(EKS, VALID, "clusters-accepted")
def pods_on_fargate_in_public_subnets(edit: Edit) -> None:
    edit.add(
        "frole",
        "aws:iam/role:Role",
        {
            "assumeRolePolicy": trust("eks-fargate-pods.amazonaws.com"),
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"],
        },
    )
    edit.add(
        "fp",
        "aws:eks/fargateProfile:FargateProfile",
        {
            "clusterName": Ref("cluster", "name"),
            "podExecutionRoleArn": Ref("frole", "arn"),
            "subnetIds": [Ref("public-a"), Ref("public-b")],
            "selectors": [{"namespace": "web"}],
        },
    )


@broken(EKS, DEPLOY, "eks-nodes-updated-in-turn")
def all_nodes_replaced_at_once(edit: Edit) -> None:
    edit.set("nodes", "updateConfig", {"maxUnavailablePercentage": 100})


@broken("app_runner", SERVE, "app-runner-reached")
def app_runner_that_nobody_reaches(edit: Edit) -> None:
    edit.set(
        "service", "networkConfiguration", {"ingressConfiguration": {"isPubliclyAccessible": False}}
    )


@broken("app_runner", VALID, "service-role-trusted")
def app_runner_with_a_role_for_tasks(edit: Edit) -> None:
    edit.set("pull-role", "assumeRolePolicy", trust("ecs-tasks.amazonaws.com"))


@broken(BEAN, SURVIVE, "beanstalk-survives-zone-loss")
def beanstalk_of_one_instance(edit: Edit) -> None:
    _bean(edit, bean(edit, "aws:elasticbeanstalk:environment", "EnvironmentType", "SingleInstance"))


@broken(BEAN, SURVIVE, "beanstalk-survives-zone-loss")
def beanstalk_that_may_shrink_to_one(edit: Edit) -> None:
    _bean(
        edit,
        bean(edit, "aws:autoscaling:asg", "MinSize", "1"),
        bean(edit, "aws:autoscaling:asg", "MaxSize", "4"),
    )


@broken("beanstalk_as_a_team_writes_it", DEPLOY, "beanstalk-deploys-in-batches", advisory=True)
def beanstalk_all_at_once(edit: Edit) -> None:
    edit.set("prod", "settings.14.value", "AllAtOnce")


@broken(BEAN, SURVIVE, "beanstalk-survives-zone-loss")
def beanstalk_in_one_zone(edit: Edit) -> None:
    _bean(
        edit,
        bean(edit, "aws:autoscaling:asg", "MinSize", "2"),
        bean(edit, "aws:autoscaling:asg", "Availability Zones", "Any 1"),
    )


@broken(WEB, VALID, "clusters-accepted")
def brokers_that_do_not_divide(edit: Edit) -> None:
    msk(edit, 3)


@broken(WEB, SURVIVE, "cluster-writable-without-node")
def brokers_of_one_copy(edit: Edit) -> None:
    edit.add(
        "cfg",
        "aws:msk/configuration:Configuration",
        {
            "name": "c",
            "kafkaVersions": ["3.8.x"],
            "serverProperties": "default.replication.factor=1\nmin.insync.replicas=1\n",
        },
    )
    msk(edit, 2, configurationInfo={"arn": Ref("cfg", "arn"), "revision": 1})


@broken(WEB, SURVIVE, "cluster-writable-without-node")
def brokers_that_all_must_agree(edit: Edit) -> None:
    edit.add(
        "cfg",
        "aws:msk/configuration:Configuration",
        {
            "name": "c",
            "kafkaVersions": ["3.8.x"],
            "serverProperties": "default.replication.factor=2\nmin.insync.replicas=2\n",
        },
    )
    msk(edit, 2, configurationInfo={"arn": Ref("cfg", "arn"), "revision": 1})


@broken(WEB, VALID, "clusters-accepted")
def three_nodes_over_two_zones(edit: Edit) -> None:
    search(edit, {"instanceCount": 3})


@broken(WEB, SURVIVE, "cluster-writable-without-node")
def two_masters(edit: Edit) -> None:
    search(
        edit,
        {
            "dedicatedMasterEnabled": True,
            "dedicatedMasterCount": 2,
            "dedicatedMasterType": "m7g.large.search",
        },
    )


@broken(WEB, VALID, "clusters-accepted")
def search_over_three_zones_in_two_subnets(edit: Edit) -> None:
    search(edit, {"instanceCount": 3, "zoneAwarenessConfig": {"availabilityZoneCount": 3}})


@broken("firewall_on_the_way_out", SERVE, "network-filters-pass")
def firewall_drops_every_packet(edit: Edit) -> None:
    edit.set(
        "policy",
        "firewallPolicy",
        {"statelessDefaultActions": ["aws:drop"], "statelessFragmentDefaultActions": ["aws:drop"]},
    )


@broken(WEB, SERVE, "network-filters-pass")
def resolver_that_blocks_every_name(edit: Edit) -> None:
    edit.add(
        "all",
        "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList",
        {"name": "all", "domains": ["*"]},
    )
    edit.add("g", "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup", {"name": "g"})
    edit.add(
        "r",
        "aws:route53/resolverFirewallRule:ResolverFirewallRule",
        {
            "name": "r",
            "action": "BLOCK",
            "blockResponse": "NXDOMAIN",
            "firewallDomainListId": Ref("all"),
            "firewallRuleGroupId": Ref("g"),
            "priority": 100,
        },
    )
    edit.add(
        "a",
        "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
        {"name": "a", "firewallRuleGroupId": Ref("g"), "priority": 200, "vpcId": Ref("vpc")},
    )


@broken(API, VALID, "messages-accepted")
def provisioned_without_capacity(edit: Edit) -> None:
    edit.set("orders", "billingMode", "PROVISIONED")


@broken("cache_in_shards", VALID, "rds-parts-accepted")
def shards_with_the_parameters_of_one(edit: Edit) -> None:
    edit.set("cache", "parameterGroupName", "default.redis7")


@broken(WEB, VALID, "messages-accepted")
def archived_and_deleted_the_next_day(edit: Edit) -> None:
    edit.add("v", "aws:backup/vault:Vault", {})
    edit.add(
        "bp",
        "aws:backup/plan:Plan",
        {
            "rules": [
                {
                    "ruleName": "d",
                    "targetVaultName": Ref("v", "name"),
                    "schedule": "cron(0 3 * * ? *)",
                    "lifecycle": {"coldStorageAfter": 30, "deleteAfter": 60},
                }
            ]
        },
    )


@broken(WEB, VALID, "rds-accepted")
def static_parameter_at_once(edit: Edit) -> None:
    edit.add(
        "pg",
        "aws:rds/parameterGroup:ParameterGroup",
        {"family": "postgres17", "parameters": [{"name": "shared_buffers", "value": "262144"}]},
    )
    edit.set("database", "parameterGroupName", Ref("pg", "name"))
