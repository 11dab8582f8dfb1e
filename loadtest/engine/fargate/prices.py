"""What workers cost: the dated list prices of `components/cost/prices`, read as data.

The load test imports nothing of the program that builds the stacks; the tables are files with a form
that docs/cost.md describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from loadtest.engine.fargate.sizing import GIB, Size
from loadtest.errors import LoadTestError

DIRECTORY: Final = Path(__file__).parents[3] / "components" / "cost" / "prices"
VCPU, MEMORY = "fargate-arm/vcpu", "fargate-arm/memory"
ADDRESS, WRITE, READ = "public-ipv4", "s3-requests/write", "s3-requests/read"
KEYS: Final = (VCPU, MEMORY, ADDRESS, WRITE, READ)
LEAST_S: Final = 60.0
"""A task is billed for a minute at least (https://aws.amazon.com/fargate/pricing/)."""
HOUR_S: Final = 3600.0


class Price(BaseModel):
    """One unit price of a table."""

    model_config = ConfigDict(frozen=True)

    usd: float
    read: date


class PriceTable(BaseModel):
    """The prices of a region, as far as workers need them."""

    model_config = ConfigDict(frozen=True)

    region: str
    compiled: date
    prices: Mapping[str, Price]

    def usd(self, key: str) -> float:
        """Return a price in USD."""
        return self.prices[key].usd

    @property
    def read(self) -> date:
        """When the oldest of the prices that workers need was read."""
        return min(self.prices[key].read for key in KEYS)


def table(region: str, directory: Path = DIRECTORY) -> PriceTable:
    """Return the prices of a region.

    Raises:
        LoadTestError: There is no table of that region, or one of the prices is missing.
    """
    known = sorted(file.stem for file in directory.glob("*.yaml"))
    if region not in known:
        raise LoadTestError(
            f"no price of workers in {region} is known, only in {', '.join(known)}: add a table for it "
            "to components/cost/prices, or name one of these as `region` in the settings"
        )
    file = directory / f"{region}.yaml"
    try:
        found = PriceTable.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise LoadTestError(f"cannot read the prices in {file}: {error}") from error
    if missing := [key for key in KEYS if key not in found.prices]:
        raise LoadTestError(f"{file} has no price for {', '.join(missing)}: add it")
    return found


@dataclass(frozen=True)
class Exchange:
    """How often a worker and its coordinator use S3."""

    beat_s: float
    """Seconds between two pieces of records: one is written, listed and read."""
    poll_s: float
    """Seconds between two looks of a worker at the coordinator's object."""


@dataclass(frozen=True)
class Bill:
    """What workers cost for some time, in USD."""

    compute: float
    addresses: float
    requests: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.compute + self.addresses + self.requests


def bill(
    prices: PriceTable,
    *,
    workers: int,
    size: Size,
    seconds: float,
    public: bool,
    exchange: Exchange,
) -> Bill:
    """Return what `workers` tasks cost that each run for `seconds`.

    Not in it: traffic, logs, the image in its registry, a NAT gateway, tax.
    """
    hours = workers * max(LEAST_S, seconds) / HOUR_S
    compute = size.vcpu * prices.usd(VCPU) + size.memory_mib / GIB * prices.usd(MEMORY)
    beats, polls = seconds / exchange.beat_s, seconds / exchange.poll_s
    # A piece is put and listed, the coordinator's object is put once a beat for all workers.
    writes = workers * 2 * beats + beats
    reads = workers * (beats + polls)
    return Bill(
        compute=hours * compute,
        addresses=hours * prices.usd(ADDRESS) if public else 0.0,
        requests=writes * prices.usd(WRITE) + reads * prices.usd(READ),
    )
