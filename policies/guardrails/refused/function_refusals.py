"""What AWS Lambda refuses about code, names, environments and batches: part of `lambda-accepted`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from guardrails import tokens
from guardrails.refusals import JointRefusal, alone, at_most
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, is_true, leaves, number, show

_API = "https://docs.aws.amazon.com/lambda/latest/api/"
_CREATE = f"{_API}API_CreateFunction.html"
_MAPPING = f"{_API}API_CreateEventSourceMapping.html"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_NAME: Final = 64
_ENVIRONMENT: Final = 4096
_QUEUE_BATCH: Final = 10
_MOST: Final = 10000
_STREAMS: Final = re.compile(r"arn:aws[a-z-]*:(?:kinesis|dynamodb|kafka):")


def _name(function: Resource) -> str | None:
    name = function.get("name")
    if not isinstance(name, str) or not name or function.left_out("name"):
        return None
    if len(name) > _LONGEST_NAME:
        return f"name {show(name)} has {len(name)} characters"
    return None if _NAME.fullmatch(name) else f"name is {show(name)}"


def _code(function: Resource) -> Iterator[str]:
    image = function.setting("packageType") == "Image"
    packed = any(not is_absent(function.get(name)) for name in ("code", "s3Bucket"))
    if function.setting("packageType") is UNKNOWN or not (image or packed):
        return
    given = {name: not is_absent(function.setting(name)) for name in ("runtime", "handler")}
    for name, is_given in given.items():
        if image and is_given:
            yield f'package_type is "Image", and {name} is set'
        elif not image and not is_given:
            yield f"{name} is not set, and the function is not an image"


def _environment(function: Resource) -> str | None:
    variables = function.get("environment", "variables")
    if not isinstance(variables, dict) or UNKNOWN in leaves(variables):
        return None
    size = len(json.dumps(variables, separators=(",", ":")).encode())
    return f"its environment has {size} bytes" if size > _ENVIRONMENT else None


def _source(mapping: Resource) -> str:
    return str(mapping.get("eventSourceArn"))


def _queue(stack: Stack, mapping: Resource) -> tuple[bool, bool | None]:
    """Return whether the source is certainly a queue, and whether that is a FIFO queue."""
    found = stack.references(mapping, "eventSourceArn", tokens.QUEUE, ("arn",)).resources
    if found:
        ordered = found[0].setting("fifoQueue")
        return True, None if ordered is UNKNOWN else is_true(ordered)
    arn = _source(mapping)
    return ":sqs:" in arn, arn.endswith(".fifo")


def _batch(stack: Stack, mapping: Resource) -> Iterator[str]:
    is_queue, ordered = _queue(stack, mapping)
    size = number(mapping.get("batchSize"))
    window = mapping.setting("maximumBatchingWindowInSeconds")
    if not is_queue or size is None or not _QUEUE_BATCH < size <= _MOST:
        return
    if ordered:
        yield f"batch_size is {size:g}, and its source is a FIFO queue"
    elif ordered is False and window is not UNKNOWN and not number(window):
        yield f"batch_size is {size:g}, maximum_batching_window_in_seconds is {show(window)}"


def _ordered_window(stack: Stack, mapping: Resource) -> str | None:
    is_queue, ordered = _queue(stack, mapping)
    window = number(mapping.get("maximumBatchingWindowInSeconds"))
    if is_queue and ordered and window:
        return f"maximum_batching_window_in_seconds is {window:g}, and its source is a FIFO queue"
    return None


def _start(stack: Stack, mapping: Resource) -> str | None:
    own = stack.references(mapping, "eventSourceArn", _OF_STREAMS, _STREAM_KEYS).resources
    is_stream = bool(own) or _STREAMS.match(_source(mapping))
    if is_stream and mapping.left_out("startingPosition"):
        return "its source is a stream, and starting_position is not set"
    return None


_OF_STREAMS = (*tokens.TABLE, "aws:kinesis/stream:Stream", *tokens.STREAM_CLUSTER)
_STREAM_KEYS = ("streamArn", "arn", "id")


def _stream_off(stack: Stack, mapping: Resource) -> Iterator[str]:
    """Find a table as a source whose stream is switched off."""
    found = stack.references(mapping, "eventSourceArn", tokens.TABLE, _STREAM_KEYS)
    for table in found.resources:
        if table.setting("streamEnabled") in (None, False):
            yield f'stream_enabled of table "{table.name}" is {table.shown("streamEnabled")}'


def _both_architectures(function: Resource) -> str | None:
    given = function.setting("architectures")
    if isinstance(given, list) and len(given) > 1:
        return f"architectures has {', '.join(map(show, given))}"
    return None


def _more_than_reserved(stack: Stack, provisioned: Resource) -> Iterator[str]:
    wanted = number(provisioned.get("provisionedConcurrentExecutions"))
    functions = stack.references(
        provisioned, "functionName", tokens.LAMBDA_FUNCTION, ("name", "arn", "id")
    ).resources
    for function in functions:
        reserved = number(function.get("reservedConcurrentExecutions"))
        if wanted is not None and reserved is not None and 0 <= reserved < wanted:
            yield (
                f"provisioned_concurrent_executions is {wanted:g}, reserved_concurrent_executions of "
                f'function "{function.name}" {reserved:g}'
            )


TABLE = (
    JointRefusal(
        types=("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",),
        says=(
            "InvalidParameterValueException: Requested Provisioned Concurrency should not be greater than "
            "the reservedConcurrentExecution for function."
        ),
        source=f"{_API}API_PutProvisionedConcurrencyConfig.html",
        remedy=(
            "set reserved_concurrent_executions of the function to the provisioned ones or more, or leave "
            "it out."
        ),
        find=_more_than_reserved,
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says="FunctionName: up to 64 letters, digits, hyphens and underscores.",
        source=_CREATE,
        remedy="shorten name to 64 letters, digits, - and _, or leave it to Pulumi.",
        find=alone(_name),
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says=(
            "InvalidParameterValueException: Runtime and Handler are mandatory parameters for functions "
            "created with deployment packages, and not for images."
        ),
        source=_CREATE,
        remedy="set runtime and handler of a package; leave both out of an image.",
        find=alone(_code),
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says=(
            "InvalidParameterValueException: environment variables exceeded the 4KB limit, all names and "
            "values together."
        ),
        source="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        remedy="keep long values of environment in an aws.ssm.Parameter, and read it at start.",
        find=alone(_environment),
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says="InvalidParameterValueException: a function has up to five layers.",
        source=_CREATE,
        remedy="merge layers: at most five of them.",
        find=alone(at_most("layers", 5)),
    ),
    JointRefusal(
        types=tokens.LAMBDA_FUNCTION,
        says="InvalidParameterValueException: a function has one architecture, x86_64 or arm64.",
        source=_CREATE,
        remedy="name one of architectures.",
        find=alone(_both_architectures),
    ),
    JointRefusal(
        types=tokens.EVENT_SOURCE,
        says=(
            "InvalidParameterValueException: a batch of more than 10 messages needs a batching window of "
            "a second or more; FIFO queues give 10 at most."
        ),
        source=_MAPPING,
        remedy="set batch_size to 10, or maximum_batching_window_in_seconds to 1 or more.",
        find=_batch,
    ),
    JointRefusal(
        types=tokens.EVENT_SOURCE,
        says="InvalidParameterValueException: Batching window is not supported for FIFO queues.",
        source=_MAPPING,
        remedy="leave maximum_batching_window_in_seconds out.",
        find=_ordered_window,
    ),
    JointRefusal(
        types=tokens.EVENT_SOURCE,
        says="InvalidParameterValueException: 1 validation error: streams need a StartingPosition.",
        source=_MAPPING,
        remedy='set starting_position to "TRIM_HORIZON" or "LATEST".',
        find=_start,
    ),
    JointRefusal(
        types=tokens.EVENT_SOURCE,
        says="ValidationException: the table has no stream: its stream ARN is empty.",
        source=_MAPPING,
        remedy='set stream_enabled of the table to true, and stream_view_type to "NEW_IMAGE".',
        find=_stream_off,
    ),
)
"""Appended to the table of `lambda-accepted`."""
