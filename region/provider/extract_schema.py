"""Extract `upstream_schema.json` from the `schema.json` of Pulumi's `aws` provider.

    pulumi package get-schema aws@<version in pyproject.toml> > schema.json
    python -m region.provider.extract_schema schema.json            all supported types
    python -m region.provider.extract_schema schema.json TOKEN...   only these, such as new ones

Of nested inputs only those that the region supports are kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from commandline.errors import UserError
from commandline.run import command_line, run_cli
from region.provider.resources import all_handlers
from region.provider.upstream import FILE, document

TARGET: Final = Path(__file__).with_name(FILE)
_KINDS: Final[Mapping[str, str]] = {"array": "list"}

PLAN_MODIFIERS: Final[Mapping[str, frozenset[str]]] = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": frozenset({"securityGroupId"}),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": frozenset({"securityGroupId"}),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": frozenset(
        {"bucket", "expectedBucketOwner"}
    ),
}
"""Inputs of Plugin Framework types that replace by a plan modifier (`RequiresReplace`).

Plan modifiers are code, so the schema may not show them; read from terraform-provider-aws.
"""


def extract(
    schema: Mapping[str, Any], supported: Mapping[str, frozenset[str]], version: str
) -> dict[str, Any]:
    """Return the content of the file for some types.

    Args:
        schema: The provider's package schema.
        supported: The supported input paths by type token.
        version: The version of the provider that the schema is from.

    Raises:
        KeyError: The schema has no such type.
    """
    return {
        "package": "pulumi-aws",
        "version": version,
        "sources": {"all": f"schema.json of pulumi-aws {version}, plan modifiers excepted"},
        "resources": {
            token: {"inputs": dict(sorted(_inputs(schema, token, paths)))}
            for token, paths in sorted(supported.items())
        },
    }


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the old content with the types of the new one.

    Raises:
        ValueError: They are of different versions.
    """
    if old["version"] != new["version"]:
        raise ValueError(
            f"the file is of version {old['version']} and the schema of {new['version']}; extract "
            "all types from one version"
        )
    sources = dict.fromkeys(new["resources"], new["sources"]["all"])
    resources = {**old["resources"], **new["resources"]}
    return {
        **old,
        "sources": {**old["sources"], **sources},
        "resources": dict(sorted(resources.items())),
    }


def relevant(path: str, supported: frozenset[str]) -> bool:
    """Whether a path is an input of its own, or a member that the region supports."""
    return "." not in path or any(
        path == item or item.startswith(f"{path}.") or path.startswith(f"{item}.")
        for item in supported
    )


def _inputs(
    schema: Mapping[str, Any], token: str, supported: frozenset[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    resource = schema["resources"][token]
    required: set[str] = set(resource.get("requiredInputs", ()))
    filled_in = set(resource.get("required", ())) - required
    for path, entry in _members(schema, resource["inputProperties"], required, "", supported):
        if path in PLAN_MODIFIERS.get(token, ()):
            entry["willReplaceOnChanges"] = True
        # Always present in the outputs without being asked for: a default or AWS's own choice.
        if path in filled_in and "default" not in entry:
            entry["computed"] = True
        yield path, entry


def _members(
    schema: Mapping[str, Any],
    properties: Mapping[str, Any],
    required: set[str],
    prefix: str,
    supported: frozenset[str],
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, spec in properties.items():
        path = f"{prefix}{name}"
        if path == "region" or not relevant(path, supported):
            continue
        entry: dict[str, Any] = {"kind": _kind(schema, spec)}
        for key in ("willReplaceOnChanges", "secret", "default"):
            if key in spec:
                entry[key] = spec[key]
        if name in required:
            entry["required"] = True
        yield path, entry
        inner = _object(schema, spec)
        if inner:
            below = set(inner.get("required", ()))
            yield from _members(schema, inner["properties"], below, f"{path}.", supported)


def _kind(schema: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    if "oneOf" in spec:
        kinds = {_kind(schema, option) for option in spec["oneOf"]}
        return kinds.pop() if len(kinds) == 1 else "any"
    if "$ref" in spec:
        named = _named(schema, spec)
        return "string" if "enum" in named else "object" if named.get("properties") else "any"
    if spec["type"] == "object":
        return "map"
    kind: str = spec["type"]
    return _KINDS.get(kind, kind)


def _object(schema: Mapping[str, Any], spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the object type that a property, or each of its items, has."""
    named = _named(schema, spec.get("items", spec))
    return named if named.get("properties") else None


def _named(schema: Mapping[str, Any], spec: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(spec.get("$ref", "")).removeprefix("#/types/")
    return schema.get("types", {}).get(name, {})


def serialize(content: Mapping[str, Any]) -> str:
    """Return the file's text: one input a line, so that a new version is easy to review."""
    lines = ["{"]
    lines += [f" {json.dumps(key)}: {json.dumps(content[key])}," for key in ("package", "version")]
    lines.append(f' "sources": {json.dumps(content["sources"], indent=2)},')
    lines.append(' "resources": {')
    for token, entry in content["resources"].items():
        rows = [
            f"   {json.dumps(path)}: {json.dumps(row)}" for path, row in entry["inputs"].items()
        ]
        lines.append(f'  {json.dumps(token)}: {{"inputs": {{')
        lines.append(",\n".join(rows))
        lines.append("  }},")
    lines[-1] = lines[-1].removesuffix(",")
    return "\n".join([*lines, " }", "}"]) + "\n"


app = command_line("Extract `upstream_schema.json` from the schema of Pulumi's `aws` provider.")


@app.command()
def command(
    schema: Annotated[Path, typer.Argument(help="The provider's `schema.json`.")],
    tokens: Annotated[
        list[str] | None, typer.Argument(help="Only these types; by default all.")
    ] = None,
) -> None:
    """Write the file from a `schema.json`, for all types or for those named.

    - `pulumi package get-schema aws > schema.json`
    - `python -m region.provider.extract_schema schema.json aws:sns/topic:Topic`
    """
    supported = {token: handler.supported for token, handler in all_handlers().items()}
    if unknown := [one for one in tokens or () if one not in supported]:
        raise UserError(
            f"no handler of the region has the type {', '.join(unknown)}; write it first"
        )
    try:
        given = json.loads(schema.read_text(encoding="utf-8"))
        wanted = {token: supported[token] for token in tokens or supported}
        content = extract(given, wanted, given["version"])
        if tokens:
            content = merged(document(), content)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{schema} is not a schema of `pulumi package get-schema aws`: {error}"
        ) from error
    TARGET.write_text(serialize(content), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_cli(app, "python -m region.provider.extract_schema", arguments)


if __name__ == "__main__":
    sys.exit(main())
