"""Rules about the roles of containers, functions, proxies and backups: trusted, and allowed enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from guardrails import tokens
from guardrails.answered import report
from guardrails.architecture.answers import Answer
from guardrails.architecture.containers import Containers
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.nodes import Nodes
from guardrails.architecture.permissions import ROLE_KEYS, Permissions, Target
from guardrails.architecture.policy_documents import statements
from guardrails.architecture.tasks import containers, definitions
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, items

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

_ASSUMED = (
    (tokens.LAMBDA_FUNCTION, "role", "lambda"),
    (tokens.TASK_DEFINITION, "executionRoleArn", "ecs-tasks"),
    (tokens.TASK_DEFINITION, "taskRoleArn", "ecs-tasks"),
    (tokens.DATABASE_PROXY, "roleArn", "rds"),
    (tokens.BACKUP_SELECTION, "iamRoleArn", "backup"),
    (tokens.SCHEDULED_CALL, "target", "scheduler"),
    (tokens.STATE_MACHINE, "roleArn", "states"),
    (tokens.EVENT_TARGET, "roleArn", "events"),
    (tokens.EVENT_RULE, "roleArn", "events"),
    (tokens.KUBERNETES_CLUSTER, "roleArn", "eks"),
    (tokens.NODE_GROUP, "nodeRoleArn", "ec2"),
    (tokens.BUILD_PROJECT, "serviceRole", "codebuild"),
    (tokens.PIPELINE, "roleArn", "codepipeline"),
    (tokens.FLOW_LOG, "iamRoleArn", "vpc-flow-logs"),
    (tokens.DATABASE, "monitoringRoleArn", "monitoring.rds"),
    (tokens.DATABASE_CLUSTER, "monitoringRoleArn", "monitoring.rds"),
    (tokens.CLUSTER_INSTANCE, "monitoringRoleArn", "monitoring.rds"),
    (tokens.DELIVERY_STREAM, "extendedS3Configuration", "firehose"),
    (tokens.LIFECYCLE_HOOK, "roleArn", "autoscaling"),
    (tokens.API_ACCOUNT, "cloudwatchRoleArn", "apigateway"),
    (tokens.SNAPSHOT_LIFECYCLE, "executionRoleArn", "dlm"),
    (tokens.APP_RUNNER_SERVICE, "sourceConfiguration", "build.apprunner"),
    (tokens.APP_RUNNER_SERVICE, "instanceConfiguration", "tasks.apprunner"),
)
"""Per type where it names its role, and the service that assumes it."""


_NESTED = {
    "target": ("roleArn",),
    "extendedS3Configuration": ("roleArn",),
    "sourceConfiguration": ("authenticationConfiguration", "accessRoleArn"),
    "instanceConfiguration": ("instanceRoleArn",),
}
"""Properties that hold the role's ARN among others, and where."""


def _role(stack: Stack, owner: Resource, prop: str) -> Resource | None:
    """Return the one role of the stack that a resource names, `None` where that is not certain."""
    if owner.left_out(prop):
        return None
    value = dig(owner.get(prop), *_NESTED[prop]) if prop in _NESTED else None
    if prop in _NESTED and is_absent(value):
        return None
    found = stack.references(owner, prop, tokens.ROLE, ROLE_KEYS, value=value)
    return found.resources[0] if len(found.resources) == 1 and found.complete else None


def _trusted(stack: Stack, _: Settings) -> Iterator[Violation]:
    permissions = stack.derived(Permissions)
    said: set[tuple[Resource, str]] = set()
    for types, prop, service in _ASSUMED:
        for owner in stack.of(types):
            role = _role(stack, owner, prop)
            if role is None or (role, service) in said:
                continue
            answer = permissions.may_be_assumed(role, service)
            if answer.is_no:
                said.add((role, service))
                yield from report(
                    answer,
                    role,
                    f'"{owner.name}"',
                    problem=(
                        f'AWS refuses role "{role.name}" for "{owner.name}", or nothing of it ever '
                        "starts"
                    ),
                )


TRUSTED = StackRule(
    id="service-role-trusted",
    title="What a service runs has a role that this service may assume",
    question=Question.VALID,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP02",)},
    url=f"{_IAM}id_roles_create_for-service.html",
    remedy=(
        "name the service as the Principal in assume_role_policy: lambda.amazonaws.com, "
        "ecs-tasks.amazonaws.com, rds.amazonaws.com (proxy), backup.amazonaws.com, "
        "scheduler.amazonaws.com, states.amazonaws.com (Step Functions), events.amazonaws.com (rule), "
        "codebuild.amazonaws.com, monitoring.rds.amazonaws.com, or the one in the message."
    ),
    steps=(
        "Set Principal in assume_role_policy to the service that runs it.",
        "Give tasks a role of their own: that of the instances trusts ec2.amazonaws.com.",
    ),
    unknown="A trust policy that is not known, and a role of another stack, are not judged.",
    check=_trusted,
)


# --- what it may do -------------------------------------------------------------------------------

_PULL = "ecr:BatchGetImage"
_READ = "secretsmanager:GetSecretValue"
_READ_PARAMETER = "ssm:GetParameters"
_LOG = "logs:CreateLogStream"
_INTERFACE = "ec2:CreateNetworkInterface"
_JOIN = "ecs:RegisterContainerInstance"
_DESCRIBE = "ec2:DescribeInstances"
_ADDRESS = "ec2:AssignPrivateIpAddresses"
_Need: TypeAlias = tuple[Resource, Resource, str, Target | None, str]
"""Who needs it, the role, the action, what it is for (None: anything), and what fails without it."""


def _needs(stack: Stack, task: Resource) -> Iterator[tuple[str, Target | None, str]]:
    """Yield each action that starting a task needs of its execution role, and what for."""
    from_ecr = bool(stack.sources(task, "containerDefinitions", tokens.REPOSITORY))
    for container in (containers(task) or {}).values():
        from_ecr = from_ecr or ".dkr.ecr." in str(dig(container, "image"))
        driver = dig(container, "logConfiguration", "logDriver")
        if driver == "awslogs":
            yield _LOG, None, "writing its log"
        for secret in items(dig(container, "secrets")):
            arn = dig(secret, "valueFrom")
            if not isinstance(arn, str):
                continue
            # A name or ARN of a parameter, or the ARN of a secret with what is taken from it.
            parts = arn.split(":")
            kept = ":".join(parts[:7]) if ":secretsmanager:" in arn else arn
            action = _READ if ":secretsmanager:" in arn else _READ_PARAMETER
            target = Target(kept, (kept,)) if kept.startswith("arn:") else None
            yield action, target, f"reading {kept}"
    if from_ecr:
        yield _PULL, None, "fetching its image"


def _tasks(stack: Stack) -> Iterator[_Need]:
    used = {
        task
        for service in stack.derived(Containers).asked
        for task in definitions(stack, service.resource).any
    }
    for task in stack.of(tokens.TASK_DEFINITION):
        role = _role(stack, task, "executionRoleArn")
        if role is None or task not in used:
            continue
        for action, target, why in _needs(stack, task):
            yield task, role, action, target, f"no task of it starts without {why}"


def _functions(stack: Stack) -> Iterator[_Need]:
    for function in stack.of(tokens.LAMBDA_FUNCTION):
        role = _role(stack, function, "role")
        inside = function.get("vpcConfig", "subnetIds")
        if role is not None and not function.left_out("vpcConfig") and not is_absent(inside):
            yield function, role, _INTERFACE, None, "Lambda refuses a function in a VPC without it"


def _secret_of(proxy: Resource) -> Any:
    given = items(proxy.get("auths"))
    return [dig(one, "secretArn") for one in given if dig(one, "authScheme") in (None, "SECRETS")]


def _proxies(stack: Stack) -> Iterator[_Need]:
    for proxy in stack.of(tokens.DATABASE_PROXY):
        role = _role(stack, proxy, "roleArn")
        secrets = [one for one in _secret_of(proxy) if not is_absent(one)]
        if role is not None and secrets:
            arn = secrets[0]
            target = Target(arn, (arn,)) if isinstance(arn, str) else None
            yield proxy, role, _READ, target, "the proxy logs in to no database without it"


def _hosts(stack: Stack) -> Iterator[_Need]:
    fleets, permissions = stack.derived(Fleets), stack.derived(Permissions)
    for provider in stack.of(tokens.CAPACITY_PROVIDER):
        groups = stack.references(
            provider, "autoScalingGroupProvider", tokens.AUTO_SCALING_GROUP, ("arn", "id", "name")
        )
        for group in groups.resources:
            for template in fleets.of(group).launching.templates:
                for role in permissions.instance_roles(template).resources:
                    why = f'no instance of Auto Scaling group "{group.name}" joins a cluster without it'
                    yield template, role, _JOIN, None, why


def _nodes(stack: Stack) -> Iterator[_Need]:
    nodes = stack.derived(Nodes)
    for cluster, groups in nodes.by_cluster().items():
        for group in groups:
            role = nodes.role(group)
            if role is None:
                continue
            whose = f'node of "{group.name}"'
            yield group, role, _DESCRIBE, None, f"no {whose} joins its cluster without it"
            yield group, role, _PULL, None, f"no {whose} gets the images of its cluster without it"
            if not _addressed_apart(stack, cluster, role):
                yield group, role, _ADDRESS, None, f"no pod on a {whose} gets an address without it"


def _addressed_apart(stack: Stack, cluster: Resource, role: Resource) -> bool:
    """Return whether pods may get their addresses by something else than the role of the nodes."""
    family = cluster.get("kubernetesNetworkConfig", "ipFamily")
    if family == "ipv6" or cluster.get("bootstrapSelfManagedAddons") is False:
        return True  # of version 6, or by another plugin
    if any(one.type.startswith("kubernetes:") for one in stack.resources):
        return True  # which plugin it installs is not looked for
    permissions = stack.derived(Permissions)
    others = (one for one in stack.of(tokens.ROLE) if one is not role and _is_for_pods(one))
    return any(not permissions.may(one, _ADDRESS).is_no for one in others)


def _is_for_pods(role: Resource) -> bool:
    """Return whether service accounts of a cluster may have a role, or whether that is not known."""
    trust = statements(role.get("assumeRolePolicy"))
    named = [one.principals or {} for one in trust or ()]
    services = [str(name) for one in named for name in one.get("Service", ())]
    federated = any("Federated" in one for one in named)
    return trust is None or federated or any(one.startswith("pods.eks.") for one in services)


def _allowed(stack: Stack, _: Settings) -> Iterator[Violation]:
    permissions = stack.derived(Permissions)
    for collect in (_tasks, _functions, _proxies, _hosts, _nodes):
        for owner, role, action, target, why in collect(stack):
            answer = permissions.may(role, action, target)
            if answer.is_no:
                yield _refused(owner, answer, why, _grant(owner, role, action, target))


def _grant(owner: Resource, role: Resource, action: str, target: Target | None) -> str:
    """Return how to let a role do what it has to."""
    managed = {
        _PULL: "AmazonECSTaskExecutionRolePolicy",
        _LOG: "AmazonECSTaskExecutionRolePolicy",
        _INTERFACE: "AWSLambdaVPCAccessExecutionRole",
        _JOIN: "AmazonEC2ContainerServiceforEC2Role",
        _DESCRIBE: "AmazonEKSWorkerNodePolicy",
        _ADDRESS: "AmazonEKS_CNI_Policy",
    }.get(action)
    if owner.type in tokens.NODE_GROUP and action == _PULL:
        managed = "AmazonEC2ContainerRegistryPullOnly"
    if managed is not None:
        return f'attach {managed} to role "{role.name}" by an aws.iam.RolePolicyAttachment.'
    what = target.label if target is not None else "its ARN"
    return f'allow {action} on {what} to role "{role.name}" in an aws.iam.RolePolicy.'


def _refused(owner: Resource, answer: Answer, why: str, remedy: str | None = None) -> Violation:
    return Violation(
        f'"{owner.name}": {answer.reason}, and {why}.',
        owner,
        (f'"{owner.name}"', *answer.path),
        answer.remedy or remedy,
    )


ALLOWED = StackRule(
    id="service-role-permissions",
    title="Tasks, functions, proxies and nodes may do what they need to start",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP01",)},
    url=f"{_ECS}task_execution_IAM_role.html",
    remedy=(
        "attach AmazonECSTaskExecutionRolePolicy to the execution role of tasks, and "
        "AWSLambdaVPCAccessExecutionRole to the role of a function in a VPC, "
        "AmazonEC2ContainerServiceforEC2Role to the role of instances that run tasks, "
        "AmazonEKSWorkerNodePolicy, AmazonEKS_CNI_Policy and AmazonEC2ContainerRegistryPullOnly to "
        "that of Kubernetes nodes, by an aws.iam.RolePolicyAttachment; allow "
        "secretsmanager:GetSecretValue or ssm:GetParameters on what is read in an aws.iam.RolePolicy."
    ),
    steps=(
        "Attach the AWS managed policy to the role.",
        "For each secret or parameter, add an aws.iam.RolePolicy that names its ARN.",
    ),
    unknown=(
        "A policy that is not known, and a role of another stack, are not judged; a secret whose ARN "
        "is not known is one that some statement may name."
    ),
    check=_allowed,
)


# --- backups --------------------------------------------------------------------------------------

_BACKED_UP = (
    (tokens.FILE_SYSTEM, "elasticfilesystem:Backup"),
    (tokens.TABLE, "dynamodb:StartAwsBackupJob"),
    (tokens.DATABASE, "rds:CreateDBSnapshot"),
)


def _copied(stack: Stack, _: Settings) -> Iterator[Violation]:
    permissions = stack.derived(Permissions)
    for selection in stack.of(tokens.BACKUP_SELECTION):
        role = _role(stack, selection, "iamRoleArn")
        needed = [action for types, action in _BACKED_UP if stack.of(types)]
        if role is None or not needed:
            continue
        # Which kinds it selects is another question: a role for one of them is a role for backups.
        answers = [permissions.may(role, action) for action in needed]
        if all(one.is_no for one in answers):
            yield _refused(
                selection, answers[0], "no backup of the plan succeeds: nothing can be restored"
            )


BACKUP = StackRule(
    id="backup-role-permissions",
    title="The role of a backup plan may take backups",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL09-BP03",)},
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html",
    remedy=(
        "attach arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup to the role "
        "of the aws.backup.Selection by an aws.iam.RolePolicyAttachment."
    ),
    steps=("Attach AWSBackupServiceRolePolicyForBackup to the role that iam_role_arn names.",),
    unknown="A policy that is not known, and a role of another stack, are not judged.",
    check=_copied,
)

RULES = (TRUSTED, ALLOWED, BACKUP)
