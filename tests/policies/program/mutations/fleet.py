"""What breaks the rules about the Auto Scaling group."""

import pulumi
import pulumi_aws as aws

from .registry import breaks


@breaks("asg-multi-az")
def no_fleet_at_all(p):
    p.drop("fleet")
    p["deployment"].set(autoscaling_groups=...)


@breaks("asg-multi-az")
def one_subnet(p):
    p["fleet"].set(vpc_zone_identifiers=lambda r: [r["subnet-0"].id])


@breaks("asg-multi-az")
def two_subnets_in_one_zone(p):
    p.add(
        "twin",
        aws.ec2.Subnet,
        lambda r: {
            "vpc_id": r["vpc"].id,
            "cidr_block": "10.0.9.0/24",
            "availability_zone": "ap-northeast-2a",
        },
    )
    p["fleet"] = p.pop("fleet")
    p["deployment"] = p.pop("deployment")
    p["fleet"].set(vpc_zone_identifiers=lambda r: [r["subnet-0"].id, r["twin"].id])


@breaks("asg-multi-az")
def unknown_list_of_one_out_of_two_subnets(p):
    p["fleet"].set(
        vpc_zone_identifiers=lambda r: [
            pulumi.Output.all(r["subnet-0"].id, r["subnet-1"].id).apply(lambda ids: ids[0])
        ]
    )


@breaks("asg-multi-az")
def subnets_of_nobody_knows_where(p):
    p["fleet"].set(vpc_zone_identifiers=["subnet-0a", "subnet-0b"])


@breaks("asg-elb-health-check")
def ec2_health_check(p):
    p["fleet"].set(health_check_type="EC2")


@breaks("asg-elb-health-check")
def health_check_left_to_the_default(p):
    p["fleet"].set(health_check_type=...)


@breaks("asg-launch-template")
def launch_configuration(p):
    p["fleet"].set(mixed_instances_policy=..., launch_configuration="old")


@breaks("asg-behind-listener")
def fleet_not_attached(p):
    p["fleet"].set(target_group_arns=...)


@breaks("asg-behind-listener")
def listener_answers_by_itself(p):
    p["listener"].set(
        default_actions=[
            {
                "type": "fixed-response",
                "fixed_response": {"content_type": "text/plain", "status_code": "200"},
            }
        ]
    )


@breaks("asg-behind-listener")
def no_listener(p):
    p.drop("listener", "plain")


@breaks("asg-multiple-instance-types")
def one_instance_type(p):
    p["fleet"].set(mixed_instances_policy=..., launch_template=lambda r: {"id": r["template"].id})


@breaks("asg-capacity-rebalance")
def spot_without_rebalancing(p):
    p["template"].set(instance_market_options={"market_type": "spot"})
