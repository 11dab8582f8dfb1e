"""What breaks the rules about the roles of functions, tasks, proxies and backups."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_identities import document
from tests.policies.mutations.kubernetes import nodes
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def trust(service):
    return document(
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    )


def role(stack, service, *, arn=None):
    """Add a role that a service may assume, with one managed policy."""
    stack.add("its-role", ROLE, {"assumeRolePolicy": trust(service)})
    if arn:
        stack.add("its-policy", ATTACHMENT, {"role": Ref("its-role", "name"), "policyArn": arn})


def function(stack, **more):
    properties = {
        "role": Ref("its-role", "arn"),
        "runtime": "python3.13",
        "handler": "main.handler",
        **more,
    }
    stack.add("report", "aws:lambda/function:Function", properties)


INSIDE = {
    "subnetIds": [Ref("subnet-a"), Ref("subnet-b")],
    "securityGroupIds": [Ref("instances-group")],
}
VPC_ACCESS = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"


@breaks("service-role-trusted")
def function_with_a_role_for_instances(stack):
    role(stack, "ec2.amazonaws.com")
    function(stack)


@breaks("service-role-permissions")
def function_in_the_network_without_the_right_to_be_there(stack):
    role(stack, "lambda.amazonaws.com")
    function(stack, vpcConfig=INSIDE)


def _backup(stack, arn):
    role(stack, "backup.amazonaws.com", arn=arn)
    selection = {"planId": "plan", "iamRoleArn": Ref("its-role", "arn"), "resources": ["*"]}
    stack.add("everything", "aws:backup/selection:Selection", selection)


@breaks("backup-role-permissions")
def backups_by_a_role_that_may_nothing(stack):
    _backup(stack, None)


def _sound_function(stack):
    role(stack, "lambda.amazonaws.com")
    function(stack)


def _sound_function_inside(stack):
    role(stack, "lambda.amazonaws.com", arn=VPC_ACCESS)
    function(stack, vpcConfig=INSIDE)


BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"

decides(
    "service-role-trusted", "its-role", "assumeRolePolicy", absent=BREAKS, unknown=KEEPS,
    given=_sound_function,
)  # fmt: skip
decides(
    "service-role-permissions", "its-policy", "policyArn", absent=BREAKS, unknown=KEEPS,
    given=_sound_function_inside,
)  # fmt: skip
decides(
    "backup-role-permissions", "its-policy", "policyArn", absent=BREAKS, unknown=KEEPS,
    given=lambda stack: _backup(stack, BACKUP),
)  # fmt: skip


@breaks("service-role-trusted")
def machine_with_a_role_for_instances(stack):
    role(stack, "ec2.amazonaws.com")
    steps = '{"StartAt": "done", "States": {"done": {"Type": "Succeed"}}}'
    given = {"roleArn": Ref("its-role", "arn"), "definition": steps}
    stack.add("machine", "aws:sfn/stateMachine:StateMachine", given)


@breaks("service-role-permissions")
def nodes_that_only_sessions_reach(stack):
    role(stack, "ec2.amazonaws.com", arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
    nodes(stack, nodeRoleArn=Ref("its-role", "arn"))
