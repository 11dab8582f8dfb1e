"""The part of the coverage page that lists what the region supports of each AWS call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from moto.core.model import ServiceModel
from moto.core.utils import get_service_model

from region.api import support
from region.api.calls import members_of
from region.api.support import Members, Support

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
    done = [name for name in names if name in declared.operations]
    refused = [name for name in names if name not in done]
    yield f"### {declared.service}: {len(done)} of {len(names)} operations\n"
    if done:
        yield "| Operation | Refused parameters | Without effect |"
        yield "| --- | --- | --- |"
    for name in done:
        yield _row(name, declared.operations[name], model.operation_model(name).input_shape)
    if declared.structures:
        yield "\n| Inside parameters | Refused members | Without effect |"
        yield "| --- | --- | --- |"
        shapes = {name: model.shape_for(name) for name in sorted(declared.structures)}
        yield from (_row(name, declared.structures[name], shapes[name]) for name in shapes)
    if refused:
        yield f"\nRefused: {', '.join(refused)}.\n"
    yield ""


def _row(name: str, members: Members, shape: Any) -> str:
    named = sorted(members_of(shape))
    missing = [f"`{member}`" for member in named if not members.admits(member)]
    only = [
        f"`{member}` (other than {' or '.join(f'`{value}`' for value in values)})"
        for member, values in sorted(members.only.items())
    ]
    idle = [f"`{member}` ({reason})" for member, reason in sorted(members.without_effect.items())]
    return f"| {name} | {', '.join([*missing, *only]) or '-'} | {', '.join(idle) or '-'} |"
