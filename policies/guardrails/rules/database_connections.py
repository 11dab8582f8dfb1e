"""The rule about connections: the database has one for each instance that a fleet may grow to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.containers import Containers
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.permits import Party
from guardrails.architecture.proxies import Proxies
from guardrails.architecture.store_network import database_groups, database_port
from guardrails.architecture.targets import Targets
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, items, number

_MAX_CONNECTIONS = "max_connections"
_RESERVED = 3
"""Connections that PostgreSQL keeps for administrators (superuser_reserved_connections)."""
_POOL = "connectionsPerInstance"
_USUAL_POOL = 10
"""What the pools of HikariCP and node-postgres hold by default; SQLAlchemy's holds up to 15."""
_GROUPS = (
    ("parameterGroupName", tokens.PARAMETER_GROUP),
    ("dbClusterParameterGroupName", tokens.CLUSTER_PARAMETER_GROUP),
)
_NAMES = ("name", "id")


@dataclass(frozen=True)
class _Client:
    """What opens connections, and how many of it there may be."""

    step: str
    most: int


def _limit(stack: Stack, database: Resource) -> tuple[Resource, int] | None:
    """Return the parameter group that limits the connections, and the number."""
    for prop, types in _GROUPS:
        for group in stack.references(database, prop, types, _NAMES).resources:
            for given in items(group.get("parameters")):
                limit = number(dig(given, "value"))
                if dig(given, "name") == _MAX_CONNECTIONS and limit is not None:
                    return group, int(limit)
    return None  # Amazon RDS derives it from the memory of the instance class


def _clients(stack: Stack, database: Resource) -> Iterator[_Client]:
    """Yield the fleets and services whose security groups the database admits."""
    port = database_port(database)
    if port is None or database.left_out("vpcSecurityGroupIds"):
        return
    firewall, targets = stack.derived(Firewall), stack.derived(Targets)
    party = Party(f'database "{database.name}"', database_groups(stack, database))
    for group in stack.derived(Fleets).groups:
        most = group.instances(number(group.resource.get("maxSize")))
        side = targets.fleet_party(group.resource)
        if most and firewall.connects(side, party, port).is_yes:
            yield _Client(f'Auto Scaling group "{group.name}", max_size {most}', most)
    for service in stack.derived(Containers).services:
        least = service.tasks.least
        side = targets.container_party(service) if service.own_addresses else None
        if side is not None and least and firewall.connects(side, party, port).is_yes:
            most = max([least, *_most(stack, service.resource)])
            yield _Client(f'service "{service.name}", {most} tasks', most)


def _most(stack: Stack, service: Resource) -> list[int]:
    limits = [
        number(one.get("maxCapacity"))
        for one in stack.of(tokens.SCALABLE_TARGET)
        if service in stack.sources(one, "resourceId", tokens.CONTAINER_SERVICE)
    ]
    return [int(one) for one in limits if one is not None]


def _connections(stack: Stack, settings: Settings) -> Iterator[Violation]:
    pool = settings.integer(_POOL)
    for database in stack.of((*tokens.DATABASE, *tokens.DATABASE_CLUSTER)):
        limited = _limit(stack, database)
        if limited is None or stack.derived(Proxies).before(database):
            continue  # a proxy shares connections among its clients
        group, limit = limited
        clients = list(_clients(stack, database))
        most = sum(one.most for one in clients)
        free = limit - _RESERVED
        path = (
            *(one.step for one in clients),
            f'database "{database.name}"',
            f'parameter group "{group.name}", {_MAX_CONNECTIONS} {limit}',
        )
        if most and free < most * max(1, pool):
            each = f"{pool} connections each" if pool > 1 else "one connection each"
            yield Violation(
                f'Database "{database.name}" turns clients away before the fleet is as large as it may '
                f"be: {most} of them with {each} are more than {free}, which {_MAX_CONNECTIONS} "
                f"{limit} leaves besides {_RESERVED} for administrators.",
                group,
                path,
            )
        elif most and not pool and free < most * _USUAL_POOL:
            yield Violation(
                f'whether {_MAX_CONNECTIONS} {limit} of database "{database.name}" suffices: at most '
                f"{most} clients have {free // most} connections each, and how large their pools are is "
                "not in the program.",
                group,
                path,
                f"remove {_MAX_CONNECTIONS} from parameters: Amazon RDS then derives it from the memory; "
                f"or set {_POOL} of this rule in the policy configuration to the size of a pool.",
                undecided=True,
            )


CONNECTIONS = StackRule(
    id="database-connections-suffice",
    title="The database allows enough connections for the largest fleet",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL07-BP03", "REL11-BP05")},
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    remedy=(
        f"remove {_MAX_CONNECTIONS} from parameters, set it to max_size times the size of a pool and "
        "more, or put an aws.rds.Proxy before the database."
    ),
    steps=(
        f"Leave {_MAX_CONNECTIONS} out: Amazon RDS derives it from the memory of the instance class.",
        (
            "Multiply max_size of each fleet by the size of its pool; during a deployment both generations "
            "may be connected."
        ),
        "Put an aws.rds.Proxy before the database: it shares connections among the instances.",
    ),
    unknown=(
        "A formula or a number that is not known is not judged. How large pools are is undecided unless "
        f"{_POOL} says so."
    ),
    parameters={
        _POOL: {
            "type": "integer",
            "description": "Connections that an instance or task opens; 0 where that is not known.",
            "default": 0,
            "minimum": 0,
        }
    },
    check=_connections,
)

RULES = (CONNECTIONS,)
