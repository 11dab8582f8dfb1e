"""Certificates that an HTTPS listener has beside its default one."""

from __future__ import annotations

from typing_extensions import override

from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties

_BETWEEN = "_"
"""No ARN of a listener or of a certificate has one."""


class ListenerCertificate(Handler):
    """`aws.lb.ListenerCertificate`."""

    resource_type = "aws:lb/listenerCertificate:ListenerCertificate"
    supported = frozenset({"listenerArn", "certificateArn"})

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call AddListenerCertificates; the id is of both ARNs."""
        listener, certificate = inputs["listenerArn"], inputs["certificateArn"]
        op.aws.elbv2.add_listener_certificates(
            ListenerArn=listener, Certificates=[{"CertificateArn": certificate}]
        )
        return f"{listener}{_BETWEEN}{certificate}"

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Look for the certificate among those of the listener."""
        listener, _, certificate = identity.partition(_BETWEEN)
        found = op.aws.elbv2.describe_listener_certificates(ListenerArn=listener)["Certificates"]
        if certificate not in {one["CertificateArn"] for one in found if not one["IsDefault"]}:
            return None
        return {"listenerArn": listener, "certificateArn": certificate}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call RemoveListenerCertificates."""
        listener, _, certificate = identity.partition(_BETWEEN)
        op.aws.elbv2.remove_listener_certificates(
            ListenerArn=listener, Certificates=[{"CertificateArn": certificate}]
        )
