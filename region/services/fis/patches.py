"""FIS as AWS answers: what cannot be done is refused; `controller` runs experiments.

moto takes any action, and its experiments complete although nothing happens.
"""

from __future__ import annotations

import json
from typing import Any, cast

from moto.fis.exceptions import ResourceNotFoundException
from moto.fis.models import Experiment, FISBackend, ResolvedTarget
from moto.fis.responses import FISResponse

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.fis import catalogue
from region.services.fis.records import (
    FINAL,
    PENDING,
    STOPPING,
    ActionProgress,
    ExperimentRecord,
)
from region.services.fis.template_checks import check_template, invalid

patches = Patches()


def install() -> None:
    """Patch moto's FIS."""
    patches.install()


@patches.around(FISResponse, "create_experiment_template")
def create_experiment_template(moto: Original, call: FISResponse) -> str:
    """CreateExperimentTemplate."""
    parameters = Parameters(call)
    if not parameters.text("roleArn") or not parameters.text("description"):
        raise invalid("An experiment template needs a roleArn and a description.")
    check_template(
        {
            name: parameters.get(name)
            for name in (
                *("stopConditions", "targets", "actions", "experimentOptions"),
                *("logConfiguration", "experimentReportConfiguration"),
            )
        }
    )
    return str(moto(call))


@patches.around(FISResponse, "update_experiment_template")
def update_experiment_template(moto: Original, call: FISResponse) -> str:
    """UpdateExperimentTemplate: the template that it makes must be valid as a whole."""
    parameters = Parameters(call)
    known = call.fis_backend.experiment_templates.get(parameters.text("id"))
    if known is not None:
        before = {
            "stopConditions": known.stop_conditions,
            "targets": known.targets,
            "actions": known.actions,
        }
        names = (*before, "experimentOptions", "logConfiguration", "experimentReportConfiguration")
        changes = {name: value for name in names if (value := parameters.get(name)) is not None}
        check_template(before | changes)
    return str(moto(call))


@patches.method(FISResponse)
def create_target_account_configuration(call: FISResponse) -> str:
    """Refuse CreateTargetAccountConfiguration."""
    del call
    raise invalid("The local region has one account: use accountTargeting single-account.")


# Experiments ---------------------------------------------------------------------------------


@patches.around(Experiment, "__init__")
def _new_experiment(moto: Original, self: Experiment, *args: object, **kwargs: object) -> None:
    moto(self, *args, **kwargs)
    actions = {name: ActionProgress() for name in self.actions}
    ExperimentRecord(actions=actions).attach(self)


@patches.method(Experiment)
def advance(self: Experiment) -> None:
    """Do nothing: the controller advances experiments."""
    del self


@patches.method(Experiment, "_sync_state")
def _sync_state(self: Experiment) -> str:
    record = ExperimentRecord.of(self)
    for name, progress in record.actions.items():
        action = self.actions[name]
        action["state"] = {"status": progress.status, "reason": progress.reason}
        if progress.started_at:
            action["startTime"] = progress.started_at
        if progress.ended_at:
            action["endTime"] = progress.ended_at
    return record.status


def _with_state(described: dict[str, Any], experiment: Experiment) -> dict[str, Any]:
    record = ExperimentRecord.of(experiment)
    state: dict[str, Any] = {"status": record.status, "reason": record.reason}
    if record.failed or record.status == "failed":
        state["error"] = {"accountId": experiment.account_id, "code": "ExperimentFailed"}
    described["state"] = state
    if record.status == PENDING:
        described.pop("startTime", None)
    return described


@patches.around(Experiment, "to_dict")
def to_dict(moto: Original, self: Experiment, tags: dict[str, str] | None = None) -> dict[str, Any]:
    """Describe an experiment."""
    return _with_state(cast("dict[str, Any]", moto(self, tags)), self)


@patches.around(Experiment, "to_summary_dict")
def to_summary_dict(
    moto: Original, self: Experiment, tags: dict[str, str] | None = None
) -> dict[str, Any]:
    """Summarize an experiment."""
    return _with_state(cast("dict[str, Any]", moto(self, tags)), self)


@patches.method(Experiment)
def resolved_targets(self: Experiment) -> list[ResolvedTarget]:
    """Return the resources that were found."""
    return [
        ResolvedTarget(str(self.targets[name]["resourceType"]), name, arn)
        for name, arns in ExperimentRecord.of(self).targets.items()
        for arn in arns
    ]


@patches.method(FISBackend)
def stop_experiment(self: FISBackend, id: str) -> dict[str, Any]:  # noqa: A002 - moto's name
    """StopExperiment: the controller undoes what lasts."""
    experiment = self.experiments.get(id)
    if experiment is None:
        raise ResourceNotFoundException(f"Experiment {id} does not exist")
    record = ExperimentRecord.of(experiment)
    if record.status not in FINAL:
        record.status, record.reason = STOPPING, "Experiment is stopping."
    return experiment.to_dict(tags=self.tagger.get_tag_dict_for_resource(experiment.arn))


# What there is -------------------------------------------------------------------------------


def _action(name: str, call: FISResponse) -> dict[str, Any]:
    known = catalogue.ACTIONS[name]
    found: dict[str, Any] = {
        "id": name,
        "arn": f"arn:aws:fis:{call.region}:{call.current_account}:action/{name}",
        "description": known.description,
        "targets": {},
        "tags": {},
    }
    if known.target:
        found["targets"] = {known.target[0]: {"resourceType": known.target[1]}}
    return found


@patches.method(FISResponse)
def list_actions(call: FISResponse) -> str:
    """ListActions: those that the region has."""
    return json.dumps({"actions": [_action(name, call) for name in catalogue.ACTIONS]})


@patches.method(FISResponse)
def get_action(call: FISResponse) -> str:
    """GetAction."""
    name = Parameters(call).text("id")
    known = catalogue.ACTIONS.get(name)
    if known is None:
        raise ResourceNotFoundException(f"The local region has no action {name}.")
    parameters = {
        parameter: {"description": parameter, "required": parameter in known.required}
        for parameter in (*known.required, *known.optional)
    }
    return json.dumps({"action": _action(name, call) | {"parameters": parameters}})


@patches.method(FISResponse)
def list_target_resource_types(call: FISResponse) -> str:
    """ListTargetResourceTypes."""
    del call
    types = [
        {"resourceType": name, "description": text} for name, text in catalogue.TARGET_TYPES.items()
    ]
    return json.dumps({"targetResourceTypes": types})


@patches.method(FISResponse)
def get_target_resource_type(call: FISResponse) -> str:
    """GetTargetResourceType."""
    name = Parameters(call).text("resourceType")
    if name not in catalogue.TARGET_TYPES:
        raise ResourceNotFoundException(f"The local region has no targets of the type {name}.")
    found = {"resourceType": name, "description": catalogue.TARGET_TYPES[name], "parameters": {}}
    return json.dumps({"targetResourceType": found})


def _of_what_is_there(
    moto: Original, self: FISBackend, resource_arn: str, *given: Any, **named: Any
) -> Any:
    """Tag a template or an experiment that is there."""
    known = (*self.experiment_templates.values(), *self.experiments.values())
    if not any(one.arn == resource_arn for one in known):
        raise ResourceNotFoundException(f"The resource {resource_arn} does not exist.")
    return moto(self, resource_arn, *given, **named)


for _name in ("tag_resource", "untag_resource", "list_tags_for_resource"):
    patches.around(FISBackend, _name)(_of_what_is_there)
