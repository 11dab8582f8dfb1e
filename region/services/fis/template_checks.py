"""What CreateExperimentTemplate takes, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from moto.fis.exceptions import FISException

from region.services.fis import catalogue
from region.services.fis.durations import seconds_of

_SELECTION = re.compile(r"ALL|COUNT\([1-9]\d*\)|PERCENT\(([1-9]\d?|100)\)")
_ALARM_ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")
MOST_STOP_CONDITIONS = 5
_DURATIONS = ("duration", "startInstancesAfterDuration")
_ALARM_STATES = frozenset({"OK", "ALARM", "INSUFFICIENT_DATA"})
_DOCUMENT = "AWS-RunShellScript"
_SCOPES = (
    "all",
    "availability-zone",
    "dynamodb",
    "prefix-list",
    "s3",
    "s3express",
    "vpc",
)
"""What `aws:network:disrupt-connectivity` can be of (FIS guide, Actions reference)."""
_OF_AWS = re.compile(r"aws:[a-z0-9-]+:[a-z0-9-]+")
"""How FIS names actions and types of targets."""


def invalid(text: str) -> FISException:
    """Return FIS's error for what it does not take."""
    return FISException("ValidationException", text)


def _absent(kind: str, text: str) -> Exception:
    """Return the error for an action or a type of targets: FIS's own, if FIS cannot have it either."""
    return NotImplementedError(text) if _OF_AWS.fullmatch(kind) else invalid(f"{kind}: {text}")


def check_template(template: Mapping[str, Any]) -> None:
    """Check the parameters of a template.

    Raises:
        FISException: FIS or the region refuses them.
    """
    for name in ("logConfiguration", "experimentReportConfiguration"):
        if template.get(name):
            raise invalid(
                f"The local region does not implement {name}: GetExperiment tells what happened; leave "
                "it out."
            )
    options = template.get("experimentOptions") or {}
    if options.get("accountTargeting") not in {None, "single-account"}:
        raise invalid("The local region has one account: use accountTargeting single-account.")
    _check_stop_conditions(list(template.get("stopConditions") or []))
    targets = dict(template.get("targets") or {})
    for name, target in targets.items():
        _check_target(name, target)
    actions = dict(template.get("actions") or {})
    if not actions:
        raise invalid("An experiment template needs at least one action.")
    for name, action in actions.items():
        _check_action(name, action, targets, actions)
    _check_order(actions)


def _check_stop_conditions(conditions: list[dict[str, Any]]) -> None:
    if not 1 <= len(conditions) <= MOST_STOP_CONDITIONS:
        raise invalid(f"stopConditions must have 1 to {MOST_STOP_CONDITIONS} members.")
    for condition in conditions:
        source, value = condition.get("source"), condition.get("value")
        if source == "none":
            if value:
                raise invalid("A stop condition with the source none has no value.")
        elif source != "aws:cloudwatch:alarm":
            raise invalid(f"The stop condition {source} must be none or aws:cloudwatch:alarm.")
        elif not _ALARM_ARN.fullmatch(str(value or "")):
            raise invalid(f"The stop condition's value {value} is not the ARN of an alarm.")


def _check_target(name: str, target: Mapping[str, Any]) -> None:
    kind = target.get("resourceType")
    if kind not in catalogue.TARGET_TYPES:
        raise _absent(
            str(kind), f"targets of the type {kind}: use {', '.join(catalogue.TARGET_TYPES)}"
        )
    if bool(target.get("resourceArns")) == bool(target.get("resourceTags")):
        raise invalid(f"The target {name} needs either resourceArns or resourceTags.")
    if not _SELECTION.fullmatch(str(target.get("selectionMode") or "")):
        raise invalid(f"The selectionMode of {name} must be ALL, COUNT(n) or PERCENT(n), n from 1.")
    if target.get("parameters"):
        raise NotImplementedError(f"the parameters of the target {name}: leave them out")
    if target.get("filters") and kind != catalogue.INSTANCE:
        raise NotImplementedError(f"filters of {name}: it has those of {catalogue.INSTANCE} only")
    for one in target.get("filters") or []:
        if one.get("path") not in catalogue.FILTERS:
            raise NotImplementedError(
                f"the filter {one.get('path')}: use {', '.join(catalogue.FILTERS)}"
            )


def _check_action(
    name: str,
    action: Mapping[str, Any],
    targets: Mapping[str, Mapping[str, Any]],
    actions: Mapping[str, Any],
) -> None:
    kind = str(action.get("actionId"))
    known = catalogue.ACTIONS.get(kind)
    if known is None:
        raise _absent(kind, f"the action {kind}: use {', '.join(catalogue.ACTIONS)}")
    parameters = dict(action.get("parameters") or {})
    missing = [one for one in known.required if one not in parameters]
    unknown = sorted(parameters.keys() - {*known.required, *known.optional})
    if missing or unknown:
        problem = f"needs {', '.join(missing)}" if missing else f"has no {', '.join(unknown)}"
        raise invalid(f"The action {name} ({kind}) {problem}.")
    chosen = dict(action.get("targets") or {})
    wanted = {known.target[0]} if known.target else set[str]()
    if set(chosen) != wanted:
        raise invalid(f"The action {name} ({kind}) needs the targets {sorted(wanted)}.")
    for target in chosen.values():
        if target not in targets:
            raise invalid(f"The action {name} names the target {target}, which the template lacks.")
        if known.target and targets[target].get("resourceType") != known.target[1]:
            raise invalid(f"The target {target} of {name} must be of the type {known.target[1]}.")
    for other in action.get("startAfter") or []:
        if other not in actions or other == name:
            raise invalid(f"The action {name} cannot start after {other}.")
    _check_parameters(name, kind, parameters)


def _check_order(actions: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse actions that wait for each other: none of them would ever start."""
    order = {name: set(action.get("startAfter") or ()) for name, action in actions.items()}
    try:
        TopologicalSorter(order).prepare()
    except CycleError as error:
        circle = " after ".join(error.args[1])
        raise invalid(f"The actions cannot start: {circle}.") from error


def _check_parameters(name: str, kind: str, parameters: Mapping[str, str]) -> None:
    try:
        for one in _DURATIONS:
            if one in parameters:
                seconds_of(parameters[one])
    except ValueError as error:
        raise invalid(f"The action {name}: {error}") from error
    if kind == catalogue.DISRUPT and parameters["scope"] != "all":
        if parameters["scope"] not in _SCOPES:
            raise invalid(f"The scope of {name} must be one of {', '.join(_SCOPES)}.")
        raise NotImplementedError(f"the scope {parameters['scope']} of {kind}: use all")
    if kind == catalogue.SEND_COMMAND:
        _check_document(name, parameters)
    if kind == catalogue.ASSERT_ALARM:
        states = {one.strip() for one in parameters["alarmStates"].split(",")}
        if not states <= _ALARM_STATES:
            raise invalid(
                f"The alarmStates of {name} must be of {', '.join(sorted(_ALARM_STATES))}."
            )
    percentage = parameters.get("percentage", "100")
    if not percentage.isdecimal() or not 1 <= int(percentage) <= 100:
        raise invalid(f"The percentage of {name} must be from 1 to 100.")


def _check_document(name: str, parameters: Mapping[str, str]) -> None:
    if parameters["documentArn"].rpartition("/")[2] != _DOCUMENT:
        raise NotImplementedError(f"the document {parameters['documentArn']}: use {_DOCUMENT}")
    try:
        json.loads(parameters.get("documentParameters") or "{}")
    except ValueError as error:
        raise invalid(f"The documentParameters of {name} are not JSON.") from error
