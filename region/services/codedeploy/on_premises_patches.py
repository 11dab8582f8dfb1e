"""CodeDeploy's calls for on-premises instances: a register, in which no agent ever answers.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-on-premises.html
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.codedeploy import tag_filters
from region.services.codedeploy.group_checks import check_tags
from region.services.codedeploy.parameter_checks import check_batch, check_name
from region.services.codedeploy.records import OnPremisesInstance, ServiceRecord

MOST_AT_ONCE, MOST_TAGS = 100, 10
STATUSES = REGISTERED, DEREGISTERED = ("Registered", "Deregistered")
_USER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:user/.+")
_SESSION = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/[^/]+/.+")

patches = Patches()


@patches.method(CodeDeployResponse)
def register_on_premises_instance(call: CodeDeployResponse) -> EmptyResult:
    """RegisterOnPremisesInstance."""
    backend, given = call.codedeploy_backend, Parameters(call)
    name, user, session = (
        given.text(key) for key in ("instanceName", "iamUserArn", "iamSessionArn")
    )
    check_name("instance", name)
    _check_arns(user, session)
    known = ServiceRecord.of(backend).on_premises
    for other in known.values():
        if other.deregistered is None:
            _check_is_new(other, name, user, session)
    code = secrets.token_hex(5)
    arn = f"arn:aws:codedeploy:{backend.region_name}:{backend.account_id}:instance/{name}_{code}"
    known[name] = OnPremisesInstance(name, arn, user, session)
    return EmptyResult()


@patches.method(CodeDeployResponse)
def deregister_on_premises_instance(call: CodeDeployResponse) -> EmptyResult:
    """DeregisterOnPremisesInstance."""
    name = Parameters(call).text("instanceName")
    check_name("instance", name)
    instance = ServiceRecord.of(call.codedeploy_backend).on_premises.get(name)
    if instance is not None and instance.deregistered is None:
        instance.deregistered = utcnow()
    return EmptyResult()


@patches.method(CodeDeployResponse)
def get_on_premises_instance(call: CodeDeployResponse) -> ActionResult:
    """GetOnPremisesInstance."""
    (instance,) = _registered(call.codedeploy_backend, [Parameters(call).text("instanceName")])
    return ActionResult({"instanceInfo": _describe(instance)})


@patches.method(CodeDeployResponse)
def batch_get_on_premises_instances(call: CodeDeployResponse) -> ActionResult:
    """BatchGetOnPremisesInstances: those that are known."""
    names = Parameters(call).texts("instanceNames")
    check_batch(names, MOST_AT_ONCE)
    known = ServiceRecord.of(call.codedeploy_backend).on_premises
    return ActionResult(
        {"instanceInfos": [_describe(known[name]) for name in names if name in known]}
    )


@patches.method(CodeDeployResponse)
def list_on_premises_instances(call: CodeDeployResponse) -> ActionResult:
    """ListOnPremisesInstances."""
    given = Parameters(call)
    status, filters = given.text("registrationStatus"), given.structures("tagFilters")
    if status and status not in STATUSES:
        raise CodeDeployException(
            "InvalidRegistrationStatusException",
            f"registrationStatus is {status!r}: use {' or '.join(STATUSES)}.",
        )
    code = "InvalidTagFilterException"
    check_tags(filters, [], invalid=code, combination=code)
    found = [
        one.name
        for one in ServiceRecord.of(call.codedeploy_backend).on_premises.values()
        if (not status or (one.deregistered is None) == (status == REGISTERED))
        and tag_filters.match(one.tags, filters, [])
    ]
    return ActionResult({"instanceNames": found})


@patches.method(CodeDeployResponse)
def add_tags_to_on_premises_instances(call: CodeDeployResponse) -> EmptyResult:
    """AddTagsToOnPremisesInstances: all of them or none."""
    instances, tags = _tagging(call)
    changed = [(one, one.tags | tags) for one in instances]
    for instance, wanted in changed:
        if len(wanted) > MOST_TAGS:
            raise CodeDeployException(
                "TagLimitExceededException",
                f"{instance.name} would have {len(wanted)} tags: {MOST_TAGS} are allowed.",
            )
    for instance, wanted in changed:
        instance.tags = wanted
    return EmptyResult()


@patches.method(CodeDeployResponse)
def remove_tags_from_on_premises_instances(call: CodeDeployResponse) -> EmptyResult:
    """RemoveTagsFromOnPremisesInstances: tags whose key and value are those given."""
    instances, tags = _tagging(call)
    for instance in instances:
        instance.tags = {
            key: value for key, value in instance.tags.items() if tags.get(key) != value
        }
    return EmptyResult()


def _tagging(call: CodeDeployResponse) -> tuple[list[OnPremisesInstance], dict[str, str]]:
    """Return the instances and tags that a call names."""
    given = Parameters(call)
    tags = given.structures("tags")
    if not tags:
        raise CodeDeployException("TagRequiredException", "A tag was not specified.")
    if not all(tag.get("Key") for tag in tags):
        raise CodeDeployException("InvalidTagException", "A tag needs a Key.")
    names = given.texts("instanceNames")
    if not names:
        raise CodeDeployException(
            "InstanceNameRequiredException", "An on-premises instance name was not specified."
        )
    check_batch(names, MOST_AT_ONCE, "InstanceLimitExceededException", "instances")
    found = _registered(call.codedeploy_backend, names)
    return found, {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags}


def _registered(backend: CodeDeployBackend, names: Sequence[str]) -> list[OnPremisesInstance]:
    known = ServiceRecord.of(backend).on_premises
    for name in names:
        check_name("instance", name)
        if name not in known:
            raise CodeDeployException(
                "InstanceNotRegisteredException",
                f"The on-premises instance {name} is not registered.",
            )
    return [known[name] for name in names]


def _check_arns(user: str, session: str) -> None:
    if user and session:
        raise CodeDeployException(
            "MultipleIamArnsProvidedException", "Give iamUserArn or iamSessionArn, not both."
        )
    if not user and not session:
        raise CodeDeployException(
            "IamArnRequiredException", "Give an iamUserArn or an iamSessionArn."
        )
    if user and not _USER.fullmatch(user):
        raise CodeDeployException(
            "InvalidIamUserArnException", f"{user!r} is not the ARN of a user."
        )
    if session and not _SESSION.fullmatch(session):
        raise CodeDeployException(
            "InvalidIamSessionArnException", f"{session!r} is not the ARN of a role's session."
        )


def _check_is_new(other: OnPremisesInstance, name: str, user: str, session: str) -> None:
    taken = {
        "InstanceNameAlreadyRegisteredException": other.name == name,
        "IamUserArnAlreadyRegisteredException": bool(user) and other.user == user,
        "IamSessionArnAlreadyRegisteredException": bool(session) and other.session == session,
    }
    for code, is_taken in taken.items():
        if is_taken:
            raise CodeDeployException(
                code, f"The on-premises instance {other.name} is registered already."
            )


def _describe(instance: OnPremisesInstance) -> dict[str, Any]:
    described = {
        "instanceName": instance.name,
        "instanceArn": instance.arn,
        "iamUserArn": instance.user or None,
        "iamSessionArn": instance.session or None,
        "registerTime": instance.registered,
        "deregisterTime": instance.deregistered,
        "tags": [{"Key": key, "Value": value} for key, value in instance.tags.items()],
    }
    return {name: value for name, value in described.items() if value is not None}
