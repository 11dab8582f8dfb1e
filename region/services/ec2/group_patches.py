"""The security groups of instances: those of their primary network interface, as in EC2.

moto keeps them twice, at the instance as far as RunInstances named them there, and at the interface.
Here the interface's own are the truth, and the instance shows them however it was launched.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
"""

from __future__ import annotations

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.security_groups import SecurityGroup

from region.api.patching import Original, Patches

patches = Patches()


def adopt(instance: Instance) -> None:
    """Give an instance the groups of its primary interface."""
    primary = instance.nics.get(0)
    if primary is not None:
        instance.security_groups = _groups(primary)


@patches.value(NetworkInterface, "group_set")
def _groups(self: NetworkInterface) -> list[SecurityGroup]:
    """Return the interface's own groups, each once: not those of another of its instance's."""
    own: list[SecurityGroup] = self._group_set  # pyright: ignore[reportPrivateUsage]
    return list({str(group.id): group for group in own}.values())


@patches.around(InstanceBackend, "modify_instance_security_groups")
def _modify_instance(
    moto: Original, self: EC2Backend, instance_id: str, new_group_id_list: list[str]
) -> Instance:
    instance: Instance = moto(self, instance_id, new_group_id_list)
    if 0 in instance.nics:
        instance.nics[0]._group_set = list(instance.security_groups)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return instance


@patches.around(NetworkInterfaceBackend, "modify_network_interface_attribute")
def _modify_interface(
    moto: Original, self: EC2Backend, eni_id: str, *args: object, **kwargs: object
) -> None:
    moto(self, eni_id, *args, **kwargs)
    instance = self.get_network_interface(eni_id).instance
    if instance is not None:
        adopt(instance)
