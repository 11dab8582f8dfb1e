"""What AWS Lambda refuses about functions and what calls them."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.refusals import JointRefusal, alone, between, joint_refusal_rule
from guardrails.refused import function_refusals
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, number, show

_API = "https://docs.aws.amazon.com/lambda/latest/api/"
_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"
_FUNCTION_KEYS = ("arn", "name", "id", "invokeArn", "qualifiedArn")
_DEFAULT_SECONDS = 3.0
_DEFAULT_VISIBILITY = 30.0

_NO_LONGER_CREATED = frozenset(
    {
        "dotnet5.0", "dotnet6", "dotnet7", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1",
        "dotnetcore3.1", "go1.x", "java8", "nodejs", "nodejs4.3", "nodejs6.10", "nodejs8.10",
        "nodejs10.x", "nodejs12.x", "nodejs14.x", "nodejs16.x", "provided",
        "python2.7", "python3.6", "python3.7", "python3.8", "ruby2.5", "ruby2.7",
    }
)  # fmt: skip
"""Runtimes of which Lambda creates no function any more (developer guide, "Deprecated runtimes")."""


def _runtime(function: Resource) -> str | None:
    given = function.get("runtime")
    return f"runtime is {show(given)}" if given in _NO_LONGER_CREATED else None


def _seconds(resource: Resource, prop: str, default: float) -> float | None:
    given = resource.setting(prop)
    return default if is_absent(given) else number(given)


def _impatient_queue(stack: Stack, mapping: Resource) -> Iterator[str]:
    """Find a queue that hands a message out again while the function still works on it."""
    queues = stack.references(mapping, "eventSourceArn", tokens.QUEUE, ("arn",)).resources
    functions = stack.references(
        mapping, "functionName", tokens.LAMBDA_FUNCTION, _FUNCTION_KEYS
    ).resources
    for queue in queues:
        for function in functions:
            visible = _seconds(queue, "visibilityTimeoutSeconds", _DEFAULT_VISIBILITY)
            works = _seconds(function, "timeout", _DEFAULT_SECONDS)
            if visible is not None and works is not None and visible < works:
                yield (
                    f'visibility_timeout_seconds of queue "{queue.name}" is {visible:g}, timeout of '
                    f'function "{function.name}" {works:g}'
                )


def _qualified_latest(provisioned: Resource) -> str | None:
    given = provisioned.get("qualifier")
    return f"qualifier is {show(given)}" if given == "$LATEST" else None


_RESERVED = frozenset(
    (
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "_HANDLER",
    )
)
"""Environment variables that AWS Lambda sets by itself (developer guide)."""


def _reserved(function: Resource) -> str | None:
    variables = function.get("environment", "variables")
    taken = sorted(_RESERVED.intersection(variables if isinstance(variables, dict) else ()))
    return f"environment has {taken[0]}" if taken else None


def _half_a_network(function: Resource) -> str | None:
    subnets, groups = (
        function.get("vpcConfig", name) for name in ("subnetIds", "securityGroupIds")
    )
    if UNKNOWN not in (subnets, groups) and is_absent(subnets) != is_absent(groups):
        missing = "subnet_ids" if is_absent(subnets) else "security_group_ids"
        return f"vpc_config has no {missing}"
    return None


_TABLE = (
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says="InvalidParameterValueException: The runtime parameter is no longer supported.",
        source=f"{_GUIDE}lambda-runtimes.html",
        remedy="set runtime to one that Lambda supports, for example nodejs22.x or python3.13.",
        find=alone(_runtime),
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says="Timeout: a function works for 1 to 900 seconds.",
        source=f"{_API}API_CreateFunction.html",
        remedy="set timeout to at most 900 seconds, and leave longer work to a queue and workers.",
        find=alone(between("timeout", 1, 900)),
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says="MemorySize: a function has 128 to 10240 MB.",
        source=f"{_API}API_CreateFunction.html",
        remedy="set memory_size to 128 to 10240.",
        find=alone(between("memorySize", 128, 10240)),
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says="InvalidParameterValueException: SecurityGroupIds and SubnetIds go together.",
        source=f"{_API}API_VpcConfig.html",
        remedy="set both subnet_ids and security_group_ids of vpc_config.",
        find=alone(_half_a_network),
    ),
    JointRefusal(
        types=tokens.EVENT_SOURCE,
        says=(
            "InvalidParameterValueException: Queue visibility timeout is less than Function timeout."
        ),
        source=f"{_GUIDE}services-sqs-configure.html",
        remedy="set visibility_timeout_seconds of the queue to six times the function's timeout.",
        find=_impatient_queue,
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says=(
            "InvalidParameterValueException: Lambda was unable to configure your environment variables: "
            "they contain reserved keys that are currently not supported for modification."
        ),
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        remedy="give the variable another name: Lambda sets this one by itself.",
        find=alone(_reserved),
    ),
    JointRefusal(
        types=("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",),
        says=(
            "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to "
            "unpublished function versions."
        ),
        source=f"{_API}API_PutProvisionedConcurrencyConfig.html",
        remedy="set qualifier to a published version or an alias.",
        find=alone(_qualified_latest),
    ),
)

FUNCTIONS = joint_refusal_rule(
    (*_TABLE, *function_refusals.TABLE),
    id="lambda-accepted",
    title="AWS Lambda accepts every function and every event source mapping",
    controls={
        "AWS Config": ("LAMBDA_FUNCTION_SETTINGS_CHECK",),
        "Security Hub": ("Lambda.2",),
        "Checkov": ("CKV_AWS_363",),
        "Prowler": ("awslambda_function_using_supported_runtimes",),
        "Well-Architected": ("SEC06-BP01",),
    },
    url=f"{_API}API_CreateFunction.html",
    remedy="correct the function or the mapping as the message says.",
)

RULES = (FUNCTIONS,)
