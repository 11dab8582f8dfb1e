"""Platforms on the network of a component: Kubernetes, App Runner, Beanstalk."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.components import LISTS, Vpc, sg


@innocent(may_ask=LISTS)
def eks_with_addons_and_irsa() -> None:
    vpc = Vpc("k")
    role = aws.iam.Role("eks", assume_role_policy=bricks.trust("eks.amazonaws.com"))
    at = aws.iam.RolePolicyAttachment(
        "eks-pol", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    )
    ks = aws.kms.Key("secrets", enable_key_rotation=True, deletion_window_in_days=30)
    cl = aws.eks.Cluster(
        "shop",
        role_arn=role.arn,
        version="1.34",
        vpc_config={
            "subnet_ids": pulumi.Output.all(vpc.private_subnet_ids, vpc.public_subnet_ids).apply(
                lambda both: both[0] + both[1]
            ),
            "endpoint_private_access": True,
            "endpoint_public_access": True,
            "public_access_cidrs": ["203.0.113.0/24"],
        },
        encryption_config={"provider": {"key_arn": ks.arn}, "resources": ["secrets"]},
        enabled_cluster_log_types=["api", "audit", "authenticator"],
        access_config={"authentication_mode": "API_AND_CONFIG_MAP"},
        opts=pulumi.ResourceOptions(depends_on=[at]),
    )
    oidc = aws.iam.OpenIdConnectProvider(
        "oidc",
        client_id_lists=["sts.amazonaws.com"],
        thumbprint_lists=["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
        url=cl.identities[0].oidcs[0].issuer,
    )
    nr = aws.iam.Role("node", assume_role_policy=bricks.trust("ec2.amazonaws.com"))
    for n in (
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryReadOnly",
    ):
        aws.iam.RolePolicyAttachment(n, role=nr.name, policy_arn=f"arn:aws:iam::aws:policy/{n}")
    for z in ("on-demand", "spot"):
        aws.eks.NodeGroup(
            f"ng-{z}",
            cluster_name=cl.name,
            node_role_arn=nr.arn,
            subnet_ids=vpc.private_subnet_ids,
            capacity_type="ON_DEMAND" if z == "on-demand" else "SPOT",
            instance_types=["m6i.large", "m5.large"],
            ami_type="AL2023_x86_64_STANDARD",
            scaling_config={
                "min_size": 3 if z == "on-demand" else 0,
                "max_size": 12,
                "desired_size": 3,
            },
            update_config={"max_unavailable": 1},
            labels={"lifecycle": z},
            opts=pulumi.ResourceOptions(ignore_changes=["scalingConfig.desiredSize"]),
        )
    ir = aws.iam.Role(
        "ca",
        assume_role_policy=pulumi.Output.all(oidc.arn, oidc.url).apply(
            lambda a: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Federated": a[0]},
                            "Action": "sts:AssumeRoleWithWebIdentity",
                            "Condition": {
                                "StringEquals": {
                                    f"{a[1]}:sub": "system:serviceaccount:kube-system:cluster-autoscaler",
                                    f"{a[1]}:aud": "sts.amazonaws.com",
                                }
                            },
                        }
                    ],
                }
            )
        ),
    )
    aws.iam.RolePolicy(
        "ca-pol",
        role=ir.name,
        policy=bricks.document(
            {
                "Effect": "Allow",
                "Action": [
                    "autoscaling:DescribeAutoScalingGroups",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeTags",
                    "ec2:DescribeLaunchTemplateVersions",
                    "ec2:DescribeInstanceTypes",
                    "eks:DescribeNodegroup",
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": [
                    "autoscaling:SetDesiredCapacity",
                    "autoscaling:TerminateInstanceInAutoScalingGroup",
                ],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true"}
                },
            },
        ),
    )


@innocent()
def eks_by_auto_mode() -> None:
    vpc = Vpc("k")
    role = aws.iam.Role(
        "eks",
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "eks.amazonaws.com"},
                        "Action": ["sts:AssumeRole", "sts:TagSession"],
                    }
                ],
            }
        ),
    )
    for n in (
        "AmazonEKSClusterPolicy",
        "AmazonEKSComputePolicy",
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSNetworkingPolicy",
    ):
        aws.iam.RolePolicyAttachment(n, role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{n}")
    nr = aws.iam.Role("node", assume_role_policy=bricks.trust("ec2.amazonaws.com"))
    for n in ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"):
        aws.iam.RolePolicyAttachment(n, role=nr.name, policy_arn=f"arn:aws:iam::aws:policy/{n}")
    aws.eks.Cluster(
        "auto",
        role_arn=role.arn,
        bootstrap_self_managed_addons=False,
        access_config={"authentication_mode": "API"},
        compute_config={
            "enabled": True,
            "node_pools": ["general-purpose", "system"],
            "node_role_arn": nr.arn,
        },
        kubernetes_network_config={"elastic_load_balancing": {"enabled": True}},
        storage_config={"block_storage": {"enabled": True}},
        vpc_config={
            "subnet_ids": vpc.private_subnet_ids,
            "endpoint_private_access": True,
            "endpoint_public_access": False,
        },
    )


@innocent()
def app_runner_with_a_database() -> None:
    vpc = Vpc("r")
    out = aws.ec2.SecurityGroup("runner", vpc_id=vpc.vpc_id, egress=[bricks.ANY])
    dbg = sg("db-access", vpc.vpc_id, (5432, out))
    sub = aws.rds.SubnetGroup("db-subnets", subnet_ids=vpc.isolated_subnet_ids)
    db = aws.rds.Instance(
        "db",
        engine="postgres",
        engine_version="17",
        instance_class="db.t4g.medium",
        allocated_storage=50,
        max_allocated_storage=200,
        db_name="shop",
        username="shop",
        manage_master_user_password=True,
        multi_az=True,
        storage_encrypted=True,
        backup_retention_period=14,
        db_subnet_group_name=sub.name,
        vpc_security_group_ids=[dbg.id],
        copy_tags_to_snapshot=True,
        final_snapshot_identifier="last",
    )
    con = aws.apprunner.VpcConnector(
        "con", vpc_connector_name="shop", subnets=vpc.private_subnet_ids, security_groups=[out.id]
    )
    pull = aws.iam.Role(
        "pull",
        assume_role_policy=bricks.trust("build.apprunner.amazonaws.com"),
        managed_policy_arns=[
            "arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess"
        ],
    )
    inst = aws.iam.Role("inst", assume_role_policy=bricks.trust("tasks.apprunner.amazonaws.com"))
    aws.iam.RolePolicy(
        "inst-pol",
        role=inst.name,
        policy=db.master_user_secrets.apply(
            lambda s: bricks.document(
                {
                    "Effect": "Allow",
                    "Action": "secretsmanager:GetSecretValue",
                    "Resource": s[0].secret_arn,
                }
            )
        ),
    )
    asc = aws.apprunner.AutoScalingConfigurationVersion(
        "asc", auto_scaling_configuration_name="shop", min_size=2, max_size=10, max_concurrency=80
    )
    aws.apprunner.Service(
        "svc",
        service_name="shop",
        auto_scaling_configuration_arn=asc.arn,
        network_configuration={
            "egress_configuration": {"egress_type": "VPC", "vpc_connector_arn": con.arn}
        },
        instance_configuration={"cpu": "1024", "memory": "2048", "instance_role_arn": inst.arn},
        health_check_configuration={"protocol": "HTTP", "path": "/healthz"},
        source_configuration={
            "auto_deployments_enabled": False,
            "authentication_configuration": {"access_role_arn": pull.arn},
            "image_repository": {
                "image_identifier": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.0",
                "image_repository_type": "ECR",
                "image_configuration": {
                    "port": "8080",
                    "runtime_environment_variables": {"DB_HOST": db.address},
                    "runtime_environment_secrets": {
                        "DB_SECRET": db.master_user_secrets.apply(lambda s: s[0].secret_arn)
                    },
                },
            },
        },
    )


@innocent()
def beanstalk_as_a_team_writes_it() -> None:
    vpc = Vpc("b")
    who = bricks.profile("app", bricks.SSM, "arn:aws:iam::aws:policy/AWSElasticBeanstalkWebTier")
    svc = aws.iam.Role(
        "bean-svc", assume_role_policy=bricks.trust("elasticbeanstalk.amazonaws.com")
    )
    for i, n in enumerate(
        (
            "service-role/AWSElasticBeanstalkEnhancedHealth",
            "AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy",
        )
    ):
        aws.iam.RolePolicyAttachment(
            f"bean-{i}", role=svc.name, policy_arn=f"arn:aws:iam::aws:policy/{n}"
        )
    app = aws.elasticbeanstalk.Application("shop")

    def s(ns, n, v):
        return {"namespace": ns, "name": n, "value": v}

    def j(listed: pulumi.Output[list[str]]) -> pulumi.Output[str]:
        return listed.apply(",".join)

    aws.elasticbeanstalk.Environment(
        "prod",
        application=app.name,
        solution_stack_name="64bit Amazon Linux 2023 v6.5.0 running Node.js 22",
        tier="WebServer",
        settings=[
            s("aws:ec2:vpc", "VPCId", vpc.vpc_id),
            s("aws:ec2:vpc", "Subnets", j(vpc.private_subnet_ids)),
            s("aws:ec2:vpc", "ELBSubnets", j(vpc.public_subnet_ids)),
            s("aws:ec2:vpc", "ELBScheme", "public"),
            s("aws:ec2:vpc", "AssociatePublicIpAddress", "false"),
            s("aws:autoscaling:launchconfiguration", "IamInstanceProfile", who.name),
            s("aws:autoscaling:launchconfiguration", "DisableIMDSv1", "true"),
            s("aws:autoscaling:launchconfiguration", "RootVolumeType", "gp3"),
            s("aws:ec2:instances", "InstanceTypes", "t4g.medium,t4g.large"),
            s("aws:autoscaling:asg", "MinSize", "3"),
            s("aws:autoscaling:asg", "MaxSize", "9"),
            s("aws:autoscaling:updatepolicy:rollingupdate", "RollingUpdateEnabled", "true"),
            s("aws:autoscaling:updatepolicy:rollingupdate", "RollingUpdateType", "Health"),
            s("aws:autoscaling:updatepolicy:rollingupdate", "MinInstancesInService", "2"),
            s("aws:elasticbeanstalk:command", "DeploymentPolicy", "RollingWithAdditionalBatch"),
            s("aws:elasticbeanstalk:command", "BatchSizeType", "Percentage"),
            s("aws:elasticbeanstalk:command", "BatchSize", "34"),
            s("aws:elasticbeanstalk:environment", "EnvironmentType", "LoadBalanced"),
            s("aws:elasticbeanstalk:environment", "LoadBalancerType", "application"),
            s("aws:elasticbeanstalk:environment", "ServiceRole", svc.name),
            s("aws:elasticbeanstalk:environment:process:default", "HealthCheckPath", "/healthz"),
            s("aws:elasticbeanstalk:environment:process:default", "MatcherHTTPCode", "200"),
            s("aws:elbv2:listener:443", "Protocol", "HTTPS"),
            s("aws:elbv2:listener:443", "SSLCertificateArns", bricks.CERTIFICATE),
            s("aws:elbv2:listener:443", "SSLPolicy", bricks.TLS),
            s("aws:elasticbeanstalk:healthreporting:system", "SystemType", "enhanced"),
            s("aws:elasticbeanstalk:managedactions", "ManagedActionsEnabled", "true"),
            s("aws:elasticbeanstalk:managedactions", "PreferredStartTime", "Sun:03:00"),
            s("aws:elasticbeanstalk:managedactions:platformupdate", "UpdateLevel", "minor"),
        ],
    )
