"""Targets of rules: where they are, and what of an event they are sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DELIVERED_TO = ("sqs", "sns", "logs", "events")
"""The services whose ARNs the region delivers to."""
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an ARN that a target is found by."""

    service: str
    region: str
    account: str
    resource: str


def parse(text: str) -> Arn:
    """Return the parts of an ARN.

    Raises:
        ValueError: It is none.
    """
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise ValueError(f"{text} is not an ARN.")
    return Arn(parts[2], parts[3], parts[4], parts[5])


def text_for(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Return what a target is sent of an event: all of it, a part, a template or a constant."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(value_at(event, str(target["InputPath"])))
    transformer = target.get("InputTransformer")
    if transformer:
        paths: Mapping[str, str] = transformer.get("InputPathsMap") or {}
        return _fill(str(transformer["InputTemplate"]), paths, event)
    return json.dumps(event)


def value_at(event: Mapping[str, Any], path: str) -> Any:
    """Return what a JSON path such as `$.detail.state` or `$.resources[0]` leads to, None if nowhere."""
    found: Any = event
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path.removeprefix("$")):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _fill(template: str, paths: Mapping[str, str], event: Mapping[str, Any]) -> str:
    """Replace the placeholders of a template: as text inside of quotes, as JSON outside of them."""
    known = {name: value_at(event, path) for name, path in paths.items()}
    known["aws.events.event.json"] = dict(event)
    known["aws.events.event"] = dict(event)

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in known:
            return match.group(0)
        value = known[name]
        inside = len(re.findall(r'(?<!\\)"', template[: match.start()])) % 2 == 1
        if isinstance(value, str) and (inside or not template.lstrip().startswith(("{", "["))):
            return value
        return json.dumps(value)

    return _PLACEHOLDER.sub(replace, template)
