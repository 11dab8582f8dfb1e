"""The conditions of two runs, and where they differ from the published experiment."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from loadtest.analysis import comparability
from loadtest.errors import ComparisonError, LoadTestError
from loadtest.messages.message import Message, msg
from loadtest.messages.names import free_text
from loadtest.models import Record, RunSummary
from loadtest.reporting.published import PUBLISHED
from loadtest.stack.outputs import MonthlyCost, StackOutputs

NOT_REPORTED = msg("value.not-reported")


class Condition(Record):
    """One row: the value in both runs and in the published experiment."""

    name: Message
    single: Message
    ha: Message
    published: Message = NOT_REPORTED
    note: Message | None = None


class _GivenCondition(Record):
    """A row as a user writes it, in words of any language."""

    name: str
    single: str
    ha: str
    published: str | None = None
    note: str | None = None


_GIVEN = TypeAdapter(list[_GivenCondition])


def read(path: Path) -> list[Condition]:
    """Read rows that the caller knows: a JSON list of {name, single, ha, published, note}.

    Raises:
        LoadTestError: the file cannot be read, or is something else.
    """
    try:
        rows = _GIVEN.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LoadTestError(f"cannot read the conditions {path}: {error.strerror}") from error
    except ValueError as error:
        reason = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(str(part) for part in reason["loc"]) + ": " if reason else ""
        raise LoadTestError(
            f"{path} is not a list of conditions: {where}{reason['msg'] if reason else error}"
        ) from error
    return [
        Condition(
            name=free_text(row.name),
            single=free_text(row.single),
            ha=free_text(row.ha),
            published=free_text(row.published) if row.published else NOT_REPORTED,
            note=free_text(row.note) if row.note else None,
        )
        for row in rows
    ]


def known(
    single: RunSummary, ha: RunSummary, outputs: tuple[StackOutputs, StackOutputs]
) -> list[Condition]:
    """Return the rows that follow from the runs and their stacks."""
    runs = (single, ha)
    first, second = outputs
    failed_user = msg("condition.failed-user.value")
    return [
        _row(
            msg("condition.instances"),
            (_instances(first), _instances(second)),
            msg("condition.instances.published", type=PUBLISHED.instance_type),
        ),
        _row(
            msg("condition.zones"),
            (_names(first.availability_zones[:1]), _names(second.availability_zones)),
        ),
        _row(msg("condition.region"), (_name(first.region), _name(second.region))),
        _row(
            msg("condition.database"), (_name(first.database_class), _name(second.database_class))
        ),
        *_cost(first.monthly_cost, second.monthly_cost),
        _row(
            msg("condition.load"),
            (single.profile.description, ha.profile.description),
            msg("condition.load.published", load=PUBLISHED.load, users=PUBLISHED.single.users),
            msg("condition.load.note"),
        ),
        _row(
            msg("condition.scenario"),
            (single.scenario.description, ha.scenario.description),
            msg("condition.scenario.published"),
        ),
        _row(
            msg("condition.timeout"),
            tuple(msg("value.seconds", seconds=run.scenario.timeout_s) for run in runs),
        ),
        _row(msg("condition.connections"), tuple(map(comparability.connections, runs))),
        _row(
            msg("condition.failed-user"),
            (failed_user, failed_user),
            msg("condition.failed-user.published"),
            msg("condition.failed-user.note"),
        ),
        _row(msg("condition.generator"), tuple(map(_generator, runs)), _name("Artillery")),
    ]


def _row(
    name: Message,
    values: tuple[Message, ...],
    published: Message = NOT_REPORTED,
    note: Message | None = None,
) -> Condition:
    single, ha = values
    return Condition(name=name, single=single, ha=ha, published=published, note=note)


def _name(name: str) -> Message:
    return msg("value.name", name=name)


def _names(names: list[str]) -> Message:
    return msg("value.names", names=tuple(map(_name, names)))


def _cost(single: MonthlyCost | None, ha: MonthlyCost | None) -> list[Condition]:
    """Return the row of the monthly cost; none where no stack estimates it."""
    estimates = [cost for cost in (single, ha) if cost is not None]
    if not estimates:
        return []
    dates = sorted({cost.table_date for cost in estimates if cost.table_date})
    note = msg("condition.cost.note", dates=_names(dates)) if dates else None
    return [_row(msg("condition.cost"), (_price(single), _price(ha)), note=note)]


def _price(cost: MonthlyCost | None) -> Message:
    if cost is None or cost.total is None:
        return msg("condition.cost.unknown")
    shown = "condition.cost.uncertain" if cost.confidence == "low" else "condition.cost.value"
    return msg(shown, total=cost.total, currency=cost.currency or "")


def _generator(run: RunSummary) -> Message:
    used = run.generator
    return msg(
        "condition.generator.value",
        cpu=used.cpu_seconds,
        memory=used.peak_rss_bytes / 2**20,
        cpus=used.host_cpus,
        busy=used.busy_mean,
    )


def versions(single: RunSummary, ha: RunSummary) -> list[Condition]:
    """Return the versions of what measured and of what was measured."""
    return [
        _row(
            msg("version.artillery"),
            (_name(single.generator.artillery), _name(ha.generator.artillery)),
        ),
        _row(msg("version.node"), (_name(single.generator.node), _name(ha.generator.node))),
        _row(msg("version.python"), (_name(single.generator.python), _name(ha.generator.python))),
        _row(msg("version.revision"), (_app_version(single), _app_version(ha))),
    ]


def require_comparable(single: RunSummary, ha: RunSummary) -> None:
    """Require that both runs put the same load on their stacks.

    Raises:
        ComparisonError: they did not, or are not one of each stack.
    """
    if (single.topology, ha.topology) != ("single", "ha"):
        raise ComparisonError(
            f"a report needs a single run and an ha run, not {single.topology} and {ha.topology}"
        )
    comparability.require(single, ha)


def _instances(outputs: StackOutputs) -> Message:
    return msg(
        "condition.instances.value", count=outputs.instance_count, type=outputs.instance_type
    )


def _app_version(run: RunSummary) -> Message:
    versions = sorted({version for one in run.instances for version in one.versions})
    return _names(versions) if versions else msg("value.unknown")
