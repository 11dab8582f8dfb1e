"""What breaks the rules about instances, their role, network and alarms."""

from .registry import breaks


@breaks("ec2-imdsv2")
def imdsv1(p):
    p["template"].set(metadata_options={"http_put_response_hop_limit": 1})


@breaks("ec2-metadata-hop-limit")
def two_hops(p):
    p["template"].set(
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 2}
    )


@breaks("ebs-encrypted")
def clear_disk(p):
    p["template"].set(block_device_mappings=...)


@breaks("sg-no-remote-admin")
def ssh_for_the_world(p):
    p["web"].set(from_port=22, to_port=22)


@breaks("sg-open-only-to-authorized-ports")
def instances_open_to_the_world(p):
    p["web"].set(from_port=8080, to_port=8080)


@breaks("ec2-instance-profile")
def no_instance_profile(p):
    p["template"].set(iam_instance_profile=...)


@breaks("ec2-managed-by-ssm")
def no_session_manager(p):
    p.drop("sessions")


@breaks("ec2-managed-by-ssm")
def role_of_another_stack(p):
    p["template"].set(iam_instance_profile={"name": "elsewhere"})


@breaks("no-public-ip")
def public_addresses(p):
    p["subnet-0"].set(map_public_ip_on_launch=True)


@breaks("sg-no-remote-admin")
def instance_open_to_the_world(p):
    p["web"].set(from_port=0, to_port=65535, cidr_ipv4=..., cidr_ipv6="::/0")


@breaks("alarm-has-action")
def alarm_without_action(p):
    p["errors"].set(alarm_actions=...)
