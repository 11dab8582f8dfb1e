"""The page `docs/emulator-coverage.md`: what the region supports, rendered from the code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, cast

import botocore.session
from botocore import xform_name

from region.api.patching import applied
from region.coverage import calls
from region.provider import upstream, validate
from region.provider.handler import Handler
from region.provider.invokes import INVOKES
from region.provider.resources import UNSUPPORTED_BY_DESIGN, all_handlers
from region.provider.schema import Shape, resource_schema
from region.services.install import install_patches

_INTRODUCTION: Final = """\
# What the local region supports

<!-- Written by `python -m docgen --write`; a test checks that it matches the code. -->

The local region implements the resource types and inputs below, or rejects them before anything is
created: it ignores none ([ADR 6](adr/0006-reject-what-the-region-cannot-emulate.md)). Whether a change
replaces a resource is taken from Pulumi's own provider, version {version}
([ADR 17](adr/0017-a-provider-of-our-own.md)).

- **Replaces**: changing the input replaces the resource.
- **Rejected**: the input exists on AWS and has no effect that the region could show. Inside an input
  that is supported in part, the rejected members have a dot in their path.

`region` is an input of every regional type and must name the region that is running.
"""


def render() -> str:
    """Return the page."""
    handlers = all_handlers()
    install_patches()
    parts = [
        _INTRODUCTION.format(version=upstream.document()["version"]),
        "\n".join(_overview(handlers)),
        "\n".join(_unsupported()),
        "\n".join(_functions()),
        "\n".join(calls.render()),
        "\n".join(_patches()),
        "\n".join(_types(handlers)),
    ]
    return "\n".join(parts)


def _overview(handlers: dict[str, Handler]) -> Iterator[str]:
    yield f"## Resource types ({len(handlers)})\n"
    yield "| Module | Types |"
    yield "| --- | --- |"
    for module, tokens in groupby(sorted(handlers), key=_module):
        names = ", ".join(f"[{_name(token)}](#{_anchor(token)})" for token in tokens)
        yield f"| `aws.{module}` | {names} |"
    yield ""


def _unsupported() -> Iterator[str]:
    yield "## Types that are rejected by design\n"
    yield "| Type | Why, and what to do |"
    yield "| --- | --- |"
    for token, reason in sorted(UNSUPPORTED_BY_DESIGN.items()):
        yield f"| `{token}` | {reason} |"
    yield "\nEvery other type is rejected as well, with a list of the supported ones of its module.\n"


def _functions() -> Iterator[str]:
    yield f"## Functions ({len(INVOKES)})\n"
    yield from (f"- `{token}`" for token in sorted(INVOKES))
    yield ""


def _patches() -> Iterator[str]:
    """Describe the patches of moto, per service."""
    yield "### Patches\n"
    yield "moto answers the AWS APIs. The region replaces or wraps these parts of it:\n"
    yield "| Service | Operations | Other parts of moto |"
    yield "| --- | --- | --- |"
    session = botocore.session.get_session()
    known = set(session.get_available_services())
    parts = [tuple(patch.target.split(".")) for patch in applied()]
    for service, targets in groupby(sorted(parts), key=lambda part: part[1]):
        if service not in known:
            continue
        # botocore caches this list with a decorator of its own, which its types do not resolve.
        listed = cast("list[str]", session.get_service_model(service).operation_names)
        operations = {xform_name(name): name for name in listed}
        names = [target[2:] for target in targets]
        patched = sorted({operations[name[-1]] for name in names if name[-1] in operations})
        others = sorted({".".join(name[1:]) for name in names if name[-1] not in operations})
        yield f"| {service} | {_codes(patched)} | {_codes(others)} |"
    yield ""


def _types(handlers: dict[str, Handler]) -> Iterator[str]:
    for module, tokens in groupby(sorted(handlers), key=_module):
        yield f"## aws.{module}\n"
        for token in tokens:
            yield from _type(token, handlers[token])


def _type(token: str, handler: Handler) -> Iterator[str]:
    shape = resource_schema(token).inputs
    support = validate.Support(handler.supported)
    yield f"### aws.{_module(token)}.{_name(token)}\n"
    yield f"`{token}`\n"
    yield "| Supported input | A change |"
    yield "| --- | --- |"
    for path in sorted(handler.supported):
        yield f"| `{path}` | {_effect(token, path, handler)} |"
    yield ""
    rejected = sorted(_rejected(support, shape, ""))
    if rejected:
        yield f"Rejected: {_codes(rejected)}.\n"
    if handler.hints:
        yield "Instead of a rejected input:\n"
        yield from (f"- `{path}`: {hint}" for path, hint in sorted(handler.hints.items()))
        yield ""


def _effect(token: str, path: str, handler: Handler) -> str:
    if handler.replacing(path):
        return "replaces"
    condition = upstream.DYNAMIC_REPLACEMENTS.get(token, {}).get(path)
    if condition:
        return f"replaces {condition.partition(' (')[0]}"
    members = sorted(item for item in handler.force_new if item.startswith(f"{path}."))
    return f"in place; replaces for {_codes(members)}" if members else "in place"


def _rejected(support: validate.Support, shape: Shape, prefix: str) -> Iterator[str]:
    """Yield the inputs that are rejected, with those inside inputs that are supported in part."""
    for name, member in shape.properties.items():
        path = f"{prefix}{name}"
        if path == "region":
            continue
        if not support.implements(path):
            yield path
        elif support.members(path):
            inner = member.element if member.element and member.kind == "list" else member
            yield from _rejected(support, inner, f"{path}.")


def _module(token: str) -> str:
    return token.split(":")[1].split("/", maxsplit=1)[0]


def _name(token: str) -> str:
    return token.rsplit(":", maxsplit=1)[-1]


def _anchor(token: str) -> str:
    return f"aws{_module(token)}{_name(token)}".lower()


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"
