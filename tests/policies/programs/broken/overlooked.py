"""What is easily overlooked: who can look a name up, what a tag is for, what a node may."""

from __future__ import annotations

import json

from tests.policies.programs.cases import DEPLOY, SERVE, SURVIVE, VALID, Edit, Ref, broken

NAMES = "bastion_with_a_fixed_address"
NODES = "nodes_with_a_template_and_their_add_ons"
HOSTS = "hosts_with_ports_of_the_host"
SPOT = "mixed_instances_with_a_price"
QUEUES = "functions_behind_a_gateway_and_a_table"
COPIES = "snapshots_by_a_tag"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


# --- names ----------------------------------------------------------------------------------------


@broken(NAMES, SERVE, "dns-name-served", advisory=True)
def site_in_a_private_zone(edit: Edit) -> None:
    """The public zone may be somewhere else."""
    edit.set("zone", "vpcs", [{"vpcId": Ref("vpc")}])


@broken("name_inside_and_outside", SERVE, "dns-name-served", engine=True)
def site_forgotten_in_the_public_zone(edit: Edit) -> None:
    edit.drop("outside-name")


@broken(NAMES, SURVIVE, "dns-several-servers", engine=True)
def site_at_the_address_of_the_bastion(edit: Edit) -> None:
    edit.set("bastion-name", "name", "example.com")


@broken(NAMES, SURVIVE, "dns-several-servers")
def site_at_the_instance_itself(edit: Edit) -> None:
    edit.set("www", "aliases", ...)
    edit.set("www", "ttl", 60)
    edit.set("www", "records", [Ref("bastion", "publicIp")])


# --- nodes of Kubernetes --------------------------------------------------------------------------


@broken(NODES, SERVE, "service-role-permissions")
def nodes_that_may_not_fetch_images(edit: Edit) -> None:
    edit.set(
        "node-role",
        "managedPolicyArns",
        [
            "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
        ],
    )


@broken(NODES, SERVE, "service-role-permissions")
def pods_without_addresses(edit: Edit) -> None:
    edit.set(
        "node-role",
        "managedPolicyArns",
        [
            "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
        ],
    )


@broken("kubernetes", SERVE, "service-role-permissions", engine=True)
def nodes_that_may_nothing(edit: Edit) -> None:
    edit.drop("node-policy-0", "node-policy-1", "node-policy-2")


@broken(NODES, SERVE, "eks-nodes-join", engine=True)
def nodes_in_subnets_without_a_way_out(edit: Edit) -> None:
    edit.drop("private-out-a", "private-out-b", "private-out-c")


@broken(NODES, SERVE, "eks-nodes-join")
def nodes_in_one_zone_cut_off(edit: Edit) -> None:
    edit.drop("private-out-b")


# --- containers -----------------------------------------------------------------------------------


@broken(HOSTS, SERVE, "ecs-task-fits-host", engine=True)
def more_tasks_on_a_port_than_hosts(edit: Edit) -> None:
    edit.set("service", "desiredCount", 8)


@broken(HOSTS, SERVE, "ecs-task-fits-host")
def no_host_free_for_the_next_release(edit: Edit) -> None:
    """Six hosts, six tasks, and none may stop before the next has started."""
    edit.set("service", "desiredCount", 6)
    edit.set("service", "deploymentMinimumHealthyPercent", 100)
    edit.set("service", "deploymentMaximumPercent", 200)


# --- Spot -----------------------------------------------------------------------------------------


@broken(SPOT, SURVIVE, "asg-spot-price", engine=True)
def price_in_cents_taken_for_dollars(edit: Edit) -> None:
    edit.set("fleet", "mixedInstancesPolicy.instancesDistribution.spotMaxPrice", "0.0008")


# --- queues and copies ----------------------------------------------------------------------------


@broken(QUEUES, SURVIVE, "queue-keeps-messages", engine=True)
def what_fails_goes_where_it_was(edit: Edit) -> None:
    """By its name; an attribute of its own a resource cannot have."""
    edit.set("jobs", "name", "shop-jobs")
    arn = "arn:aws:sqs:eu-west-1:123456789012:shop-jobs"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    edit.set("jobs", "redrivePolicy", policy)


@broken(QUEUES, VALID, "messages-accepted")
def what_fails_goes_to_another_region(edit: Edit) -> None:
    arn = "arn:aws:sqs:us-east-1:123456789012:failed"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    edit.set("jobs", "redrivePolicy", policy)
    edit.set("jobs", "region", "eu-west-1")


@broken(QUEUES, VALID, "messages-accepted")
def ordered_queue_before_a_plain_one(edit: Edit) -> None:
    policy = json.dumps(
        {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:failed", "maxReceiveCount": 5}
    )
    edit.set("jobs", "fifoQueue", True)
    edit.set("jobs", "redrivePolicy", policy)


@broken(COPIES, SURVIVE, "data-store-backups", engine=True)
def copies_of_what_has_another_value(edit: Edit) -> None:
    edit.set("archive", "tags", {"backup": "Daily", "team": "shop"})


@broken(COPIES, SURVIVE, "data-store-backups")
def copies_of_instances_where_there_are_volumes(edit: Edit) -> None:
    edit.set("copies", "policyDetails.resourceTypes", ["INSTANCE"])


@broken(COPIES, SURVIVE, "data-store-backups", advisory=True)
def copies_of_nothing_that_is_here(edit: Edit) -> None:
    edit.set("copies", "policyDetails.targetTags", {"snapshot": "yes"})


# --- roles ----------------------------------------------------------------------------------------


@broken("plain_web_service", DEPLOY, "codedeploy-role-permissions", engine=True)
def deployments_from_the_office_only(edit: Edit) -> None:
    """CodeDeploy calls from addresses of AWS."""
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24"]},
            "Bool": {"aws:ViaAWSService": "false"},
        },
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    edit.add(
        "office-only",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("codedeploy-role"), "policy": policy},
    )
