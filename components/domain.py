"""A domain's certificate and its way to the load balancer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.acm.outputs import CertificateDomainValidationOption

from components.base import Component
from components.tags import Tags, named

PROOF_SECONDS = 60
"""Time to live of the record that proves the domain; it hardly ever changes, and then soon."""


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """`hosted_zone_id` is the Route 53 zone that the domain is in."""

    domain_name: str
    hosted_zone_id: str
    tags: Tags


class Certificate(Component):
    """A certificate of ACM's, proven through DNS, which lets ACM renew it by itself for as long as
    the record stands (ACM user guide, "DNS validation").
    """

    arn: pulumi.Output[str]
    """Of the certificate once it is issued: a listener refuses it before."""

    def __init__(
        self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__("domain:Certificate", name, {"domainName": args.domain_name}, opts)
        certificate = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=args.domain_name,
            validation_method="DNS",
            tags=named(args.tags, args.domain_name),
            opts=self.child(),
        )
        proof = certificate.domain_validation_options.apply(_only)
        record = aws.route53.Record(
            f"{name}-proof",
            zone_id=args.hosted_zone_id,
            name=proof.apply(lambda option: _text(option.resource_record_name)),
            type=proof.apply(lambda option: _text(option.resource_record_type)),
            records=[proof.apply(lambda option: _text(option.resource_record_value))],
            ttl=PROOF_SECONDS,
            # ACM asks for the same record for every certificate of a domain in an account, so a
            # second stack, or the one before, may have made it already.
            allow_overwrite=True,
            opts=self.child(),
        )
        issued = aws.acm.CertificateValidation(
            f"{name}-issued",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=self.child(),
        )
        self.arn = issued.certificate_arn
        self.finish({"arn": self.arn})


@dataclass(frozen=True, kw_only=True)
class AliasArgs:
    """`target_name` and `target_zone_id` are the load balancer's own."""

    domain_name: str
    hosted_zone_id: str
    target_name: pulumi.Input[str]
    target_zone_id: pulumi.Input[str]


class Alias(Component):
    """The domain as another name of the load balancer; unlike a CNAME also for a zone's apex, and
    its queries are free (Route 53 developer guide, "Choosing between alias and non-alias").
    """

    def __init__(
        self, name: str, args: AliasArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__("domain:Alias", name, {"domainName": args.domain_name}, opts)
        # Only A: the load balancer has no IPv6 address.
        aws.route53.Record(
            f"{name}-a",
            zone_id=args.hosted_zone_id,
            name=args.domain_name,
            type="A",
            aliases=[
                aws.route53.RecordAliasArgs(
                    name=args.target_name,
                    zone_id=args.target_zone_id,
                    evaluate_target_health=True,
                )
            ],
            opts=self.child(),
        )
        self.finish({"domainName": args.domain_name})


def _only(
    options: Sequence[CertificateDomainValidationOption],
) -> CertificateDomainValidationOption:
    """The proof that ACM asks for: one, since the certificate has one name."""
    if len(options) != 1:
        raise ValueError(
            f"ACM asks for {len(options)} proofs of one domain name; run `pulumi up` again, and "
            "if that does not help, delete the certificate"
        )
    return options[0]


def _text(value: str | None) -> str:
    if not value:
        raise ValueError("ACM has not told the certificate's proof yet; run `pulumi up` again")
    return value
