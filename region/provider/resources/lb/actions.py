"""The actions of listeners and their rules, as inputs of the provider and as ELB has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import found, given
from region.provider.values import Properties

KINDS: Final = ["forward", "redirect", "fixed-response"]
MEMBERS: Final = (
    "type",
    "order",
    "targetGroupArn",
    "forward.targetGroups.arn",
    "forward.targetGroups.weight",
    "forward.stickiness.duration",
    "forward.stickiness.enabled",
    "redirect.host",
    "redirect.path",
    "redirect.port",
    "redirect.protocol",
    "redirect.query",
    "redirect.statusCode",
    "fixedResponse.contentType",
    "fixedResponse.messageBody",
    "fixedResponse.statusCode",
)
"""The supported members of an action."""

_NEEDS: Final = {"redirect": "redirect", "fixed-response": "fixedResponse"}
_PLAIN: Final = {"Type": "type", "Order": "order", "TargetGroupArn": "targetGroupArn"}
_REDIRECT: Final = {
    "Host": "host",
    "Path": "path",
    "Port": "port",
    "Protocol": "protocol",
    "Query": "query",
    "StatusCode": "statusCode",
}
_FIXED: Final = {
    "ContentType": "contentType",
    "MessageBody": "messageBody",
    "StatusCode": "statusCode",
}


def check(name: str, actions: Any) -> Iterable[CheckFailure]:
    """Check for one action that the region does; `name` is the input that they are in."""
    if not isinstance(actions, list):
        return
    items = cast("list[Any]", actions)
    if len(items) != 1:
        yield CheckFailure(name, "the local region takes exactly one action")
    for action in items:
        if not isinstance(action, dict):
            continue
        inputs = cast("Properties", action)
        kind: Any = inputs.get("type")
        yield from checks.one_of(f"{name}.type", kind, KINDS)
        if kind == "forward" and not inputs.get("targetGroupArn") and not inputs.get("forward"):
            reason = "a forwarding action needs 'targetGroupArn' or 'forward'; set it"
            yield CheckFailure(f"{name}.targetGroupArn", reason)
        member = _NEEDS.get(str(kind))
        if member and not inputs.get(member):
            yield CheckFailure(f"{name}.{member}", f"an action {kind} needs {member!r}; set it")


def parameters(actions: Iterable[Properties]) -> list[dict[str, Any]]:
    """Return the actions as ELB's calls take them."""
    return [_parameter(action) for action in actions]


def _parameter(action: Properties) -> dict[str, Any]:
    made: dict[str, Any] = given(_PLAIN, action)
    if redirect := action.get("redirect"):
        made["RedirectConfig"] = given(_REDIRECT, redirect)
    if fixed := action.get("fixedResponse"):
        made["FixedResponseConfig"] = given(_FIXED, fixed)
    if forward := action.get("forward"):
        config: dict[str, Any] = {
            "TargetGroups": [
                {"TargetGroupArn": group["arn"], "Weight": int(group.get("weight", 1))}
                for group in forward["targetGroups"]
            ]
        }
        if sticky := forward.get("stickiness"):
            config["TargetGroupStickinessConfig"] = {
                "Enabled": bool(sticky.get("enabled", False)),
                "DurationSeconds": int(sticky["duration"]),
            }
        made["ForwardConfig"] = config
    return made


def described(actions: Iterable[dict[str, Any]]) -> list[Properties]:
    """Return actions as inputs: one target group as `targetGroupArn`, several as `forward`."""
    return [_described(action) for action in actions]


def _described(action: dict[str, Any]) -> Properties:
    made: Properties = {"type": action["Type"], "order": action.get("Order", 1)}
    if redirect := action.get("RedirectConfig"):
        made["redirect"] = found(_REDIRECT, redirect)
    if fixed := action.get("FixedResponseConfig"):
        made["fixedResponse"] = found(_FIXED, fixed)
    if action["Type"] == "forward":
        config = cast("dict[str, Any]", action.get("ForwardConfig") or {})
        groups = cast("list[dict[str, Any]]", config.get("TargetGroups") or [])
        sticky = cast("dict[str, Any]", config.get("TargetGroupStickinessConfig") or {})
        if len(groups) > 1 or sticky.get("Enabled"):
            forward: Properties = {
                "targetGroups": [
                    {"arn": group["TargetGroupArn"], "weight": group.get("Weight", 1)}
                    for group in groups
                ]
            }
            if sticky.get("DurationSeconds"):
                forward["stickiness"] = {
                    "enabled": bool(sticky.get("Enabled")),
                    "duration": sticky["DurationSeconds"],
                }
            made["forward"] = forward
        else:
            alone = groups[0]["TargetGroupArn"] if groups else ""
            made["targetGroupArn"] = action.get("TargetGroupArn") or alone
    return made
