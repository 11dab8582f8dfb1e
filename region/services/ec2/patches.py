"""EC2 instances as AWS describes them, where moto is too quick or leaves something out.

An instance is `pending` until its machine has booted and `shutting-down` until its machine has
ended; the instances controller moves it on.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import (
    Instance,
    InstanceBackend,
    InstanceState,
    MetadataOptions,
    StateReason,
)
from moto.ec2.responses.general import General
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.monitoring import Monitoring

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.ec2 import (
    attribute_patches,
    call_checks,
    filter_patches,
    group_patches,
    launch_checks,
    launch_patches,
    lookup_patches,
    named_rule_patches,
    nat_patches,
    network_acl_patches,
    network_patches,
    prefix_list_patches,
    refusals,
    root_volumes,
    security_group_patches,
    template_versions,
    termination_patches,
    wildcards,
)
from region.services.ec2.instances import (
    PENDING,
    RUNNING,
    SHUTTING_DOWN,
    STOPPED,
    STOPPING,
    TERMINATED,
    set_reason,
    set_state,
)
from region.services.ec2.records import InstanceRecord

# Amazon EC2 user guide, "Burstable performance instances": T3 and later start in unlimited mode.
UNLIMITED_BY_DEFAULT = ("t3.", "t3a.", "t4g.")
BURSTABLE = ("t2.", *UNLIMITED_BY_DEFAULT)
USER_SHUTDOWN = "Client.UserInitiatedShutdown"

patches = Patches()


def install() -> None:
    """Patch moto's EC2."""
    patches.install()
    termination_patches.patches.install()
    launch_patches.patches.install()
    lookup_patches.patches.install()
    call_checks.patches.install()
    template_versions.patches.install()
    filter_patches.patches.install()
    wildcards.patches.install()
    network_patches.patches.install()
    network_acl_patches.patches.install()
    prefix_list_patches.patches.install()
    nat_patches.patches.install()
    security_group_patches.patches.install()
    named_rule_patches.patches.install()
    group_patches.patches.install()
    refusals.patches.install()
    root_volumes.patches.install()
    attribute_patches.patches.install()


@patches.around(Instance, "__init__")
def _new_instance(moto: Original, self: Instance, *args: object, **kwargs: object) -> None:
    moto(self, *args, **kwargs)
    set_state(self, PENDING)
    unlimited = self.instance_type.startswith(UNLIMITED_BY_DEFAULT)
    InstanceRecord(cpu_credits="unlimited" if unlimited else "standard").attach(self)
    for nic in self.nics.values():
        # EC2 deletes an interface that it made at launch; moto would leave it behind.
        nic.delete_on_termination = True
    group_patches.adopt(self)


@patches.method(Instance)
def start(self: Instance) -> InstanceState:
    """Begin to start a stopped instance; return its previous state."""
    previous = copy.copy(self.instance_state)
    if previous.code == STOPPED:
        for nic in self.nics.values():
            nic.start()
        set_state(self, PENDING)
        InstanceRecord.of(self).impairment = ""
        set_reason(self, "", StateReason())
    return previous


@patches.method(Instance)
def stop(self: Instance) -> InstanceState:
    """Begin to stop an instance; return its previous state."""
    return _begin_shutdown(self, STOPPING, {PENDING, RUNNING})


@patches.method(Instance)
def terminate(self: Instance) -> InstanceState:
    """Begin to terminate an instance; return its previous state."""
    return _begin_shutdown(self, SHUTTING_DOWN, {PENDING, RUNNING, STOPPING, STOPPED})


def _begin_shutdown(instance: Instance, code: int, possible: set[int]) -> InstanceState:
    previous = copy.copy(instance.instance_state)
    if previous.code in possible:
        set_state(instance, code)
        why = StateReason(f"{USER_SHUTDOWN}: User initiated shutdown", USER_SHUTDOWN)
        set_reason(instance, f"User initiated ({utcnow():%Y-%m-%d %H:%M:%S} GMT)", why)
    return previous


@patches.method(Instance)
def reboot(self: Instance) -> None:
    """Request a reboot of a running instance."""
    if self.state_code == RUNNING:
        InstanceRecord.of(self).reboot_requested = True


def _unless_ending(verb: str) -> Callable[..., object]:
    def change(moto: Original, self: EC2Backend, instance_ids: list[str]) -> object:
        """Change the state of instances, unless one of them is ending or has ended."""
        for instance in self.get_multi_instances_by_id(instance_ids):
            if instance.state_code in {SHUTTING_DOWN, TERMINATED}:
                raise EC2ClientError(
                    "IncorrectInstanceState",
                    f"The instance '{instance.id}' is not in a state from which it can be {verb}.",
                )
        return moto(self, instance_ids)

    return change


for _name, _verb in (
    ("start_instances", "started"),
    ("stop_instances", "stopped"),
    ("reboot_instances", "rebooted"),
):
    patches.around(InstanceBackend, _name)(_unless_ending(_verb))


def _as_they_are(moto: Original, self: InstanceResponse) -> ActionResult:
    """Say the state that instances are in now: moto says that of those which were running."""
    answer = moto(self)
    (changes,) = cast("Mapping[str, list[dict[str, Any]]]", answer.result).values()
    for change in changes:
        state = self.ec2_backend.get_instance(str(change["InstanceId"])).instance_state
        change["CurrentState"] = {"Code": state.code, "Name": state.name}
    return answer


for _name in ("start_instances", "stop_instances", "terminate_instances"):
    patches.around(InstanceResponse, _name)(_as_they_are)


@patches.method(Instance)
def setup_defaults(self: Instance) -> None:
    """Attach a root volume under the image's own device name."""
    size = root_volumes.AMI_GIB
    self.add_block_device(size, self.root_device_name, None, False, True, None, "gp3")


@patches.value(Instance, "system_status")
@patches.value(Instance, "instance_status")
def _status(self: Instance) -> dict[str, Any]:
    record = InstanceRecord.of(self)
    if record.impairment:
        return {"Status": "impaired", "Details": [{"Name": "reachability", "Status": "failed"}]}
    starting = self.state_code == RUNNING and time.time() < record.checks_end_initializing_at
    if starting or self.state_code == PENDING:
        details = [{"Name": "reachability", "Status": "initializing"}] if starting else []
        return {"Status": "initializing", "Details": details}
    if self.state_code == RUNNING:
        return {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
    return {"Status": "not-applicable"}


@patches.value(Instance, "public_dns_name")
def _public_dns_name(self: Instance) -> str | None:
    """Return the public address itself: the local region has no resolver."""
    return self.public_ip


@patches.method(InstanceResponse)
def describe_instance_credit_specifications(self: InstanceResponse) -> ActionResult:
    """Describe the credit option of burstable instances."""
    ids = Parameters(self).texts("InstanceIds")
    backend: EC2Backend = self.ec2_backend
    found = backend.get_multi_instances_by_id(ids) if ids else backend.all_instances()
    specifications = [
        {"InstanceId": instance.id, "CpuCredits": InstanceRecord.of(instance).cpu_credits}
        for instance in found
        if instance.instance_type.startswith(BURSTABLE)
    ]
    for condition in Parameters(self).structures("Filters"):
        specifications = [
            one for one in specifications if one["InstanceId"] in condition.get("Values", ())
        ]
    return ActionResult({"InstanceCreditSpecifications": specifications})


@patches.method(InstanceResponse)
def modify_instance_credit_specification(self: InstanceResponse) -> ActionResult:
    """Change the credit option of instances."""
    done: list[dict[str, str]] = []
    for wanted in Parameters(self).structures("InstanceCreditSpecifications"):
        instance: Instance = self.ec2_backend.get_instance(wanted["InstanceId"])
        if wanted.get("CpuCredits") not in {"standard", "unlimited"}:
            message = f"CpuCredits {wanted.get('CpuCredits')} must be standard or unlimited."
            raise EC2ClientError("InvalidParameterValue", message)
        InstanceRecord.of(instance).cpu_credits = wanted["CpuCredits"]
        done.append({"InstanceId": instance.id})
    return ActionResult(
        {
            "SuccessfulInstanceCreditSpecifications": done,
            "UnsuccessfulInstanceCreditSpecifications": [],
        }
    )


@patches.method(InstanceBackend)
def modify_instance_metadata_options(
    self: InstanceBackend, instance_id: str, **wanted: object
) -> MetadataOptions:
    """Change the given metadata options and keep the others."""
    instance = self.get_instance(instance_id)
    launch_checks.check_metadata_options({"HttpPutResponseHopLimit": wanted.get("hop_limit")})
    before = instance.metadata_options
    names = {
        "HttpTokens": ("http_tokens", before.http_tokens),
        "HttpPutResponseHopLimit": ("hop_limit", before.http_put_response_hop_limit),
        "HttpEndpoint": ("http_endpoint", before.http_endpoint),
        "HttpProtocolIpv6": ("http_protocol", before.http_protocol_ipv6),
        "InstanceMetadataTags": ("metadata_tags", before.instance_metadata_tags),
    }
    instance.metadata_options = MetadataOptions(
        {
            field: kept if wanted.get(parameter) is None else wanted[parameter]
            for field, (parameter, kept) in names.items()
        }
    )
    return instance.metadata_options


@patches.method(General)
def get_console_output(self: General) -> ActionResult:
    """Return what the instance's machine printed during its boots."""
    instance: Instance = self.ec2_backend.get_instance(Parameters(self).text("InstanceId"))
    output = Base64EncodedString.from_raw_string(InstanceRecord.of(instance).console_output)
    return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})


@patches.method(Monitoring)
def monitor_instances(self: Monitoring) -> ActionResult:
    """Turn detailed monitoring on."""
    return _set_monitoring(self, "enabled")


@patches.method(Monitoring)
def unmonitor_instances(self: Monitoring) -> ActionResult:
    """Turn detailed monitoring off."""
    return _set_monitoring(self, "disabled")


def _set_monitoring(response: Monitoring, state: str) -> ActionResult:
    ids = Parameters(response).texts("InstanceIds")
    found: list[Instance] = response.ec2_backend.get_multi_instances_by_id(ids)
    for instance in found:
        instance.monitoring_state = state
    monitorings = [
        {"InstanceId": instance.id, "Monitoring": {"State": state}} for instance in found
    ]
    return ActionResult({"InstanceMonitorings": monitorings})
