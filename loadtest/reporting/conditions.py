"""The conditions of two runs, and where they differ from the published experiment."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from loadtest.analysis import comparability
from loadtest.errors import ComparisonError, LoadTestError
from loadtest.models import Record, RunSummary
from loadtest.reporting.published import PUBLISHED
from loadtest.stack.outputs import MonthlyCost, StackOutputs

NOT_TOLD = "not told"
FAILED_USER = "time-out, broken connection or unexpected status"


class Condition(Record):
    """One row: what it was in both runs and in the published experiment."""

    name: str
    single: str
    ha: str
    published: str = NOT_TOLD
    note: str = ""


_ROWS = TypeAdapter(list[Condition])


def read(path: Path) -> list[Condition]:
    """Reads rows that the caller knows: a JSON list of {name, single, ha, published, note}."""
    try:
        return _ROWS.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LoadTestError(f"cannot read the conditions {path}: {error.strerror}") from error
    except ValueError as error:
        reason = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(str(part) for part in reason["loc"]) + ": " if reason else ""
        raise LoadTestError(
            f"{path} is not a list of conditions: {where}{reason['msg'] if reason else error}"
        ) from error


def known(
    single: RunSummary, ha: RunSummary, outputs: tuple[StackOutputs, StackOutputs]
) -> list[Condition]:
    """The rows that the runs and their stacks tell by themselves."""
    first, second = outputs
    timeouts = (f"{single.scenario.timeout_s:g} s", f"{ha.scenario.timeout_s:g} s")
    return [
        _row(
            "Instances",
            (_fleet(first), _fleet(second)),
            f"1 × {PUBLISHED.instance_type}; HA: {NOT_TOLD}",
        ),
        _row(
            "Availability Zones",
            (", ".join(first.availability_zones[:1]), ", ".join(second.availability_zones)),
        ),
        _row("Region", (first.region, second.region)),
        _row("Database", (first.database_class, second.database_class)),
        *_cost(first.monthly_cost, second.monthly_cost),
        _row(
            "Load",
            (single.profile.description, ha.profile.description),
            f"{PUBLISHED.load}; {PUBLISHED.single.users:,} users",
            "5 to 125 visitors/s is the ramp that fits every published figure",
        ),
        _row(
            "What a user does",
            (single.scenario.description, ha.scenario.description),
            "opens the index page and logs in",
        ),
        _row("Time-out of a request", timeouts),
        _row("Connections", ("a new one per user", "a new one per user")),
        _row(
            "Failed user",
            (FAILED_USER, FAILED_USER),
            "as Artillery counts: time-out or broken connection",
            "a 5xx answer fails a user here; Artillery alone does not count it",
        ),
        _row(
            "Load generator",
            (_generator(single), _generator(ha)),
            "Artillery",
        ),
    ]


def _row(
    name: str, values: tuple[str, str], published: str = NOT_TOLD, note: str = ""
) -> Condition:
    return Condition(name=name, single=values[0], ha=values[1], published=published, note=note)


def _cost(single: MonthlyCost | None, ha: MonthlyCost | None) -> list[Condition]:
    """The row of the monthly cost; none where no stack tells it."""
    told = [cost for cost in (single, ha) if cost is not None]
    if not told:
        return []
    dates = sorted({cost.table_date for cost in told if cost.table_date})
    note = f"list prices of {', '.join(dates)}, 730 h, no traffic" if dates else ""
    return [_row("Cost on AWS, a month", (_price(single), _price(ha)), note=note)]


def _price(cost: MonthlyCost | None) -> str:
    if cost is None or cost.total is None:
        return "not estimated"
    doubt = f" ({cost.confidence} confidence)" if cost.confidence == "low" else ""
    return f"{cost.total:,.2f} {cost.currency}{doubt}"


def _generator(run: RunSummary) -> str:
    used = run.generator
    return (
        f"{used.cpu_seconds:,.0f} s of CPU, {used.peak_rss_bytes / 2**20:,.0f} MiB, "
        f"{used.host_cpus} CPUs, event loop {used.busy_mean:.0%} busy"
    )


def versions(single: RunSummary, ha: RunSummary) -> list[Condition]:
    """The versions of what measured."""
    pairs = [
        ("Artillery", single.generator.artillery, ha.generator.artillery),
        ("Node", single.generator.node, ha.generator.node),
        ("Python", single.generator.python, ha.generator.python),
        ("music-note revision", _app_version(single), _app_version(ha)),
    ]
    return [Condition(name=name, single=a, ha=b) for name, a, b in pairs]


def require_comparable(single: RunSummary, ha: RunSummary) -> None:
    """Raises unless both runs asked the same of their stacks."""
    if (single.topology, ha.topology) != ("single", "ha"):
        raise ComparisonError(
            f"a report needs a single run and an ha run, not {single.topology} and {ha.topology}"
        )
    comparability.require(single, ha)


def _fleet(outputs: StackOutputs) -> str:
    return f"{outputs.instance_count} × {outputs.instance_type}"


def _app_version(run: RunSummary) -> str:
    return ", ".join(sorted({v for one in run.instances for v in one.versions})) or "unknown"
