"""Images named by a parameter of Systems Manager, which is read at each launch.

`resolve:ssm:NAME`, with a version or a label if need be: `resolve:ssm:NAME:3`. EC2 User Guide, "Use a
Systems Manager parameter instead of an AMI ID"; Auto Scaling reads it again at each launch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ssm.exceptions import ParameterVersionNotFound
from moto.ssm.models import ssm_backends

PREFIX: Final = "resolve:ssm:"
_IMAGE: Final = "aws:ec2:image"
_PUBLIC: Final = "/aws/service/"
"""How the names of AWS's own parameters begin, whose type moto does not tell."""
_CODE: Final = "SsmInvalidParameter"


def resolve(backend: EC2Backend, image_id: str) -> str:
    """Return the id of the image that is named, by its own id or by a parameter.

    Raises:
        EC2ClientError: There is no such parameter, or its data type is not that of an image.
    """
    if not image_id.startswith(PREFIX):
        return image_id
    name = image_id.removeprefix(PREFIX)
    parameters = ssm_backends[backend.account_id][backend.region_name]
    try:
        found = parameters.get_parameter(name)
    except ParameterVersionNotFound:
        found = None
    if found is None:
        raise EC2ClientError(_CODE, f"The following aliases are invalid: {name}")
    if found.data_type != _IMAGE and not name.startswith(_PUBLIC):
        raise EC2ClientError(
            _CODE,
            f"Unsupported data type. The following parameter data types are supported: {_IMAGE}",
        )
    return str(found.value)


def described(backend: EC2Backend, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a launch template says, with the id of its image (`ResolveAlias`).

    Raises:
        EC2ClientError: As `resolve`.
    """
    image = resolve(backend, str(data.get("ImageId") or ""))
    return {**data, "ImageId": image} if image else dict(data)
