"""Rules about the role that CodeDeploy assumes: it may be assumed, and may do what is needed."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.answered import report
from guardrails.architecture.answers import Answer
from guardrails.architecture.deployments import Deployment, Deployments
from guardrails.architecture.permissions import Permissions
from guardrails.model import Parameters, Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent

_DOC = (
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/"
    "getting-started-create-service-role.html"
)

_SCALING = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:PutLifecycleHook",
    "autoscaling:DeleteLifecycleHook",
    "autoscaling:CompleteLifecycleAction",
    "autoscaling:RecordLifecycleActionHeartbeat",
)
_BALANCING = (
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:DeregisterTargets",
)


def _trust(stack: Stack, _: Settings) -> Iterator[Violation]:
    permissions = stack.derived(Permissions)
    for deployment in stack.derived(Deployments).servers:
        for role in deployment.roles.resources:
            yield from report(
                permissions.may_be_assumed(role, "codedeploy"),
                role,
                deployment.step,
                problem=f"{deployment.label} cannot start a deployment",
            )


ROLE_TRUST = StackRule(
    id="codedeploy-role-trusted",
    title="CodeDeploy may assume the role of the deployment group",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP02",)},
    url=_DOC,
    remedy=(
        "let the role's assume_role_policy allow sts:AssumeRole to the service "
        "codedeploy.amazonaws.com."
    ),
    steps=(
        'Set Principal {"Service": "codedeploy.amazonaws.com"} and Action "sts:AssumeRole".',
        "Use a role of its own: the instances' role trusts ec2.amazonaws.com.",
    ),
    unknown=(
        "A trust policy that the preview does not know is not decidable. The role of another stack "
        "is reported by codedeploy-role-permissions."
    ),
    check=_trust,
)


def _needed(deployment: Deployment) -> Iterator[str]:
    """Yield the actions that CodeDeploy calls for a deployment to this group."""
    if deployment.groups.any:
        yield from _SCALING
    yield from ("ec2:DescribeInstances", "ec2:DescribeInstanceStatus")
    if deployment.by_tags:
        yield "tag:GetResources"
    if deployment.shifts_traffic and deployment.target_groups:
        yield from _BALANCING
    if deployment.watches:
        yield "cloudwatch:DescribeAlarms"
    if not is_absent(deployment.resource.get("triggerConfigurations")):
        yield "sns:Publish"


def _permissions(stack: Stack, settings: Settings) -> Iterator[Violation]:
    permissions = stack.derived(Permissions)
    for deployment in stack.derived(Deployments).servers:
        if is_absent(deployment.resource.get("serviceRoleArn")):
            continue
        found = deployment.roles
        for role in found.any:
            answers = {action: permissions.may(role, action) for action in _needed(deployment)}
            yield from _missing(deployment, role, answers)
        for name in found.foreign:
            yield from _elsewhere(deployment, name, settings)
        if found.untraced:
            yield _unknown_role(deployment, "is not known in this preview")


def _missing(
    deployment: Deployment, role: Resource, answers: dict[str, Answer]
) -> Iterator[Violation]:
    refused = {action: answer for action, answer in answers.items() if answer.is_no}
    if refused:
        first = next(iter(refused.values()))
        denied = [answer.reason for answer in refused.values() if "denies" in answer.reason]
        lacking = f"is not allowed to {', '.join(refused)}"
        yield Violation(
            f'{deployment.label} cannot deploy: role "{role.name}" {lacking}'
            f"{f' ({denied[0]})' if denied else ''}.",
            role,
            (deployment.step, *first.path),
        )
        return
    for answer in answers.values():
        if answer.is_undecided:
            yield Violation(
                f"{answer.reason}.",
                role,
                (deployment.step, *answer.path),
                remedy=f"attach the managed policy AWSCodeDeployRole, or {answer.remedy}",
                undecided=True,
            )
            return


def _elsewhere(deployment: Deployment, name: str, settings: Settings) -> Iterator[Violation]:
    if not name.startswith("arn:"):
        yield Violation(
            f'{deployment.label} names its role "{name}": service_role_arn takes the ARN.',
            deployment.resource,
            remedy="set service_role_arn to the arn output of the role.",
        )
    elif name not in settings.texts("trustedRoles"):
        yield _unknown_role(deployment, f"({name}) is not in this stack")


def _unknown_role(deployment: Deployment, why: str) -> Violation:
    return Violation(
        f"the role of {deployment.step} {why}: what it may do is not known.",
        deployment.resource,
        remedy=(
            "create the role in this stack, or list its ARN in this rule's parameter trustedRoles."
        ),
        undecided=True,
    )


_TRUSTED: Parameters = {
    "trustedRoles": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "description": "ARNs of roles outside the stack that may do what CodeDeploy needs.",
    }
}

ROLE_PERMISSIONS = StackRule(
    id="codedeploy-role-permissions",
    title="The role of a deployment group may do what deployments need",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP01",)},
    url=_DOC,
    remedy=(
        "attach the managed policy service-role/AWSCodeDeployRole to the role, and remove what "
        "denies it."
    ),
    steps=(
        "Attach policy/service-role/AWSCodeDeployRole by an aws.iam.RolePolicyAttachment.",
        "Let the deployment group depend on the attachment: CodeDeploy tests the role at creation.",
        "List the role of another stack in this rule's parameter trustedRoles.",
    ),
    unknown=(
        "An unknown role or policy is resolved through the resources it comes from; a policy whose "
        "document stays unknown is not decidable, unless another policy allows the action."
    ),
    parameters=_TRUSTED,
    check=_permissions,
)

RULES = (ROLE_TRUST, ROLE_PERMISSIONS)
