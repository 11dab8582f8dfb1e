"""`aws.iam.get_policy_document`, which writes a policy as JSON without any call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from zlib import crc32

from region.provider.operation import ProviderContext
from region.provider.values import Properties

_VERSION: Final = "2012-10-17"
_LISTS: Final = (
    ("Action", "actions"),
    ("NotAction", "notActions"),
    ("Resource", "resources"),
    ("NotResource", "notResources"),
)


def policy_document(context: ProviderContext, arguments: Properties) -> Properties:
    """Write the statements, after those of the sources and before those of the overrides."""
    del context
    document: dict[str, Any] = {"Version": arguments.get("version") or _VERSION}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    written: list[dict[str, Any]] = []
    for source in arguments.get("sourcePolicyDocuments") or ():
        written += _statements(document, source)
    written = _merged(written, [_statement(one) for one in arguments.get("statements") or ()])
    for override in arguments.get("overridePolicyDocuments") or ():
        written = _merged(written, _statements(document, override))
    if written:
        document["Statement"] = written
    text = json.dumps(document, indent=2)
    return {
        **arguments,
        "id": str(crc32(text.encode())),
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
        "version": document["Version"],
    }


def _statements(document: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """Return the statements of another document, whose id the written one takes."""
    other: Mapping[str, Any] = json.loads(text) if text else {}
    if other.get("Id"):
        document["Id"] = other["Id"]
    found = other.get("Statement") or []
    return [found] if isinstance(found, dict) else list(found)


def _merged(
    before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Append statements; one replaces an earlier one that has its id."""
    found = list(before)
    for statement in after:
        places = [place for place, one in enumerate(found) if _same(one, statement)]
        if places:
            found[places[0]] = statement
        else:
            found.append(statement)
    return found


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one.get("Sid")) and one.get("Sid") == other.get("Sid")


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"Sid": given["sid"]} if given.get("sid") else {}
    found["Effect"] = given.get("effect") or "Allow"
    for name, argument in _LISTS:
        if given.get(argument):
            found[name] = _listed(given[argument])
    for name, argument in (("Principal", "principals"), ("NotPrincipal", "notPrincipals")):
        if given.get(argument):
            found[name] = _principals(given[argument])
    conditions: dict[str, dict[str, Any]] = {}
    for condition in given.get("conditions") or ():
        tests = conditions.setdefault(condition["test"], {})
        tests[condition["variable"]] = _listed(condition["values"])
    return found | ({"Condition": conditions} if conditions else {})


def _principals(given: Sequence[Mapping[str, Any]]) -> Any:
    found: dict[str, list[str]] = {}
    for one in given:
        found.setdefault(one["type"], []).extend(one["identifiers"])
    if found == {"*": ["*"]}:
        return "*"
    return {kind: _listed(names) for kind, names in found.items()}


def _listed(values: Sequence[str]) -> str | list[str]:
    """Write one value by itself and several in reverse order, as the official provider does."""
    written = [value.replace("&{", "${") for value in values]
    return written[0] if len(written) == 1 else sorted(written, reverse=True)
