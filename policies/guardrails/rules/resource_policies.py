"""The rule about policies of keys, queues, topics, secrets and repositories: not for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.openness import admits_everybody
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent

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
    "aws:opensearch/domainPolicy:DomainPolicy": "search domain",
    "aws:elasticsearch/domainPolicy:DomainPolicy": "search domain",
    **dict.fromkeys(tokens.SEARCH_DOMAIN, "search domain"),
    "aws:s3/accessPoint:AccessPoint": "access point",
    "aws:s3control/accessPointPolicy:AccessPointPolicy": "access point",
}
_PROPERTY = {
    **dict.fromkeys(tokens.SEARCH_DOMAIN, "accessPolicies"),
    "aws:opensearch/domainPolicy:DomainPolicy": "accessPolicies",
    "aws:elasticsearch/domainPolicy:DomainPolicy": "accessPolicies",
}
"""Where a resource has its policy, if not in `policy`."""


def _for_everybody(given: Statement) -> bool:
    named = given.principals or {}
    anybody = any("*" in named.get(kind, ()) for kind in ("*", "AWS"))
    # NotPrincipal with Allow: everybody else, anonymous ones too.
    anybody = anybody or given.excepted
    # A condition on the account, the organization or the source limits it; one on TLS does not.
    return given.allows and anybody and admits_everybody(given.condition)


def _whom(given: Statement) -> str:
    return "everybody but its NotPrincipal" if given.excepted else "*"


def _is_inside(stack: Stack, resource: Resource) -> bool:
    """Return whether it is a search domain in a VPC, whose security groups say who reaches it."""
    if resource.type not in _PROPERTY:
        return False
    domains = [resource]
    if resource.type not in tokens.SEARCH_DOMAIN:
        found = stack.references(
            resource, "domainName", tokens.SEARCH_DOMAIN, ("domainName", "id", "arn")
        )
        domains = list(found.any)
    return any(not is_absent(one.setting("vpcOptions")) for one in domains)


def _open(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.of(tuple(_POLICIES)):
        document = resource.get(_PROPERTY.get(resource.type, "policy"))
        if document is UNKNOWN or _is_inside(stack, resource):
            continue
        for given in statements(document) or ():
            if _for_everybody(given):
                allowed = ", ".join(map(str, given.actions)) or "everything but a list"
                spite = "" if is_absent(given.condition) else ", and its condition keeps nobody out"
                yield Violation(
                    f'The policy of {_POLICIES[resource.type]} "{resource.name}" allows {allowed} to '
                    f"everybody, in every account: its principal is {_whom(given)}{spite}.",
                    resource,
                )
                break


NOT_PUBLIC = StackRule(
    id="resource-policy-not-public",
    title="Keys, queues, topics, secrets, repositories, file systems and domains are not public",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("KMS_KEY_POLICY_NO_PUBLIC_ACCESS", "SNS_TOPIC_NO_PUBLIC_ACCESS"),
        "Security Hub": ("KMS.5", "SQS.3", "SNS.4"),
        "Checkov": ("CKV_AWS_33", "CKV_AWS_168", "CKV_AWS_169"),
        "Prowler": ("kms_key_not_publicly_accessible",),
        "Well-Architected": ("SEC03-BP07",),
    },
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    remedy=(
        "name the account, role or service as the Principal in policy, or add a Condition on "
        "aws:SourceArn, aws:SourceAccount or aws:PrincipalOrgID."
    ),
    steps=(
        'Set Principal to {"Service": "…"} or to the ARN of a role.',
        "Replace NotPrincipal, which with Allow admits everybody else, by Principal.",
        'For a service, add Condition {"ArnEquals": {"aws:SourceArn": …}}.',
        "A condition on TLS, user agent or referer, with IfExists or with Not limits nobody.",
        "A search domain may have the Principal * in a VPC, where its security groups decide.",
    ),
    unknown="A policy that the preview does not know is judged at the end of the update.",
    check=_open,
)

RULES = (NOT_PUBLIC,)
