"""The part of the coverage page that says of each AWS call what the region has of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, cast

from moto.core.model import ServiceModel
from moto.core.utils import camelcase_to_underscores, get_service_model

from region.api import support
from region.api.support import EVERYTHING, Operation, Support
from region.services.cloudwatch import alarm_patches as cloudwatch
from region.services.ec2 import refusals as ec2
from region.services.rds import refusals as rds

_REFUSED: Final = {"cloudwatch": cloudwatch.REFUSED, "ec2": ec2.REFUSED, "rds": rds.REFUSED}
"""Calls whose patch refuses them, and says what to do instead."""

_INTRODUCTION: Final = """\
## AWS APIs

An operation or parameter that is not here is refused with `NotImplemented`, in the form of the service's
protocol, and the message names it; so is every call of a service that is not here. Nothing is accepted and
ignored, but for the parameters that are said to have no effect.
"""


def render() -> Iterator[str]:
    """Yield the lines of the section."""
    yield _INTRODUCTION
    yield "Answered as moto does, as a whole: " + ", ".join(
        f"`{service}` ({what})" for service, what in support.STORED.items()
    )
    yield ""
    for service in support.declared():
        declared = support.of(service)
        if declared is not None:
            yield from _service(declared, get_service_model(service))


def _service(declared: Support, model: ServiceModel) -> Iterator[str]:
    names = sorted(cast("list[str]", model.operation_names))
    done = [
        name
        for name in names
        if name in declared.operations or (declared.patched(name) and not _refused(declared, name))
    ]
    refused = [name for name in names if name not in done]
    yield f"### {declared.service}: {len(done)} of {len(names)} operations\n"
    if done:
        yield "| Operation | Refused parameters | Without effect |"
        yield "| --- | --- | --- |"
    for name in done:
        operation = declared.operations.get(name, Operation(frozenset({EVERYTHING})))
        shape = model.operation_model(name).input_shape
        members = sorted(cast("Iterable[str]", shape.members)) if shape is not None else []  # pyright: ignore[reportAttributeAccessIssue]
        missing = [f"`{member}`" for member in members if not operation.admits(member)]
        idle = [
            f"`{member}` ({reason})" for member, reason in sorted(operation.without_effect.items())
        ]
        yield f"| {name} | {', '.join(missing) or '-'} | {', '.join(idle) or '-'} |"
    if refused:
        yield f"\nRefused: {', '.join(refused)}.\n"
    yield ""


def _refused(declared: Support, operation: str) -> bool:
    """Return whether the patch of an operation is there to refuse it, with what to do instead."""
    return camelcase_to_underscores(operation) in _REFUSED.get(declared.service, ())
