"""Prices from AWS's Price List API. No Pulumi.

Off by default (`haproof:priceSource`): it needs credentials with `pricing:GetProducts`. Products are
identified by usage type, as on a bill. Sources: the attributes in AWS's offer
files (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html) and the
filters of infracost/infracost, `internal/resources/aws`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import boto3
from botocore.config import Config

from components.cost.price_table import Confidence, Price

API_REGION = "us-east-1"
"""The Price List API covers all Regions but is available in few (AWS General Reference)."""

_PREFIXES = {"us-east-1": ("", "USE1-"), "ap-northeast-2": ("APN2-", "APN2-")}
"""Prefixes of usage types: the first for older services, the second for newer ones, which name
us-east-1 too."""


class PriceListError(Exception):
    """A price was not found or is ambiguous; the message names it."""


class PricingClient(Protocol):
    """The part of boto3's `pricing` client that is used."""

    def get_products(self, **arguments: Any) -> Mapping[str, Any]:
        """https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html."""
        ...


@dataclass(frozen=True)
class Product:
    """What identifies a price: the service, and attributes that only one product has."""

    service: str
    attributes: Mapping[str, str]


def connect(profile: str | None) -> PricingClient:
    """Create a client with short timeouts: an estimate is not worth waiting minutes for."""
    quick = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
    session = boto3.Session(profile_name=profile)
    client: Any = session.client("pricing", region_name=API_REGION, config=quick)
    return client


def fetch(keys: Iterable[str], region: str, client: PricingClient, today: date) -> dict[str, Price]:
    """Fetch the prices of `keys`, as of `today`. Errors of botocore propagate.

    Raises:
        PriceListError: A price is missing or ambiguous.
    """
    return {key: _price(key, product_of(key, region), client, today) for key in keys}


def product_of(key: str, region: str) -> Product:
    """Map a key of the price table to a product.

    Raises:
        PriceListError: This module does not know the key or the Region.
    """
    if region not in _PREFIXES:
        raise PriceListError(f"the usage types of {region} are unknown")
    old, new = _PREFIXES[region]
    what, _, kind = key.partition("/")
    found = _instance(kind) if what == "instance" else _database(what, kind)
    if what in ("fargate-arm", "s3-requests"):
        found = _of_load_workers(key, old, new)
    if what == "encryption-key":
        found = Product("awskms", {"usagetype": f"{region}-KMS-Keys"})
    found = found or _by_usage(what, kind, old, new)
    if found is None:
        raise PriceListError(f"{key} cannot be looked up in the Price List")
    return Product(found.service, {"regionCode": region, **found.attributes})


def _instance(kind: str) -> Product:
    return Product(
        "AmazonEC2",
        {
            "instanceType": kind,
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
            "marketoption": "OnDemand",
        },
    )


def _database(what: str, kind: str) -> Product | None:
    deployment = "Multi-AZ" if what.endswith("-multi-az") else "Single-AZ"
    common = {"databaseEngine": "PostgreSQL", "deploymentOption": deployment}
    match what.removesuffix("-multi-az"):
        case "database":
            return Product("AmazonRDS", {"instanceType": kind, **common})
        case "database-volume":
            return Product("AmazonRDS", {"volumeType": "General Purpose-GP3", **common})
        case _:
            return None


def _by_usage(what: str, kind: str, old: str, new: str) -> Product | None:
    balancing = {"operation": "LoadBalancing:Application"}
    products = {
        "volume": Product("AmazonEC2", {"usagetype": f"{old}EBS:VolumeUsage.{kind}"}),
        "surplus-credit": Product("AmazonEC2", {"usagetype": f"{old}CPUCredits:{kind}"}),
        "public-ipv4": Product("AmazonVPC", {"usagetype": f"{new}PublicIPv4:InUseAddress"}),
        "load-balancer": Product("AWSELB", {"usagetype": f"{old}LoadBalancerUsage", **balancing}),
        "load-balancer-lcu": Product("AWSELB", {"usagetype": f"{old}LCUUsage", **balancing}),
        "nat-gateway": Product("AmazonEC2", {"usagetype": f"{old}NatGateway-Hours"}),
        "nat-gateway-data": Product("AmazonEC2", {"usagetype": f"{old}NatGateway-Bytes"}),
        "secret": Product("AWSSecretsManager", {"usagetype": f"{new}AWSSecretsManager-Secrets"}),
        "alarm": Product("AmazonCloudWatch", {"usagetype": f"{old}CW:AlarmMonitorUsage"}),
    }
    return products.get(what)


def _of_load_workers(key: str, old: str, new: str) -> Product | None:
    """Return what workers of a load test on Fargate are billed for (docs/workers.md)."""
    products = {
        "fargate-arm/vcpu": Product(
            "AmazonECS", {"usagetype": f"{new}Fargate-ARM-vCPU-Hours:perCPU"}
        ),
        "fargate-arm/memory": Product("AmazonECS", {"usagetype": f"{new}Fargate-ARM-GB-Hours"}),
        "s3-requests/write": Product("AmazonS3", {"usagetype": f"{old}Requests-Tier1"}),
        "s3-requests/read": Product("AmazonS3", {"usagetype": f"{old}Requests-Tier2"}),
    }
    return products.get(key)


_UNITS = {
    "fargate-arm/vcpu": "vCPU-hour",
    "fargate-arm/memory": "GB-hour",
    "s3-requests": "request",
    "instance": "hour",
    "surplus-credit": "vCPU-hour",
    "volume": "GB-month",
    "public-ipv4": "hour",
    "load-balancer": "hour",
    "load-balancer-lcu": "LCU-hour",
    "nat-gateway": "hour",
    "nat-gateway-data": "GB",
    "database": "hour",
    "database-multi-az": "hour",
    "database-volume": "GB-month",
    "database-volume-multi-az": "GB-month",
    "secret": "month",
    "alarm": "month",
    "encryption-key": "month",
}


def _price(key: str, product: Product, client: PricingClient, today: date) -> Price:
    answer = client.get_products(
        ServiceCode=product.service,
        FormatVersion="aws_v1",
        Filters=[
            {"Type": "TERM_MATCH", "Field": field, "Value": value}
            for field, value in product.attributes.items()
        ],
    )
    found = {_first_tier(json.loads(text)) for text in answer.get("PriceList", ())} - {None}
    if len(found) != 1 or answer.get("NextToken"):
        raise PriceListError(f"the Price List has {len(found)} prices for {key}, not one")
    (usd,) = found
    return Price.model_validate(
        {
            "usd": usd,
            "per": _UNITS.get(key) or _UNITS[key.partition("/")[0]],
            "confidence": Confidence.HIGH,
            "read": today,
            "source": f"AWS Price List API, {product.service}",
        }
    )


def _first_tier(document: Mapping[str, Any]) -> float | None:
    """Return the on-demand price of the first unit; None for a product without one (reservations)."""
    for term in document.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            usd = dimension.get("pricePerUnit", {}).get("USD")
            if usd is not None and dimension.get("beginRange", "0") == "0":
                return float(usd)
    return None
