"""Certificates beside a listener's default one, and what ACM says of those in use."""

from __future__ import annotations

from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from moto.acm.exceptions import AWSValidationException
from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.core.exceptions import AWSError
from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer, elbv2_backends

from region.api.patching import Original, Patches
from region.services.elbv2 import certificates
from region.services.elbv2.errors import invalid
from region.services.elbv2.listener_patches import balancer_of, reprovision
from region.services.elbv2.records import LoadBalancerRecord

patches = Patches()

_MISMATCH: Final = "The certificate and the private key do not match."


class InUseError(AWSError):
    """A certificate that a load balancer presents stays."""

    TYPE = "ResourceInUseException"


@patches.method(ELBv2Backend)
def add_listener_certificates(
    self: ELBv2Backend, arn: str, given: list[dict[str, Any]]
) -> list[str]:
    """Add certificates for names that clients ask for; those that are there already stay."""
    balancer, listener = _of_https(self, arn)
    names = [str(one["CertificateArn"]) for one in given]
    for name in names:
        certificates.find(self, name)
    present = certificates.names_of(balancer, listener)
    new = [name for name in dict.fromkeys(names) if name not in present]
    if certificates.count_others(balancer) + len(new) > certificates.MOST:
        raise invalid(
            f"A load balancer can have at most {certificates.MOST} certificates",
            "TooManyCertificates",
        )
    LoadBalancerRecord.of(balancer).certificates[arn] = (*present[1:], *new)
    reprovision(balancer)
    return names


@patches.method(ELBv2Backend)
def remove_listener_certificates(self: ELBv2Backend, arn: str, given: list[dict[str, Any]]) -> None:
    """Remove certificates, but not the default one."""
    balancer, listener = _of_https(self, arn)
    default, *others = certificates.names_of(balancer, listener)
    gone = {str(one["CertificateArn"]) for one in given}
    if default in gone:
        raise invalid("Default certificate cannot be removed", "OperationNotPermitted")
    left = tuple(name for name in others if name not in gone)
    LoadBalancerRecord.of(balancer).certificates[arn] = left
    reprovision(balancer)


@patches.method(ELBv2Backend)
def describe_listener_certificates(self: ELBv2Backend, arn: str) -> list[str]:
    """List the certificates of a listener, the default one first."""
    balancer = balancer_of(self, arn)
    return list(certificates.names_of(balancer, balancer.listeners[arn]))


def _of_https(backend: ELBv2Backend, arn: str) -> tuple[FakeLoadBalancer, FakeListener]:
    balancer = balancer_of(backend, arn)
    listener = balancer.listeners[arn]
    if listener.protocol != certificates.HTTPS:
        message = "Certificates are for listeners of protocol HTTPS"
        raise invalid(message, "InvalidConfigurationRequest")
    return balancer, listener


@patches.around(CertBundle, "__init__")
def _new_certificate(moto: Original, self: CertBundle, *args: Any, **kwargs: Any) -> None:
    """Take a certificate with its own key; moto takes any, and no load balancer starts with that."""
    moto(self, *args, **kwargs)
    spelled = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    own = self._cert.public_key().public_bytes(*spelled)  # pyright: ignore[reportPrivateUsage]
    if own != self._key.public_key().public_bytes(*spelled):  # pyright: ignore[reportPrivateUsage]
        raise AWSValidationException(_MISMATCH)


def _forget(self: CertBundle, given: object) -> None:
    """Do not keep who uses a certificate: the load balancers say it."""
    del self, given


@patches.value(CertBundle, "in_use_by", _forget)
def _in_use_by(self: CertBundle) -> list[str]:
    _, _, _, region, account, _ = str(self.arn).split(":", 5)
    return certificates.users_of(elbv2_backends[account][region], str(self.arn))


@patches.around(AWSCertificateManagerBackend, "delete_certificate")
def _delete_certificate(moto: Original, self: AWSCertificateManagerBackend, arn: str) -> None:
    found = self._certificates.get(arn)  # pyright: ignore[reportPrivateUsage]
    if found is not None and found.in_use_by:
        raise InUseError(f"Certificate {arn} in account {self.account_id} is in use.")
    moto(self, arn)
