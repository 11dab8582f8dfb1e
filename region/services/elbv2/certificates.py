"""Certificates of HTTPS listeners: of ACM, where they are imported, with a security policy of ELB's.

ALB guide, "Create an HTTPS listener" and "SSL certificates". Callers hold the control plane's lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from moto.acm.models import AWS_ROOT_CA, CertBundle, acm_backends
from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer
from moto.elbv2.ssl_policies import SSL_POLICIES

from region.services.elbv2.errors import invalid
from region.services.elbv2.haproxy.tls import Certificate, Tls
from region.services.elbv2.records import LoadBalancerRecord

HTTPS: Final = "HTTPS"
DEFAULT_POLICY: Final = "ELBSecurityPolicy-2016-08"
"""Of a listener that is created without one through the API (ALB guide, "Security policies")."""
MOST: Final = 25
"""Certificates of a load balancer beside the default ones (ALB guide, "Quotas")."""
_OF_TLS_1_3: Final = "TLS_"
_OLDEST_FIRST: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_NAMES: Final = {"TLSv1": "TLSv1.0"}
"""HAProxy's names, where they are not ELB's."""


def check(
    backend: ELBv2Backend, protocol: str, policy: str | None, given: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse certificates and a policy that a listener of this protocol cannot have.

    Raises:
        ELBClientError: One of them.
    """
    if protocol != HTTPS:
        if given or policy:
            raise invalid(
                f"Certificates and SslPolicy are not for listeners of protocol {protocol}"
            )
        return
    if policy and policy not in SSL_POLICIES:
        raise invalid(f"SSL policy '{policy}' not found", "SSLPolicyNotFound")
    if not given:
        raise invalid("A certificate must be specified for HTTPS listeners")
    if len(given) > 1:
        raise invalid(
            "Exactly one certificate can be specified: add others with AddListenerCertificates",
            "TooManyCertificates",
        )
    for one in given:
        find(backend, str(one.get("CertificateArn")))


def find(backend: ELBv2Backend, arn: str) -> CertBundle:
    """Return a certificate of ACM.

    Raises:
        ELBClientError: There is none.
    """
    found = acm_backends[backend.account_id][backend.region_name]._certificates.get(arn)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    if found is None:
        raise invalid(f"Certificate '{arn}' not found", "CertificateNotFound")
    return found


def names_of(balancer: FakeLoadBalancer, listener: FakeListener) -> tuple[str, ...]:
    """Return the ARNs of a listener's certificates, the default one first; none of HTTP."""
    if listener.protocol != HTTPS:
        return ()
    others = LoadBalancerRecord.of(balancer).certificates.get(listener.arn, ())
    return (*listener.certificates, *others)


def tls_of(
    backend: ELBv2Backend, balancer: FakeLoadBalancer, listener: FakeListener, *, http2: bool
) -> Tls | None:
    """Return what a listener presents; None of HTTP."""
    if listener.protocol != HTTPS:
        return None
    policy = SSL_POLICIES[str(listener.ssl_policy)]
    ciphers = [str(name) for name in policy["ciphers"]]
    versions = [name for name in _OLDEST_FIRST if name in policy["ssl_protocols"]]
    return Tls(
        certificates=tuple(_presented(find(backend, arn)) for arn in names_of(balancer, listener)),
        oldest=_NAMES.get(versions[0], versions[0]),
        newest=_NAMES.get(versions[-1], versions[-1]),
        ciphers=tuple(name for name in ciphers if not name.startswith(_OF_TLS_1_3)),
        suites=tuple(name for name in ciphers if name.startswith(_OF_TLS_1_3)),
        http2=http2,
    )


def _presented(bundle: CertBundle) -> Certificate:
    chain = bundle.chain.replace(AWS_ROOT_CA, b"")  # moto adds it, whoever has signed.
    parts = [part.decode().strip() for part in (bundle.cert, chain, bundle.key)]
    pem = "".join(f"{part}\n" for part in parts if part)
    digest = hashlib.sha256(pem.encode()).hexdigest()
    return Certificate(f"{digest[:32]}.pem", pem)


def users_of(backend: ELBv2Backend, arn: str) -> list[str]:
    """Return the ARNs of the load balancers that present a certificate."""
    return [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(arn in names_of(balancer, one) for one in balancer.listeners.values())
    ]


def count_others(balancer: FakeLoadBalancer) -> int:
    """Return how many certificates a load balancer has that are no listener's default."""
    return sum(len(names_of(balancer, one)[1:]) for one in balancer.listeners.values())
