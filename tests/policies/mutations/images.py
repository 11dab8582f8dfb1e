"""What breaks the rules about images, versions and keys."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.containers import service
from tests.policies.mutations.registry import (
    ADVISORY,
    BREAKS,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
)

ALIAS = "aws:lambda/alias:Alias"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"


def expiry(count):
    rule = {
        "rulePriority": 1,
        "selection": {
            "tagStatus": "any",
            "countType": "imageCountMoreThan",
            "countNumber": count,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})


def tasks(stack, image="web:1"):
    """Let containers of an image answer for one path."""
    container = {"name": "web", "image": image, "portMappings": [{"containerPort": 8080}]}
    stack.add(
        "task",
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "family": "web",
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "512",
            "memory": "1024",
            "containerDefinitions": json.dumps([container]),
        },
    )
    service(stack, taskDefinition=Ref("task", "arn"))


def alias(stack, version="7"):
    stack.add("live", ALIAS, {"name": "live", "functionName": "report", "functionVersion": version})


@breaks("ecs-image-fixed", ADVISORY, production=MANDATORY)
def image_of_the_moment(stack):
    tasks(stack, "web:latest")


@breaks("ecr-images-kept")
def registry_of_one_image(stack):
    stack.add("expiry", LIFECYCLE, {"repository": "web", "policy": expiry(1)})


@breaks("lambda-version-fixed", ADVISORY, production=MANDATORY)
def alias_of_what_was_uploaded_last(stack):
    alias(stack, "$LATEST")


@breaks("kms-key-rotation", ADVISORY)
def key_for_ever(stack):
    stack.add("key", "aws:kms/key:Key", {"description": "volumes"})


decides("ecs-image-fixed", "task", "containerDefinitions", absent=KEEPS, unknown=KEEPS, given=tasks)
decides(
    "ecr-images-kept", "expiry", "policy", absent=KEEPS, unknown=KEEPS,
    given=lambda stack: stack.add("expiry", LIFECYCLE, {"repository": "web", "policy": expiry(10)}),
)  # fmt: skip
decides("lambda-version-fixed", "live", "functionVersion", absent=KEEPS, unknown=KEEPS, given=alias)
decides(
    "kms-key-rotation", "key", "enableKeyRotation", absent=BREAKS, unknown=BREAKS,
    given=lambda stack: stack.add("key", "aws:kms/key:Key", {"enableKeyRotation": True}),
)  # fmt: skip
