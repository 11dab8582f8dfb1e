"""A domain's certificate and its alias record for the load balancer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.acm.outputs import CertificateDomainValidationOption

from components.base import Component
from components.tags import Tags, named

VALIDATION_TTL_SECONDS = 60
"""Of the validation record: it rarely changes, and when it does the change should be visible soon."""


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """Arguments of `Certificate`.

    Attributes:
        domain_name: The name that the certificate is for.
        hosted_zone_id: The Route 53 zone that the domain is in.
        tags: Tags of every resource.
    """

    domain_name: str
    hosted_zone_id: str
    tags: Tags


class Certificate(Component):
    """An ACM certificate, validated through DNS.

    ACM renews it on its own for as long as the validation record exists (ACM user guide, "DNS
    validation").
    """

    arn: pulumi.Output[str]
    """Known once the certificate is issued: a listener rejects one that is pending."""

    def __init__(
        self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("security:Certificate", name, {"domainName": args.domain_name}, opts)
        certificate = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=args.domain_name,
            validation_method="DNS",
            tags=named(args.tags, args.domain_name),
            opts=self.child(),
        )
        validation = certificate.domain_validation_options.apply(_only)
        record = aws.route53.Record(
            f"{name}-proof",
            zone_id=args.hosted_zone_id,
            name=validation.apply(lambda option: _text(option.resource_record_name)),
            type=validation.apply(lambda option: _text(option.resource_record_type)),
            records=[validation.apply(lambda option: _text(option.resource_record_value))],
            ttl=VALIDATION_TTL_SECONDS,
            # ACM asks for the same record for every certificate of a domain in an account, so
            # another stack, or an earlier one, may have created it already.
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
        self.register({"arn": self.arn})


@dataclass(frozen=True, kw_only=True)
class AliasRecordArgs:
    """Arguments of `AliasRecord`.

    Attributes:
        domain_name: The name that visitors use.
        hosted_zone_id: The Route 53 zone that the domain is in.
        target_name: The load balancer's DNS name.
        target_zone_id: The Route 53 zone of the load balancer's DNS name.
    """

    domain_name: str
    hosted_zone_id: str
    target_name: pulumi.Input[str]
    target_zone_id: pulumi.Input[str]


class AliasRecord(Component):
    """A Route 53 alias record that points the domain at the load balancer.

    Unlike a CNAME it also works at a zone's apex, and its queries are free (Route 53 developer
    guide, "Choosing between alias and non-alias records").
    """

    def __init__(
        self, name: str, args: AliasRecordArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("network:AliasRecord", name, {"domainName": args.domain_name}, opts)
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
        self.register({"domainName": args.domain_name})


def _only(
    options: Sequence[CertificateDomainValidationOption],
) -> CertificateDomainValidationOption:
    """Return the one validation option that ACM has for a certificate with one name."""
    if len(options) != 1:
        raise ValueError(
            f"ACM asks for {len(options)} validation records for one domain name; run `pulumi up` "
            "again, and if that does not help, delete the certificate"
        )
    return options[0]


def _text(value: str | None) -> str:
    if not value:
        raise ValueError("ACM has not published the validation record yet; run `pulumi up` again")
    return value
