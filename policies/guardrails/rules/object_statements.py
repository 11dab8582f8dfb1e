"""The rule about permissions on objects: a statement about a bucket says nothing about its objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from guardrails.architecture.policy_documents import Statement
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.rules.privileges import documents

_OF_OBJECTS = re.compile(
    r"s3:(?:Get|Put|Delete|Restore|Abort)(?:Object|MultipartUpload)", re.IGNORECASE
)
_BUCKET = re.compile(r"arn:aws[a-z-]*:s3:::[^/*?]+")


def _about_objects(given: Statement) -> bool:
    """Return whether a statement may be about objects: a resource with a path, a wildcard, or unknown."""
    return bool(given.not_resources) or any(
        not isinstance(one, str) or not _BUCKET.fullmatch(one) for one in given.resources
    )


def _idle(document: Sequence[Statement]) -> Iterator[tuple[str, str]]:
    """Yield each action on objects that a document allows on a bucket only, and the bucket's ARN."""
    allowed = [one for one in document if one.allows and one.resources and not one.not_actions]
    for given in allowed:
        for action in given.actions if not _about_objects(given) else ():
            if not isinstance(action, str) or not _OF_OBJECTS.match(action):
                continue
            if not any(_about_objects(one) and one.covers(action) is not False for one in allowed):
                yield action, str(given.resources[0])
                break


def _granted(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource, label, document in documents(stack):
        for action, arn in _idle(document):
            yield Violation(
                f"{label} allows {action} on nothing: {arn} is the bucket, and its objects have ARNs of "
                "their own.",
                resource,
                (f'"{resource.name}"', action, arn),
                f'set the Resource of {action} in the policy to "{arn}/*".',
            )
            break


OBJECTS = StackRule(
    id="iam-objects-named",
    title="Permissions on the objects of a bucket name its objects",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP02",)},
    url="https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",
    remedy='set the Resource of s3:GetObject in the policy to the ARN of the bucket and "/*".',
    steps=(
        "Name the bucket's ARN for s3:ListBucket.",
        'Name the ARN with "/*", or with a prefix, for s3:GetObject and s3:PutObject.',
    ),
    unknown="A policy that the preview does not know is judged at the end of the update.",
    check=_granted,
)

RULES = (OBJECTS,)
