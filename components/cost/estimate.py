"""A stack's monthly cost from its quantities and a price table. Pure.

On-demand list prices for 730 hours, without tax, discounts, free tiers and traffic. What depends on
traffic is reported as a unit price and is not part of the total.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from components.cost.price_table import Confidence, Price, PriceTable

HOURS = 730
"""Hours in a month, as in AWS's own calculator (8760 / 12)."""

NOT_COUNTED = (
    "not counted: traffic, requests, logs, dashboards, backups beyond the database's size, tax, "
    "discounts (Spot, reservations), free tiers"
)


@dataclass(frozen=True, kw_only=True)
class Quantities:
    """The quantities that are billed with or without visitors.

    `volume_gib` is per instance. `public_addresses` counts the public IPv4 addresses of instances, of
    the load balancer (one in each of its zones) and of NAT gateways. A regional NAT gateway counts
    once per zone, as it is billed.
    """

    instance_type: str
    instances: int
    volume_gib: int
    public_addresses: int
    load_balancers: int = 0
    nat_gateways: int = 0
    database_class: str
    database_multi_az: bool
    database_gib: int
    secrets: int
    alarms: int
    encryption_keys: int = 0
    unlimited_credits: bool = False


@dataclass(frozen=True, kw_only=True)
class Item:
    """One billed item: its quantity and its key in the price table."""

    name: str
    key: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """An item with its price. `monthly` is None for what is billed by traffic alone."""

    item: Item
    price: Price
    monthly: float | None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A monthly estimate; `total` is None if a price is missing, rather than a wrong number."""

    region: str
    currency: str | None
    table_date: date | None
    lines: tuple[Line, ...]
    on_use: tuple[Line, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def total(self) -> float | None:
        """USD a month, or None."""
        if self.table_date is None or self.missing:
            return None
        return sum(line.monthly or 0.0 for line in self.lines)

    @property
    def confidence(self) -> Confidence | None:
        """The lowest confidence of any price in the total."""
        confidences = [line.price.confidence for line in self.lines]
        return min(confidences, key=lambda one: one.rank) if confidences else None

    @property
    def doubtful(self) -> tuple[Line, ...]:
        """The lines of the total with a low-confidence price."""
        return tuple(line for line in self.lines if line.price.confidence is Confidence.LOW)

    def output(self) -> dict[str, Any]:
        """Return the estimate as plain data; keys without a value are left out."""
        document: dict[str, Any] = {
            "region": self.region,
            "hours": HOURS,
            "lines": [_line(line) for line in self.lines],
            "onUse": [_line(line) for line in self.on_use],
            "notes": list(self.notes),
        }
        total, confidence = self.total, self.confidence
        if self.currency and self.table_date:
            document |= {"currency": self.currency, "tableDate": self.table_date.isoformat()}
        if total is not None and confidence is not None:
            document |= {"total": round(total, 2), "confidence": confidence.value}
        return document

    def summary(self) -> str:
        """Summarize the estimate in one sentence."""
        total, confidence = self.total, self.confidence
        if total is None or confidence is None or self.table_date is None:
            return f"Monthly cost: not estimated; {self.notes[0]}."
        sentence = (
            f"Monthly cost: about {total:,.2f} {self.currency} in {self.region} ({HOURS} h, no "
            f"traffic, prices of {self.table_date.isoformat()}, confidence {confidence.value})"
        )
        doubts = ", ".join(line.item.name for line in self.doubtful)
        return f"{sentence}; low confidence: {doubts}." if doubts else f"{sentence}."


def burstable_family(instance_type: str) -> str | None:
    """Return the family (`t4g` of `t4g.nano`); None for types without CPU credits."""
    family = instance_type.partition(".")[0]
    return family if re.fullmatch(r"t\d[a-z]*", family) else None


def items(quantities: Quantities) -> tuple[Item, ...]:
    """List the items billed by the hour or month. Items with a zero quantity are omitted."""
    return tuple(item for item in _items(quantities) if item.quantity)


def on_use(quantities: Quantities) -> tuple[Item, ...]:
    """List the items billed by use; the quantity is 0, because an estimate has no visitors."""
    usage: list[Item] = []
    if quantities.load_balancers:
        usage.append(Item(name="load balancer capacity", key="load-balancer-lcu", quantity=0))
    if quantities.nat_gateways:
        usage.append(Item(name="NAT gateway data", key="nat-gateway-data", quantity=0))
    family = burstable_family(quantities.instance_type)
    if family and quantities.unlimited_credits:
        name = "CPU above the baseline (credits unlimited)"
        usage.append(Item(name=name, key=f"surplus-credit/{family}", quantity=0))
    return tuple(usage)


def estimate(quantities: Quantities, region: str, table: PriceTable | None) -> Estimate:
    """Price every item; with no table, or an incomplete one, there is a reason in place of a total."""
    if table is None:
        return _unpriced(region)
    lines, missing = _priced(items(quantities), table)
    used, unknown = _priced(on_use(quantities), table)
    gap = (
        f"no price for {', '.join(missing)} in the table of {region}; add it to "
        f"components/cost/prices/{region}.yaml or set haproof:priceSource to price-list"
    )
    return Estimate(
        region=region,
        currency=table.currency,
        table_date=table.compiled,
        lines=lines,
        on_use=used,
        missing=missing,
        notes=(
            *((gap,) if missing else ()),
            *(f"{name}: price unknown" for name in unknown),
            *_doubts(lines),
            *_credits(quantities),
            NOT_COUNTED,
        ),
    )


def _items(q: Quantities) -> Iterator[Item]:
    multi = "-multi-az" if q.database_multi_az else ""
    zones = " in two zones" if q.database_multi_az else ""
    yield Item(
        name=f"{q.instance_type} instances", key=f"instance/{q.instance_type}", quantity=q.instances
    )
    yield Item(name="gp3 volumes", key="volume/gp3", quantity=q.instances * q.volume_gib)
    yield Item(name="public IPv4 addresses", key="public-ipv4", quantity=q.public_addresses)
    yield Item(name="load balancer", key="load-balancer", quantity=q.load_balancers)
    yield Item(name="NAT gateways", key="nat-gateway", quantity=q.nat_gateways)
    yield Item(
        name=f"{q.database_class} database{zones}",
        key=f"database{multi}/{q.database_class}",
        quantity=1,
    )
    yield Item(
        name=f"database storage{zones}", key=f"database-volume{multi}/gp3", quantity=q.database_gib
    )
    yield Item(name="secrets", key="secret", quantity=q.secrets)
    yield Item(name="alarms", key="alarm", quantity=q.alarms)
    yield Item(name="encryption keys", key="encryption-key", quantity=q.encryption_keys)


def _priced(
    wanted: tuple[Item, ...], table: PriceTable
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    lines: list[Line] = []
    missing: list[str] = []
    for item in wanted:
        price = table.price(item.key)
        if price is None:
            missing.append(item.name)
        else:
            lines.append(Line(item=item, price=price, monthly=_monthly(item, price)))
    return tuple(lines), tuple(missing)


def _monthly(item: Item, price: Price) -> float | None:
    match price.per:
        case "hour":
            return item.quantity * price.usd * HOURS
        case "month" | "GB-month":
            return item.quantity * price.usd
        case _:
            return None


def _unpriced(region: str) -> Estimate:
    reason = (
        f"there is no price table for {region}; add components/cost/prices/{region}.yaml, modelled "
        "on the others"
    )
    return Estimate(
        region=region,
        currency=None,
        table_date=None,
        lines=(),
        on_use=(),
        missing=(),
        notes=(reason,),
    )


def _doubts(lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        if line.price.confidence is Confidence.LOW:
            yield f"low confidence: {line.item.name} ({line.price.source})"


def _credits(quantities: Quantities) -> Iterator[str]:
    if quantities.unlimited_credits and burstable_family(quantities.instance_type):
        yield (
            "CPU credits are unlimited: an instance that stays above its baseline is billed for each "
            "vCPU-hour above it"
        )


def _line(line: Line) -> dict[str, Any]:
    document: dict[str, Any] = {
        "item": line.item.name,
        "quantity": line.item.quantity,
        "unit": line.price.per,
        "unitPrice": line.price.usd,
        "confidence": line.price.confidence.value,
        "read": line.price.read.isoformat(),
        "source": line.price.source,
    }
    if line.monthly is not None:
        document["monthly"] = round(line.monthly, 2)
    return document
