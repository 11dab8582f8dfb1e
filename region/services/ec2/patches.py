"""EC2 instances as AWS answers them, where moto is too quick or leaves something out.

An instance is `pending` until its machine has booted and `shutting-down` until its machine has
ended; the instances controller moves it on.
"""

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend, MetadataOptions, StateReason
from moto.ec2.responses.general import General
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.monitoring import Monitoring

from region.api.patching import Patches
from region.services.ec2 import launch_patches, nat_patches, network_patches
from region.services.ec2.instances import (
    PENDING,
    RUNNING,
    SHUTTING_DOWN,
    STOPPED,
    STOPPING,
    TERMINATED,
    set_state,
)

ROOT_VOLUME_GIB = 8
# Amazon EC2 user guide, "Burstable performance instances": T3 and later start in unlimited mode.
UNLIMITED_BY_DEFAULT = ("t3.", "t3a.", "t4g.")
BURSTABLE = ("t2.", *UNLIMITED_BY_DEFAULT)
USER_SHUTDOWN = "Client.UserInitiatedShutdown"

patches = Patches()


def install() -> None:
    """Patch moto's EC2."""
    patches.install()
    launch_patches.patches.install()
    network_patches.patches.install()
    nat_patches.patches.install()


@patches.around(Instance, "__init__")
def _new_instance(moto: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    moto(self, *args, **kwargs)
    set_state(self, PENDING)
    self.impairment = ""
    self.console_output = ""
    self.reboot_requested = False
    self.rebooting = False
    self.terminated_at = 0.0
    unlimited = self.instance_type.startswith(UNLIMITED_BY_DEFAULT)
    self.cpu_credits = "unlimited" if unlimited else "standard"
    for nic in self.nics.values():
        # EC2 deletes an interface that it made at launch; moto would leave it behind.
        nic.delete_on_termination = True


@patches.method(Instance)
def start(self: Any) -> Any:
    """Begin to start a stopped instance; returns the state before."""
    previous = copy.copy(self.instance_state)
    if previous.code == STOPPED:
        for nic in self.nics.values():
            nic.start()
        set_state(self, PENDING)
        self.impairment = ""
        self._reason, self.state_reason = "", StateReason()
    return previous


@patches.method(Instance)
def stop(self: Any) -> Any:
    """Begin to stop an instance; returns the state before."""
    return _begin_to_end(self, STOPPING, {PENDING, RUNNING})


@patches.method(Instance)
def terminate(self: Any) -> Any:
    """Begin to terminate an instance; returns the state before."""
    return _begin_to_end(self, SHUTTING_DOWN, {PENDING, RUNNING, STOPPING, STOPPED})


def _begin_to_end(instance: Any, code: int, possible: set[int]) -> Any:
    previous = copy.copy(instance.instance_state)
    if previous.code in possible:
        set_state(instance, code)
        instance._reason = f"User initiated ({utcnow():%Y-%m-%d %H:%M:%S} GMT)"  # noqa: SLF001
        message = f"{USER_SHUTDOWN}: User initiated shutdown"
        instance.state_reason = StateReason(message, USER_SHUTDOWN)
    return previous


@patches.method(Instance)
def reboot(self: Any) -> None:
    """Ask for a reboot of a running instance."""
    if self.state_code == RUNNING:
        self.reboot_requested = True


@patches.method(Instance)
def setup_defaults(self: Any) -> None:
    """Attach a root volume under the image's own device name."""
    self.add_block_device(ROOT_VOLUME_GIB, self.root_device_name, None, False, True, None, None)


@patches.around(Instance, "add_block_device")
def _add_block_device(
    moto: Any, self: Any, size: int | None, device_path: str, *args: Any, **kwargs: Any
) -> None:
    """Attach a volume; one that a launch template describes takes the default one's place."""
    replaced = self.block_device_mapping.get(device_path)
    if replaced is not None:
        self.ec2_backend.detach_volume(replaced.volume_id, self.id, device_path)
        self.ec2_backend.delete_volume(replaced.volume_id)
    moto(self, size or ROOT_VOLUME_GIB, device_path, *args, **kwargs)


@patches.value(Instance, "system_status")
@patches.value(Instance, "instance_status")
def _status(self: Any) -> dict[str, Any]:
    if self.impairment:
        return {"Status": "impaired", "Details": [{"Name": "reachability", "Status": "failed"}]}
    if self.state_code == PENDING:
        return {"Status": "initializing", "Details": []}
    if self.state_code == RUNNING:
        return {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
    return {"Status": "not-applicable"}


@patches.value(Instance, "public_dns_name")
def _public_dns_name(self: Any) -> str | None:
    """The public address itself: the local region has no resolver."""
    return self.public_ip


@patches.value(Instance, "private_ip_address")
def _private_ip_address(self: Any) -> str | None:
    return None if self.state_code == TERMINATED else self.nics[0].private_ip_address


@patches.value(Instance, "network_interfaces")
def _network_interfaces(self: Any) -> list[Any]:
    return [] if self.state_code == TERMINATED else list(self.nics.values())


@patches.method(InstanceResponse)
def describe_instance_credit_specifications(self: Any) -> ActionResult:
    """The credit option of burstable instances."""
    ids = self._get_param("InstanceIds", [])
    backend = self.ec2_backend
    found = backend.get_multi_instances_by_id(ids) if ids else backend.all_instances()
    specifications = [
        {"InstanceId": instance.id, "CpuCredits": instance.cpu_credits}
        for instance in found
        if instance.instance_type.startswith(BURSTABLE)
    ]
    return ActionResult({"InstanceCreditSpecifications": specifications})


@patches.method(InstanceResponse)
def modify_instance_credit_specification(self: Any) -> ActionResult:
    """Change the credit option of instances."""
    done: list[dict[str, str]] = []
    for wanted in self._get_param("InstanceCreditSpecifications", []):
        instance = self.ec2_backend.get_instance(wanted["InstanceId"])
        if wanted.get("CpuCredits") not in {"standard", "unlimited"}:
            message = f"CpuCredits {wanted.get('CpuCredits')} must be standard or unlimited."
            raise EC2ClientError("InvalidParameterValue", message)
        instance.cpu_credits = wanted["CpuCredits"]
        done.append({"InstanceId": instance.id})
    return ActionResult(
        {
            "SuccessfulInstanceCreditSpecifications": done,
            "UnsuccessfulInstanceCreditSpecifications": [],
        }
    )


@patches.method(InstanceBackend)
def modify_instance_metadata_options(self: Any, instance_id: str, **wanted: Any) -> Any:
    """Change the metadata options that are given and keep the others."""
    instance = self.get_instance(instance_id)
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
def get_console_output(self: Any) -> ActionResult:
    """What the instance's machine told about its boots."""
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    output = Base64EncodedString.from_raw_string(instance.console_output)
    return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})


@patches.method(Monitoring)
def monitor_instances(self: Any) -> ActionResult:
    """Turn detailed monitoring on."""
    return _set_monitoring(self, "enabled")


@patches.method(Monitoring)
def unmonitor_instances(self: Any) -> ActionResult:
    """Turn detailed monitoring off."""
    return _set_monitoring(self, "disabled")


def _set_monitoring(response: Any, state: str) -> ActionResult:
    ids = response._get_param("InstanceIds", [])  # noqa: SLF001
    found = response.ec2_backend.get_multi_instances_by_id(ids)
    for instance in found:
        instance.monitoring_state = state
    monitorings = [
        {"InstanceId": instance.id, "Monitoring": {"State": state}} for instance in found
    ]
    return ActionResult({"InstanceMonitorings": monitorings})
