"""Rules about parameters of databases: it takes writes, its limits are in the right unit, it cleans up."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from guardrails import tokens
from guardrails.architecture.instance_sizes import size_of
from guardrails.model import (
    Level,
    Question,
    ResourceRule,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import dig, figure, is_absent, items, number

_ALL_GROUPS = (*tokens.PARAMETER_GROUP, *tokens.CLUSTER_PARAMETER_GROUP)
_POSTGRES = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html"
_NAMES = ("name", "id")
_ON, _OFF = ("1", "on", "true"), ("0", "off", "false")

_READ_ONLY = ("default_transaction_read_only", "read_only", "super_read_only", "innodb_read_only")
_MILLISECONDS = (
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "max_execution_time",
)
"""Limits on ordinary work, in milliseconds; 0 is none."""
_TOO_SHORT, _DOUBTFUL = 100, 1000
_PAGE = 8
"""KiB: the unit of shared_buffers."""
_MIB = 1024


def _parameters(group: Resource) -> Iterator[tuple[str, str]]:
    """Yield name and value of each parameter that is known."""
    for given in items(group.get("parameters")):
        name, value = dig(given, "name"), dig(given, "value")
        if isinstance(name, str) and isinstance(value, str | float | int):
            yield name, figure(value) if isinstance(value, int | float) else value.strip()


def _users(stack: Stack, group: Resource) -> list[Resource]:
    """Return the databases that have a parameter group."""
    return [
        one
        for types, props in (
            (tokens.DATABASE, ("parameterGroupName",)),
            (tokens.DATABASE_CLUSTER, ("dbClusterParameterGroupName",)),
            (tokens.CLUSTER_INSTANCE, ("dbParameterGroupName",)),
        )
        for one in stack.of(types)
        for prop in props
        if group in stack.references(one, prop, _ALL_GROUPS, _NAMES).any
    ]


def _only_read(users: list[Resource]) -> bool:
    return bool(users) and all(not is_absent(one.get("replicateSourceDb")) for one in users)


def _memory(users: list[Resource]) -> float | None:
    """Return the MiB of the smallest database, `None` if that is not known."""
    sizes = [size_of(str(one.get("instanceClass")).removeprefix("db.")) for one in users]
    known = [one.memory for one in sizes if one is not None]
    return min(known) if known and len(known) == len(users) else None


def _too_much(users: list[Resource], value: str) -> str | None:
    pages, memory = number(value), _memory(users)
    if pages is None or memory is None or pages * _PAGE <= memory * _MIB:
        return None
    return (
        f"asks for {pages * _PAGE / _MIB / _MIB:.0f} GiB of memory (pages of {_PAGE} KiB), and the "
        f"database has {memory / _MIB:g} GiB: it does not start"
    )


def _found(stack: Stack, group: Resource, name: str, value: str) -> tuple[str, str] | None:
    """Return why a database does not serve with a parameter, and what to do."""
    users = _users(stack, group)
    if name in _READ_ONLY and value.lower() in _ON and not _only_read(users):
        return "refuses every write", f"remove {name} from parameters, or give it to replicas only."
    limit = number(value)
    if name in _MILLISECONDS and limit is not None and 0 < limit < _TOO_SHORT:
        return (
            f"ends ordinary work after {limit:g} milliseconds",
            f'set {name} in milliseconds: "{limit * 1000:g}" for {limit:g} s.',
        )
    problem = _too_much(users, value) if name == "shared_buffers" else None
    if problem is not None:
        return (
            problem,
            (
                "remove shared_buffers from parameters: Amazon RDS derives it from the memory; or set it "
                "to {DBInstanceClassMemory/32768}."
            ),
        )
    return None


def _serves(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.of(_ALL_GROUPS):
        for name, value in _parameters(group):
            found, said = _found(stack, group, name, value), f"{name} is {value}"
            path = (f'parameter group "{group.name}"', said)
            if found is not None:
                what, remedy = found
                yield Violation(
                    f'A database with parameter group "{group.name}" {what}: {said}.',
                    group,
                    path,
                    remedy,
                )
            elif name in _MILLISECONDS and 0 < (number(value) or 0) < _DOUBTFUL:
                yield Violation(
                    f"whether ordinary work ends in time is not known: {said} milliseconds in parameter "
                    f'group "{group.name}", and what takes longer is ended.',
                    group,
                    path,
                    f'set {name} in milliseconds, "{(number(value) or 0) * 1000:g}" where seconds were '
                    "meant.",
                    undecided=True,
                )


SERVES = StackRule(
    id="rds-parameters-serve",
    title="The parameters of a database let it start, take writes and finish ordinary work",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL05-BP05",)},
    url=_POSTGRES,
    remedy="remove the parameter from parameters: the default serves.",
    steps=(
        "Give time-outs such as statement_timeout in milliseconds, and shared_buffers in pages of 8 KiB.",
        "Leave shared_buffers to Amazon RDS, or write it as {DBInstanceClassMemory/32768}.",
        "Set read_only and default_transaction_read_only for replicas only.",
    ),
    unknown="Formulas and values that are not known are not judged; time-outs below 1 s are undecided.",
    check=_serves,
)

# --- vacuum ---------------------------------------------------------------------------------------

_CLEANS = MappingProxyType({"autovacuum": _OFF, "rds.adaptive_autovacuum": _OFF})


def _uncleaned(group: Resource, _: Settings) -> Iterator[Violation]:
    for name, value in _parameters(group):
        bad: Any = _CLEANS.get(name, ())
        if value.lower() in bad:
            yield Violation(
                f'Tables of a database with parameter group "{group.name}" only grow, and slow down: '
                f"{name} is {value}. Close to the wraparound of its transaction ids the database "
                "takes no more writes.",
                group,
                (f'parameter group "{group.name}"', f"{name} {value}"),
                f"remove {name} from parameters: it is on by default.",
            )


VACUUM = ResourceRule(
    id="rds-autovacuum-on",
    title="PostgreSQL cleans up its tables by itself",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # some vacuum by a job of their own
    production=Level.MANDATORY,
    controls={
        "Trusted Advisor": ("Amazon RDS autovacuum parameter is turned off",),
        "Well-Architected": ("REL01-BP04",),
    },
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Autovacuum.html",
    remedy="remove autovacuum from parameters.",
    steps=("Leave autovacuum on, and make it more frequent for tables that change much.",),
    unknown="A value that is not known is not judged.",
    types=_ALL_GROUPS,
    check=_uncleaned,
)

RULES = (SERVES, VACUUM)
