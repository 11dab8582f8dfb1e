"""Rules about what containers and functions run: it stays the same, so that a rollback is possible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.containers import Containers
from guardrails.architecture.policy_documents import parsed
from guardrails.architecture.tasks import containers, definitions
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.property_rules import must_be, property_rule
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, items, number, show

_FUNCTION_KEYS = ("arn", "name", "id")


def _moving(image: Any) -> str | None:
    """Return by which tag an image is named, if that tag goes to the next image."""
    if not isinstance(image, str) or "@" in image or not image:
        return None
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag or "no tag, which means latest" if tag in ("", "latest") else None


def _images(stack: Stack, _: Settings) -> Iterator[Violation]:
    for service in stack.derived(Containers).asked:
        for task in definitions(stack, service.resource).any:
            for name, container in (containers(task) or {}).items():
                tag = _moving(dig(container, "image"))
                if tag is not None:
                    yield Violation(
                        f'Container {show(name)} of "{task.name}" runs {dig(container, "image")} ({tag}): '
                        "a task that starts later may run something else, and a rollback brings nothing "
                        "back.",
                        task,
                        (f'service "{service.name}"', f'task definition "{task.name}"', str(name)),
                    )


IMAGE_FIXED = StackRule(
    id="ecs-image-fixed",
    title="Containers run images by a digest or by a tag that stays",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # a tag that is never pushed again is only a promise, too
    production=Level.MANDATORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP04", "OPS06-BP01")},
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html",
    remedy=(
        "name the image in the container definitions by its digest (…@sha256:…), or by the tag of one "
        "build."
    ),
    steps=(
        "Build once, and pass the digest of that build to the task definition.",
        'Set image_tag_mutability="IMMUTABLE" of the aws.ecr.Repository.',
    ),
    unknown="An image that the preview does not know is judged at the end of the update.",
    check=_images,
)


# --- the registry ---------------------------------------------------------------------------------


def _kept(policy: Resource) -> tuple[float, str] | None:
    """Return how many images the strictest rule about tagged images keeps, and how it counts."""
    for rule in items(dig(parsed(policy.get("policy")), "rules")):
        chosen = dig(rule, "selection")
        count = number(dig(chosen, "countNumber"))
        if dig(chosen, "tagStatus") == "untagged" or count is None:
            continue
        if dig(chosen, "countType") == "imageCountMoreThan" and count < _LEAST_IMAGES:
            return count, "countNumber"
    return None


_LEAST_IMAGES = 2


def _expired(stack: Stack, _: Settings) -> Iterator[Violation]:
    for policy in stack.of(tokens.REPOSITORY_LIFECYCLE):
        kept = _kept(policy)
        if kept is not None:
            yield Violation(
                f'Lifecycle policy "{policy.name}" keeps {kept[0]:g} image of a repository: the one '
                "before it is deleted as soon as the next one is pushed, and nothing can go back to it.",
                policy,
            )


IMAGES_KEPT = StackRule(
    id="ecr-images-kept",
    title="A registry keeps the image of the previous release",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("OPS06-BP01",)},
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html",
    remedy="set countNumber of the lifecycle policy to 10 or more, or expire untagged images only.",
    steps=("Keep as many images as releases to which you may want to go back.",),
    unknown="A policy that the preview does not know is judged at the end of the update.",
    check=_expired,
)


# --- functions ------------------------------------------------------------------------------------


def _aliases(stack: Stack, _: Settings) -> Iterator[Violation]:
    for alias in stack.of(tokens.LAMBDA_ALIAS):
        functions = stack.references(
            alias, "functionName", tokens.LAMBDA_FUNCTION, _FUNCTION_KEYS
        ).resources
        version = alias.get("functionVersion")
        unpublished = [
            one
            for one in functions
            if version is UNKNOWN
            and one in stack.sources(alias, "functionVersion", tokens.LAMBDA_FUNCTION)
            and one.setting("publish") in (None, False)
        ]
        if version == "$LATEST" or unpublished:
            why = (
                "function_version is $LATEST"
                if version == "$LATEST"
                else f'function "{unpublished[0].name}" publishes no version: publish is false'
            )
            yield Violation(
                f'Alias "{alias.name}" follows whatever was uploaded last: {why}. New code is live at '
                "once, and there is no version to go back to.",
                alias,
                tuple(f'function "{one.name}"' for one in functions),
            )


VERSION_FIXED = StackRule(
    id="lambda-version-fixed",
    title="An alias of a function names a published version",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # a function for its own team may be released by an upload
    production=Level.MANDATORY,
    controls={"Well-Architected": ("REL08-BP04", "OPS06-BP01")},
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html",
    remedy=(
        "set publish of the function to true, and function_version of the alias to its output version."
    ),
    steps=(
        "Set publish=True: each upload becomes a version that stays.",
        "Set function_version=function.version on the alias.",
    ),
    unknown="An unknown version of a function that publishes them is a version.",
    check=_aliases,
)


# --- keys -----------------------------------------------------------------------------------------


def _rotates(key: Resource) -> bool:
    """Return whether KMS can rotate a key: a symmetric one whose material is KMS's own."""
    symmetric = key.get("customerMasterKeySpec") in (None, "", "SYMMETRIC_DEFAULT", UNKNOWN)
    signs = key.get("keyUsage") in ("SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
    return symmetric and not signs


KEY_ROTATION = property_rule(
    must_be(
        "enableKeyRotation",
        True,
        'KMS key "{name}" encrypts with the same material for ever',
        applies=_rotates,
    ),
    tokens.KMS_KEY,
    id="kms-key-rotation",
    title="KMS keys are rotated every year",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # the key stays where it is, and so does what it encrypts
    controls={
        "AWS Config": ("CMK_BACKING_KEY_ROTATION_ENABLED",),
        "Security Hub": ("KMS.4",),
        "Control Tower": ("CT.KMS.PR.1",),
        "Checkov": ("CKV_AWS_7",),
        "Prowler": ("kms_cmk_rotation_enabled",),
        "Well-Architected": ("SEC08-BP01",),
    },
    url="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    remedy="set enable_key_rotation to true.",
    steps=("Set enable_key_rotation=True: KMS keeps the old material for what it encrypted.",),
)

RULES = (IMAGE_FIXED, IMAGES_KEPT, VERSION_FIXED, KEY_ROTATION)
