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
    """How far a price may be trusted; the tables' first lines say what each word means."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """The higher, the better."""
        return list(Confidence).index(self)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Row):
    """One unit price. `per` is the unit; `source` says where it was read on the day `read`."""

    usd: Annotated[float, Field(ge=0)]
    per: Literal["hour", "GB-month", "month", "GB", "LCU-hour", "vCPU-hour"]
    confidence: Confidence
    read: date
    source: str


class PriceTable(_Row):
    """The prices of one Region; keys are `<what>` or `<what>/<type>`."""

    region: str
    currency: Literal["USD"]
    compiled: date
    """When the table was put together; single prices may be older."""
    sources: dict[str, str]
    prices: dict[str, Price]

    @model_validator(mode="after")
    def _sources_known(self) -> PriceTable:
        unknown = {p.source for p in self.prices.values()} - set(self.sources)
        if unknown:
            raise ValueError(f"sources without a description: {', '.join(sorted(unknown))}")
        return self

    def price(self, key: str) -> Price | None:
        """The price under `key` with its source spelt out; None if the table has none."""
        found = self.prices.get(key)
        if found is None:
            return None
        return found.model_copy(update={"source": self.sources[found.source]})

    def with_prices(self, fresh: Mapping[str, Price], compiled: date) -> PriceTable:
        """A table in which `fresh` prices, whose sources are already spelt out, win."""
        described = {price.source: price.source for price in fresh.values()}
        return self.model_copy(
            update={
                "compiled": compiled,
                "sources": {**self.sources, **described},
                "prices": {**self.prices, **fresh},
            }
        )


def known_regions(directory: Path = DIRECTORY) -> list[str]:
    """The Regions that have a table, sorted."""
    return sorted(path.stem for path in directory.glob("*.yaml"))


def load_table(region: str, directory: Path = DIRECTORY) -> PriceTable | None:
    """The table of a Region; None if there is none.

    Raises ConfigurationError when the file is there and is no price table.
    """
    # Compared, not opened: what AWS or a configuration calls a Region is no path.
    if region not in known_regions(directory):
        return None
    path = directory / f"{region}.yaml"
    try:
        table = PriceTable.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        reason = _first_reason(error)
        raise ConfigurationError(
            f"{path.name} is no price table: {reason}; put it right, or remove the file "
            "to do without an estimate."
        ) from error
    if table.region != region:
        raise ConfigurationError(
            f'{path.name} says that it is for the Region "{table.region}"; '
            "the file's name and its `region` have to be the same."
        )
    return table


def _first_reason(error: yaml.YAMLError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        return f"{where}: {first['msg']}"
    return " ".join(str(error).split())
