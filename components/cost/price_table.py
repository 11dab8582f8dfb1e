"""The price tables in `components/cost/prices`: dated list prices, each with its source. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from components.errors import ConfigurationError

DIRECTORY = Path(__file__).parent / "prices"


class Confidence(Enum):
    """How reliable a price is; the first lines of the tables define the levels."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Higher is better."""
        return list(Confidence).index(self)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Row):
    """One unit price. `per` is the unit; `source` is where it was read on the day `read`."""

    usd: Annotated[float, Field(ge=0)]
    per: Literal["hour", "GB-month", "month", "GB", "LCU-hour", "vCPU-hour", "GB-hour", "request"]
    confidence: Confidence
    read: date
    source: str


class PriceTable(_Row):
    """The prices of one Region; keys are `<what>` or `<what>/<type>`."""

    region: str
    currency: Literal["USD"]
    compiled: date
    """When the table was compiled; individual prices may be older."""

    sources: dict[str, str]
    prices: dict[str, Price]

    @model_validator(mode="after")
    def _sources_known(self) -> PriceTable:
        unknown = {p.source for p in self.prices.values()} - set(self.sources)
        if unknown:
            raise ValueError(f"sources without a description: {', '.join(sorted(unknown))}")
        return self

    def price(self, key: str) -> Price | None:
        """Return the price of `key` with its source spelled out; None if the table has none."""
        price = self.prices.get(key)
        if price is None:
            return None
        return price.model_copy(update={"source": self.sources[price.source]})

    def with_prices(self, fresh: Mapping[str, Price], compiled: date) -> PriceTable:
        """Return a table in which `fresh` prices, with sources spelled out, take precedence."""
        described = {price.source: price.source for price in fresh.values()}
        return self.model_copy(
            update={
                "compiled": compiled,
                "sources": {**self.sources, **described},
                "prices": {**self.prices, **fresh},
            }
        )


def known_regions(directory: Path = DIRECTORY) -> list[str]:
    """List the Regions that have a table, sorted."""
    return sorted(path.stem for path in directory.glob("*.yaml"))


def load_table(region: str, directory: Path = DIRECTORY) -> PriceTable | None:
    """Load the table of a Region; None if there is none.

    Raises:
        ConfigurationError: The file exists but is not a valid price table.
    """
    # Compared, not opened: the name of a Region must not be used as a path.
    if region not in known_regions(directory):
        return None
    path = directory / f"{region}.yaml"
    try:
        table = PriceTable.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        reason = _first_reason(error)
        raise ConfigurationError(
            f"{path.name} is not a valid price table: {reason}; fix it, or remove the file "
            "to do without an estimate."
        ) from error
    if table.region != region:
        raise ConfigurationError(
            f'{path.name} is for the Region "{table.region}"; '
            "the file's name and its `region` must match."
        )
    return table


def _first_reason(error: yaml.YAMLError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        return f"{where}: {first['msg']}"
    return " ".join(str(error).split())
