"""The conditions of two runs, and where they differ from the published experiment."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from commandline import files
from loadtest.analysis import comparability
from loadtest.errors import ComparisonError, LoadTestError
from loadtest.generator_names import ARTILLERY
from loadtest.generator_record import GeneratorRecord
from loadtest.messages.message import Message, msg
from loadtest.messages.names import by_generator, free_text
from loadtest.models import Record, RunSummary
from loadtest.reporting.published import PUBLISHED, is_its_load
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
        rows = _GIVEN.validate_python(files.parse_json(files.read_text(path)))
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
        condition(
            msg("condition.instances"),
            (_instances(first), _instances(second)),
            msg("condition.instances.published", type=PUBLISHED.instance_type),
        ),
        condition(
            msg("condition.zones"),
            (_names(first.availability_zones[:1]), _names(second.availability_zones)),
        ),
        condition(msg("condition.region"), (literal(first.region), literal(second.region))),
        condition(
            msg("condition.database"),
            (literal(first.database_class), literal(second.database_class)),
        ),
        *_cost(first.monthly_cost, second.monthly_cost),
        condition(
            msg("condition.load"),
            (single.profile.description, ha.profile.description),
            msg("condition.load.published", load=PUBLISHED.load, users=PUBLISHED.single.users),
            msg("condition.load.note") if is_its_load(single) else None,
        ),
        condition(
            msg("condition.scenario"),
            (single.scenario.description, ha.scenario.description),
            msg("condition.scenario.published"),
        ),
        condition(
            msg("condition.timeout"),
            tuple(msg("value.seconds", seconds=run.scenario.timeout_s) for run in runs),
        ),
        condition(msg("condition.connections"), tuple(map(comparability.connections, runs))),
        condition(
            msg("condition.failed-user"),
            (failed_user, failed_user),
            msg("condition.failed-user.published"),
            msg("condition.failed-user.note"),
        ),
        condition(msg("condition.generator"), tuple(map(_generator, runs)), literal("Artillery")),
    ]


def condition(
    name: Message,
    values: tuple[Message, ...],
    published: Message = NOT_REPORTED,
    note: Message | None = None,
) -> Condition:
    """Return a row of the table; `values` are those of the single and the HA stack."""
    single, ha = values
    return Condition(name=name, single=single, ha=ha, published=published, note=note)


def literal(name: str) -> Message:
    """Return a value that is the same in every language, such as an instance type."""
    return msg("value.name", name=name)


def _names(names: list[str]) -> Message:
    return msg("value.names", names=tuple(map(literal, names)))


def _cost(single: MonthlyCost | None, ha: MonthlyCost | None) -> list[Condition]:
    """Return the row of the monthly cost; none where no stack estimates it."""
    estimates = [cost for cost in (single, ha) if cost is not None]
    if not estimates:
        return []
    dates = sorted({cost.table_date for cost in estimates if cost.table_date})
    note = msg("condition.cost.note", dates=_names(dates)) if dates else None
    return [condition(msg("condition.cost"), (_price(single), _price(ha)), note=note)]


def _price(cost: MonthlyCost | None) -> Message:
    if cost is None or cost.total is None:
        return msg("condition.cost.unknown")
    shown = "condition.cost.uncertain" if cost.confidence == "low" else "condition.cost.value"
    return msg(shown, total=cost.total, currency=cost.currency or "")


def _generator(run: RunSummary) -> Message:
    used = run.generator
    return by_generator(
        "condition.generator.value",
        used.name,
        cpu=used.cpu_seconds,
        memory=used.peak_rss_bytes / 2**20,
        cpus=used.host_cpus,
        busy=used.busy_mean,
    )


def versions(single: RunSummary, ha: RunSummary) -> list[Condition]:
    """Return the versions of what measured and of what was measured."""
    return [
        *_generator_versions(single.generator, ha.generator),
        condition(
            msg("version.python"), (literal(single.generator.python), literal(ha.generator.python))
        ),
        condition(msg("version.revision"), (_app_version(single), _app_version(ha))),
    ]


def _generator_versions(single: GeneratorRecord, ha: GeneratorRecord) -> list[Condition]:
    """Return the rows of the generator, which is the same in both runs, and of what it runs on."""
    name = (
        msg("version.artillery")
        if ha.name == ARTILLERY
        else msg("version.generator", generator=ha.title)
    )
    rows = [condition(name, (literal(single.release), literal(ha.release)))]
    if single.node and ha.node:
        rows.append(condition(msg("version.node"), (literal(single.node), literal(ha.node))))
    return rows


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
