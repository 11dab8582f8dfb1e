"""The ARNs of EC2."""

from __future__ import annotations


def of_instance(region: str, account: str, instance_id: str) -> str:
    """Return the ARN of an instance."""
    return f"arn:aws:ec2:{region}:{account}:instance/{instance_id}"
