"""Which EC2 instances Systems Manager manages. Call with the control plane's lock held.

An instance is a managed node once its SSM Agent, which Amazon Linux has, could register: the
instance runs and its role permits what the agent calls. AWS recommends the managed policy
AmazonSSMManagedInstanceCore; a policy with only these actions is as good.
https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
"""

from __future__ import annotations

from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.iam.models import Role

from region.services import permissions
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord
from region.services.ssm.records import ManagedNode, RunCommandRecord

REGISTER = "ssm:UpdateInstanceInformation"
CHANNELS = (
    ("ssmmessages:CreateControlChannel", "ssmmessages:OpenControlChannel"),
    ("ec2messages:GetMessages", "ec2messages:SendReply"),
)
"""How commands reach the agent: one of these pairs, the second one that of older agents."""

POLICY = "AmazonSSMManagedInstanceCore"


def update(record: RunCommandRecord, backend: EC2Backend) -> bool:
    """Bring the managed nodes in line with the instances and return whether anything changed."""
    changed = False
    instances = {instance.id: instance for instance in backend.all_instances()}
    for name in [name for name in record.nodes if not _exists(instances.get(name))]:
        del record.nodes[name]
        changed = True
    for name, instance in instances.items():
        node = record.nodes.get(name)
        online = _connected(instance)
        if node is None and online:
            record.nodes[name] = ManagedNode(online=True, last_ping=utcnow())
            changed = True
        elif node is not None and node.online != online:
            node.online, node.last_ping = online, utcnow()
            changed = True
    return changed


def why_unmanaged(backend: EC2Backend, instance_id: str) -> str:
    """Return why an instance is not a managed node, with the remedy."""
    instance = backend.get_instance_by_id(instance_id)
    if instance is None:
        return "no such instance exists in the region"
    role = ec2.role_of(instance)
    if not role:
        return f"it has no instance profile: give it one whose role has the policy {POLICY}"
    if not _permitted(instance):
        return (
            f"its role {role} does not permit {REGISTER} and a channel for commands: attach the "
            f"policy {POLICY} to it"
        )
    return f"it is {instance.state}; its agent registers when it has booted"


def _exists(instance: Instance | None) -> bool:
    return instance is not None and instance.state_code not in {ec2.SHUTTING_DOWN, ec2.TERMINATED}


def _connected(instance: Instance) -> bool:
    record = InstanceRecord.of(instance)
    return (
        instance.state_code == ec2.RUNNING
        and not record.impairment
        and not record.rebooting
        and not record.reboot_requested
        and _permitted(instance)
    )


def _permitted(instance: Instance) -> bool:
    role = _role(instance)
    documents = tuple(permissions.documents_of(role)) if role is not None else ()
    return permissions.permit(documents, (REGISTER,)) and any(
        permissions.permit(documents, channel) for channel in CHANNELS
    )


def _role(instance: Instance) -> Role | None:
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    roles = association.iam_instance_profile.roles if association is not None else []
    return roles[0] if roles else None
