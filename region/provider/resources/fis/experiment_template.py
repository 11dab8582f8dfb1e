"""Templates of experiments of the Fault Injection Service; `region.services.fis` runs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import override

from region.provider.errors import CheckFailure
from region.provider.handler import Handler, found, given, sync_tags
from region.provider.operation import Operation
from region.provider.values import Properties

_TEMPLATE = {"description": "description", "roleArn": "roleArn"}
_ACTION = {"actionId": "actionId", "description": "description", "startAfter": "startAfters"}
_TARGET = {
    "resourceType": "resourceType",
    "selectionMode": "selectionMode",
    "resourceArns": "resourceArns",
}
_STOP = {"source": "source", "value": "value"}
_OPTIONS = {
    "accountTargeting": "accountTargeting",
    "emptyTargetResolutionMode": "emptyTargetResolutionMode",
}


class ExperimentTemplate(Handler):
    """`aws.fis.ExperimentTemplate`."""

    resource_type = "aws:fis/experimentTemplate:ExperimentTemplate"
    supported = frozenset(
        {
            *_TEMPLATE.values(),
            "tags",
            *(f"stopConditions.{name}" for name in _STOP.values()),
            *(f"experimentOptions.{name}" for name in _OPTIONS.values()),
            *(f"actions.{name}" for name in (*_ACTION.values(), "name")),
            "actions.parameters.key",
            "actions.parameters.value",
            "actions.target.key",
            "actions.target.value",
            *(f"targets.{name}" for name in (*_TARGET.values(), "name")),
            "targets.resourceTags.key",
            "targets.resourceTags.value",
            "targets.filters.path",
            "targets.filters.values",
        }
    )
    sets = frozenset(
        {
            "actions",
            "actions.parameters",
            "actions.startAfters",
            "stopConditions",
            "targets",
            "targets.resourceArns",
            "targets.resourceTags",
        }
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that actions and targets have names of their own."""
        for path in ("actions", "targets"):
            items: Any = inputs.get(path)
            names = [one.get("name") for one in items or () if isinstance(one, dict)]
            known = [name for name in names if isinstance(name, str)]
            for name in sorted({name for name in known if known.count(name) > 1}):
                yield CheckFailure(path, f"{name!r} is the name of two of them; rename one")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateExperimentTemplate."""
        made = op.aws.fis.create_experiment_template(
            tags=inputs.get("tags") or {}, **_parameters(inputs), **_options(inputs)
        )
        return made["experimentTemplate"]["id"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call UpdateExperimentTemplate: it replaces everything except the tags."""
        if old is None:
            return
        options = _options(new)
        options.get("experimentOptions", {}).pop("accountTargeting", None)
        op.aws.fis.update_experiment_template(id=identity, **_parameters(new), **options)
        arn = op.arn("fis", f"experiment-template/{identity}")
        sync_tags(
            new,
            old,
            lambda tags: op.aws.fis.tag_resource(resourceArn=arn, tags=tags),
            lambda keys: op.aws.fis.untag_resource(resourceArn=arn, tagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Call GetExperimentTemplate."""
        templates = op.aws.fis.list_experiment_templates()["experimentTemplates"]
        if all(one["id"] != identity for one in templates):
            return None
        template = op.aws.fis.get_experiment_template(id=identity)["experimentTemplate"]
        options = found(_OPTIONS, template.get("experimentOptions") or {})
        asked = state.get("experimentOptions")
        return {
            **found(_TEMPLATE, template),
            "stopConditions": [found(_STOP, one) for one in template["stopConditions"]],
            "actions": [_described_action(*item) for item in template["actions"].items()],
            "targets": [
                _described_target(*item) for item in (template.get("targets") or {}).items()
            ],
            **({"experimentOptions": options} if asked and options else {}),
            "tags": dict(template.get("tags") or {}),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteExperimentTemplate."""
        op.aws.fis.delete_experiment_template(id=identity)


def _parameters(inputs: Properties) -> dict[str, Any]:
    return {
        **given(_TEMPLATE, inputs),
        "stopConditions": [given(_STOP, one) for one in inputs["stopConditions"]],
        "actions": {one["name"]: _action(one) for one in inputs["actions"]},
        "targets": {one["name"]: _target(one) for one in inputs.get("targets") or ()},
    }


def _options(inputs: Properties) -> dict[str, Any]:
    options = given(_OPTIONS, inputs.get("experimentOptions") or {})
    return {"experimentOptions": options} if options else {}


def _action(action: Properties) -> dict[str, Any]:
    target = action.get("target")
    return {
        **given(_ACTION, action),
        "parameters": {one["key"]: one["value"] for one in action.get("parameters") or ()},
        "targets": {target["key"]: target["value"]} if target else {},
    }


def _described_action(name: str, action: Mapping[str, Any]) -> Properties:
    result: Properties = {"name": name, **found(_ACTION, action)}
    if action.get("parameters"):
        result["parameters"] = _pairs(action["parameters"])
    for key, value in (action.get("targets") or {}).items():
        result["target"] = {"key": key, "value": value}
    if not result.get("startAfters"):
        result.pop("startAfters", None)
    return result


def _target(target: Properties) -> dict[str, Any]:
    tags = {one["key"]: one["value"] for one in target.get("resourceTags") or ()}
    return {
        **given(_TARGET, target),
        **({"resourceTags": tags} if tags else {}),
        **({"filters": target["filters"]} if target.get("filters") else {}),
    }


def _described_target(name: str, target: Mapping[str, Any]) -> Properties:
    result: Properties = {"name": name, **found(_TARGET, target)}
    if target.get("resourceTags"):
        result["resourceTags"] = _pairs(target["resourceTags"])
    if target.get("filters"):
        result["filters"] = [
            {"path": one["path"], "values": list(one["values"])} for one in target["filters"]
        ]
    if not result.get("resourceArns"):
        result.pop("resourceArns", None)
    return result


def _pairs(values: Mapping[str, str]) -> list[Properties]:
    return [{"key": key, "value": value} for key, value in sorted(values.items())]
