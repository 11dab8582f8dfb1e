"""Images, versions, keys and sign-in."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.images import LIFECYCLE, alias, expiry, tasks
from tests.policies.mutations.sign_in import reached
from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

KEY = "aws:kms/key:Key"


def of(image):
    return lambda draft: tasks(draft, image)


def version(number):
    return lambda draft: alias(draft, number)


REFUSED = {
    "ecs-image-fixed": [of("web:latest"), of("web"), of("host.example.com:5000/web")],
    "ecr-images-kept": [alone(LIFECYCLE, policy=expiry(1))],
    "lambda-version-fixed": [version("$LATEST")],
    "kms-key-rotation": [alone(KEY, enableKeyRotation=False)],
}

SOUND = {
    "ecs-image-fixed": [of("web:1"), of("host.example.com:5000/web@sha256:0"), tasks],
    "ecr-images-kept": [alone(LIFECYCLE, policy=expiry(10)), alone(LIFECYCLE, policy=UNKNOWN)],
    "lambda-version-fixed": [version("7"), version(UNKNOWN)],
    "kms-key-rotation": [alone(KEY, keyUsage="SIGN_VERIFY", customerMasterKeySpec="RSA_4096")],
    "elb-reaches-identity-provider": [reached],
}
