"""A small highly available stack that keeps every rule, unless the configured mutation changes it."""

import pulumi
import pulumi_aws as aws
from mutations import MUTATIONS

HTTP = {"enabled": True, "protocol": "HTTP", "path": "/health"}
FORWARD = "forward"
TO_HTTPS = {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}
ASSUME = '{"Version": "2012-10-17", "Statement": []}'


class Part:
    """One resource to be: its class and its arguments, which may refer to parts built before."""

    def __init__(self, kind, arguments):
        self.kind = kind
        self.arguments = arguments
        self.changes = {}

    def set(self, **changes):
        """Changes arguments; a callable gets the built resources, `...` leaves the argument out."""
        self.changes.update(changes)

    def build(self, name, built):
        arguments = {**self.arguments(built), **self.changes}
        arguments = {k: v(built) if callable(v) else v for k, v in arguments.items()}
        return self.kind(name, **{k: v for k, v in arguments.items() if v is not ...})


class Absent:
    """Stands for a part that a mutation dropped: every output of it is left out."""

    def __getattr__(self, name):
        return None


class Built(dict):
    """The resources built so far, by name."""

    def __missing__(self, name):
        return Absent()


class Plan(dict):
    """Parts by name, in the order in which they are built."""

    def add(self, name, kind, arguments):
        self[name] = Part(kind, arguments)

    def drop(self, *names):
        for name in names:
            del self[name]

    def build(self):
        built = Built()
        for name, part in self.items():
            built[name] = part.build(name, built)
        return built


plan = Plan()
zones = aws.get_availability_zones(state="available").names
plan.add("vpc", aws.ec2.Vpc, lambda r: {"cidr_block": "10.0.0.0/16"})
for index, zone in enumerate(zones[:2]):
    plan.add(
        f"subnet-{index}",
        aws.ec2.Subnet,
        lambda r, index=index, zone=zone: {
            "vpc_id": r["vpc"].id,
            "cidr_block": f"10.0.{index}.0/24",
            "availability_zone": zone,
        },
    )
plan.add("firewall", aws.ec2.SecurityGroup, lambda r: {"vpc_id": r["vpc"].id})
plan.add(
    "web",
    aws.vpc.SecurityGroupIngressRule,
    lambda r: {
        "security_group_id": r["firewall"].id,
        "cidr_ipv4": "0.0.0.0/0",
        "ip_protocol": "tcp",
        "from_port": 80,
        "to_port": 80,
    },
)
plan.add(
    "balancer",
    aws.lb.LoadBalancer,
    lambda r: {
        "subnets": [r["subnet-0"].id, r["subnet-1"].id],
        "drop_invalid_header_fields": True,
        "enable_deletion_protection": True,
        "access_logs": {"bucket": "central-logs", "enabled": True},
    },
)
plan.add(
    "targets",
    aws.lb.TargetGroup,
    lambda r: {"port": 8080, "protocol": "HTTP", "vpc_id": r["vpc"].id, "health_check": HTTP},
)
plan.add(
    "listener",
    aws.lb.Listener,
    lambda r: {
        "load_balancer_arn": r["balancer"].arn,
        "port": 443,
        "protocol": "HTTPS",
        "certificate_arn": "arn:aws:acm:ap-northeast-2:123456789012:certificate/1",
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "default_actions": [{"type": FORWARD, "target_group_arn": r["targets"].arn}],
    },
)
plan.add(
    "plain",
    aws.lb.Listener,
    lambda r: {
        "load_balancer_arn": r["balancer"].arn,
        "port": 80,
        "protocol": "HTTP",
        "default_actions": [{"type": "redirect", "redirect": TO_HTTPS}],
    },
)
plan.add("instance-role", aws.iam.Role, lambda r: {"assume_role_policy": ASSUME})
plan.add(
    "sessions",
    aws.iam.RolePolicyAttachment,
    lambda r: {
        "role": r["instance-role"].name,
        "policy_arn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    },
)
plan.add("profile", aws.iam.InstanceProfile, lambda r: {"role": r["instance-role"].name})
plan.add(
    "template",
    aws.ec2.LaunchTemplate,
    lambda r: {
        "instance_type": "t4g.nano",
        "image_id": "ami-0123456789abcdef0",
        "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1},
        "block_device_mappings": [
            {"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "volume_size": 8}}
        ],
        "iam_instance_profile": {"name": r["profile"].name},
    },
)
plan.add(
    "fleet",
    aws.autoscaling.Group,
    lambda r: {
        "min_size": 4,
        "max_size": 6,
        "vpc_zone_identifiers": [r["subnet-0"].id, r["subnet-1"].id],
        "health_check_type": "ELB",
        "target_group_arns": [r["targets"].arn],
        "mixed_instances_policy": {
            "launch_template": {
                "launch_template_specification": {
                    "launch_template_id": r["template"].id,
                    "version": r["template"].latest_version.apply(str),
                },
                "overrides": [{"instance_type": "t4g.nano"}, {"instance_type": "t4g.micro"}],
            }
        },
    },
)
plan.add(
    "errors",
    aws.cloudwatch.MetricAlarm,
    lambda r: {
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": 1,
        "namespace": "AWS/ApplicationELB",
        "metric_name": "HTTPCode_Target_5XX_Count",
        "alarm_actions": ["arn:aws:sns:ap-northeast-2:123456789012:pager"],
    },
)
plan.add("database-subnets", aws.rds.SubnetGroup, lambda r: {"subnet_ids": [r["subnet-0"].id]})
plan.add(
    "database",
    aws.rds.Instance,
    lambda r: {
        "instance_class": "db.t4g.micro",
        "engine": "postgres",
        "allocated_storage": 20,
        "username": "app",
        "manage_master_user_password": True,
        "storage_encrypted": True,
        "backup_retention_period": 7,
        "db_subnet_group_name": r["database-subnets"].name,
        "multi_az": True,
        "deletion_protection": True,
    },
)
plan.add("revisions", aws.s3.Bucket, lambda r: {})
plan.add(
    "versioning",
    aws.s3.BucketVersioning,
    lambda r: {
        "bucket": r["revisions"].id,
        "versioning_configuration": {"status": "Enabled"},
    },
)
plan.add(
    "access",
    aws.s3.BucketPublicAccessBlock,
    lambda r: {
        "bucket": r["revisions"].id,
        "block_public_acls": True,
        "block_public_policy": True,
        "ignore_public_acls": True,
        "restrict_public_buckets": True,
    },
)
plan.add(
    "encryption",
    aws.s3.BucketServerSideEncryptionConfiguration,
    lambda r: {
        "bucket": r["revisions"].id,
        "rules": [{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    },
)
plan.add(
    "transport",
    aws.s3.BucketPolicy,
    lambda r: {
        "bucket": r["revisions"].id,
        "policy": r["revisions"].arn.apply(
            lambda arn: pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [arn, f"{arn}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            )
        ),
    },
)
plan.add(
    "revision",
    aws.s3.BucketObjectv2,
    lambda r: {"bucket": r["revisions"].id, "key": "app.zip", "content": "revision"},
)
plan.add("role", aws.iam.Role, lambda r: {"assume_role_policy": ASSUME})
plan.add("application", aws.codedeploy.Application, lambda r: {"compute_platform": "Server"})
plan.add(
    "deployment",
    aws.codedeploy.DeploymentGroup,
    lambda r: {
        "app_name": r["application"].name,
        "deployment_group_name": "fleet",
        "service_role_arn": r["role"].arn,
        "autoscaling_groups": [r["fleet"].name],
        "deployment_config_name": "CodeDeployDefault.HalfAtATime",
        "deployment_style": {
            "deployment_type": "IN_PLACE",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        "load_balancer_info": {"target_group_infos": [{"name": r["targets"].name}]},
        "auto_rollback_configuration": {
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
        "alarm_configuration": {"enabled": True, "alarms": [r["errors"].name]},
    },
)
chosen = pulumi.Config().get("mutation")
if chosen:
    rule, change = MUTATIONS[chosen]
    change(plan)
plan.build()
