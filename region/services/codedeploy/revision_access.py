"""Whether an instance may read the revision that is deployed to it, as its agent asks S3 for it.

An instance without a profile is not asked about: in the region its agent reads as the region's user. Nor
is a bucket whose policy lets somebody read, except for what the instance's role denies.

https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-iam-instance-profile.html
Call with the control plane's lock held.
"""

from __future__ import annotations

from typing import Final

from moto.s3.models import s3_backends

from region.api.server import ControlPlane
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.services import permissions, policy_documents, roles
from region.services.codedeploy import membership
from region.services.ec2 import instances as ec2

READ: Final = "s3:GetObject"
READ_VERSION: Final = "s3:GetObjectVersion"
"""What reading an object needs, and what reading one of its versions does."""


def problem(plane: ControlPlane, instance_id: str, deployment: AgentDeployment) -> str | None:
    """Return why the instance cannot read the revision, with the remedy; None if it can."""
    if membership.is_on_premises(plane, instance_id):
        return None
    account = plane.config.account
    instance = plane.backend("ec2").get_instance_by_id(instance_id)
    name = ec2.role_of(instance) if instance is not None else ""
    role = next((one for one in roles.all_of(account) if one.name == name), None)
    if role is None:
        return None
    documents = tuple(permissions.documents_of(role))
    action = READ_VERSION if deployment.version_id else READ
    resource = f"arn:aws:s3:::{deployment.bucket}/{deployment.key}"
    denied = permissions.deny(documents, action, resource)
    allowed = permissions.permit(documents, (action,), resource)
    if not denied and (allowed or _lets_somebody_in(account, deployment.bucket)):
        return None
    why = "denies" if denied else "does not permit"
    return (
        f"AccessDenied: the role {name} of {instance_id} {why} {action} on {resource}; see the policies of "
        "the role."
    )


def _lets_somebody_in(account: str, bucket: str) -> bool:
    """Return whether a bucket's own policy allows anything, to whatever principal."""
    found = s3_backends[account]["aws"].buckets.get(bucket)
    if found is None or not found.policy:
        return False
    return any(one.get("Effect") == "Allow" for one in policy_documents.statements(found.policy))
