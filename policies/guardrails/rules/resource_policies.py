"""The rule about policies of keys, queues, topics, secrets and repositories: not for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.values import UNKNOWN

_POLICIES = {
    **dict.fromkeys((*tokens.KMS_KEY, "aws:kms/keyPolicy:KeyPolicy"), "key"),
    **dict.fromkeys(("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"), "queue"),
    **dict.fromkeys(("aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"), "topic"),
    **dict.fromkeys(
        ("aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy"),
        "secret",
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "repository",
    "aws:backup/vaultPolicy:VaultPolicy": "vault",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "file system",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "event bus",
}


def _for_everybody(given: Statement) -> bool:
    named = given.principals or {}
    anybody = any("*" in named.get(kind, ()) for kind in ("*", "AWS"))
    # A condition limits it, on the account, the organization or the source.
    return given.allows and anybody and not given.conditional


def _open(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.of(tuple(_POLICIES)):
        document = resource.get("policy")
        if document is UNKNOWN:
            continue
        for given in statements(document) or ():
            if _for_everybody(given):
                allowed = ", ".join(map(str, given.actions)) or "everything but a list"
                yield Violation(
                    f'The policy of {_POLICIES[resource.type]} "{resource.name}" allows {allowed} to '
                    "everybody, in every account: its principal is *.",
                    resource,
                )
                break


NOT_PUBLIC = StackRule(
    id="resource-policy-not-public",
    title="Keys, queues, topics, secrets, repositories and file systems are not for everybody",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("KMS_KEY_POLICY_NO_PUBLIC_ACCESS", "SNS_TOPIC_NO_PUBLIC_ACCESS"),
        "Security Hub": ("KMS.5", "SQS.3", "SNS.4"),
        "Checkov": ("CKV_AWS_33", "CKV_AWS_168", "CKV_AWS_169"),
        "Well-Architected": ("SEC03-BP07",),
    },
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    remedy=(
        "name the account, role or service as the Principal in policy, or add a Condition on "
        "aws:SourceArn, aws:SourceAccount or aws:PrincipalOrgID."
    ),
    steps=(
        'Set Principal to {"Service": "…"} or to the ARN of a role.',
        'For a service, add Condition {"ArnEquals": {"aws:SourceArn": …}}.',
    ),
    unknown="A policy that the preview does not know is judged at the end of the update.",
    check=_open,
)

RULES = (NOT_PUBLIC,)
