"""Rules of listeners."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.resources.lb import actions, common
from region.provider.values import Properties

_VALUES = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}


class ListenerRule(Handler):
    """`aws.lb.ListenerRule`."""

    resource_type = "aws:lb/listenerRule:ListenerRule"
    supported = frozenset(
        {
            "listenerArn",
            "priority",
            *(f"actions.{member}" for member in actions.MEMBERS),
            *(f"conditions.{name}.values" for name in _VALUES),
            "conditions.httpHeader.httpHeaderName",
            "conditions.httpHeader.values",
            "conditions.queryStrings.key",
            "conditions.queryStrings.value",
            "tags",
        }
    )
    hints: ClassVar = {
        "transforms": "let the target do it: the local region rewrites no host and no URL",
    }
    sets = frozenset({"conditions"})
    computed = frozenset({"priority"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check for one action, conditions, and a priority that ELB would accept."""
        if inputs.get("listenerArn") is None:
            yield CheckFailure("listenerArn", "a rule needs 'listenerArn'; set it")
        if not inputs.get("conditions"):
            yield CheckFailure(
                "conditions", "a rule needs 'conditions'; set one such as pathPattern"
            )
        yield from checks.within("priority", inputs.get("priority"), 1, 50_000)
        yield from actions.check("actions", inputs.get("actions"))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateRule; the id is the ARN. Without a priority it comes after the last rule."""
        elb, listener = op.aws.elbv2, inputs["listenerArn"]
        priority = inputs.get("priority")
        if priority is None:
            rules = elb.describe_rules(ListenerArn=listener)["Rules"]
            taken = [int(rule["Priority"]) for rule in rules if not rule["IsDefault"]]
            priority = max(taken, default=0) + 1
        response = elb.create_rule(
            ListenerArn=listener,
            Priority=int(priority),
            Conditions=_conditions(inputs),
            Actions=actions.parameters(inputs["actions"]),
            **common.tags_parameter(inputs),
        )
        return response["Rules"][0]["RuleArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyRule and SetRulePriorities."""
        elb = op.aws.elbv2
        if old is not None:
            if any(new.get(name) != old.get(name) for name in ("actions", "conditions")):
                elb.modify_rule(
                    RuleArn=identity,
                    Conditions=_conditions(new),
                    Actions=actions.parameters(new["actions"]),
                )
            priority = new.get("priority")
            if priority is not None and priority != old.get("priority"):
                elb.set_rule_priorities(
                    RulePriorities=[{"RuleArn": identity, "Priority": int(priority)}]
                )
        common.retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the rule."""
        elb = op.aws.elbv2
        try:
            (rule,) = elb.describe_rules(RuleArns=[identity])["Rules"]
        except elb.exceptions.RuleNotFoundException:
            return None
        listener = identity.replace(":listener-rule/", ":listener/").rsplit("/", 1)[0]
        return {
            "listenerArn": listener,
            "priority": int(rule["Priority"]),
            "actions": actions.described(rule["Actions"]),
            "conditions": [_described(item) for item in rule["Conditions"]],
            "arn": identity,
            "tags": common.tags_of(op, identity),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteRule."""
        op.aws.elbv2.delete_rule(RuleArn=identity)


def _conditions(inputs: Properties) -> list[dict[str, Any]]:
    return [
        made
        for condition in cast("list[Properties]", inputs["conditions"])
        for made in _parameters(condition)
    ]


def _parameters(condition: Properties) -> Iterable[dict[str, Any]]:
    for name, (field, config) in _VALUES.items():
        if condition.get(name):
            yield {"Field": field, config: {"Values": list(condition[name]["values"])}}
    if header := condition.get("httpHeader"):
        values = {"HttpHeaderName": header["httpHeaderName"], "Values": list(header["values"])}
        yield {"Field": "http-header", "HttpHeaderConfig": values}
    if pairs := condition.get("queryStrings"):
        values = [
            {"Value": pair["value"], **({"Key": pair["key"]} if pair.get("key") else {})}
            for pair in pairs
        ]
        yield {"Field": "query-string", "QueryStringConfig": {"Values": values}}


def _described(condition: dict[str, Any]) -> Properties:
    for name, (field, config) in _VALUES.items():
        if condition["Field"] == field:
            return {name: {"values": condition[config]["Values"]}}
    if condition["Field"] == "http-header":
        config = condition["HttpHeaderConfig"]
        values = {"httpHeaderName": config["HttpHeaderName"], "values": config["Values"]}
        return {"httpHeader": values}
    pairs = [
        {"value": pair["Value"], **({"key": pair["Key"]} if pair.get("Key") else {})}
        for pair in condition["QueryStringConfig"]["Values"]
    ]
    return {"queryStrings": pairs}
