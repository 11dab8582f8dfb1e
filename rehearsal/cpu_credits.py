"""CPU credits of a stack's instances: when they run out, and what `unlimited` would cost for its load.

The balances are CloudWatch's, every five minutes of AWS. The costs are EC2's arithmetic: CPU above the
baseline spends surplus credits, and in the long run, once the surplus of a day's earnings is used up, each
of them is charged (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-unlimited-mode-concepts.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from loadtest import profiles
from loadtest.messages.message import Message, msg
from loadtest.models import RunSummary
from loadtest.reporting.conditions import Condition, condition
from region.machines.instance_types import INSTANCE_TYPES
from region.services.ec2.credits import STANDARD, earnings_of
from rehearsal.conditions import StackRun

METRICS: Final = ("CPUCreditBalance", "CPUSurplusCreditBalance", "CPUSurplusCreditsCharged")
USD_PER_VCPU_HOUR: Final[Mapping[str, float]] = {"t4g": 0.04, "t3": 0.05, "t3a": 0.05, "t2": 0.05}
"""Linux, the same in every Region (EC2's on-demand prices, "Unlimited mode pricing")."""
HOURS_A_MONTH: Final = 730.0
DRY: Final = 0.05
"""Credits below which a balance is empty: CloudWatch rounds."""
BEFORE: Final = timedelta(minutes=15)
PERIOD_S: Final = 300
"""AWS's seconds between two points."""
PERIODS_S: Final = (300, 60, 30, 10, 5, 1)
"""What a point of CloudWatch can be about."""


@dataclass(frozen=True)
class InstanceCredits:
    """One instance: points of its metrics in time order, as pairs of a moment and credits."""

    instance: str
    mode: str
    balance: Sequence[tuple[datetime, float]]
    surplus: Sequence[tuple[datetime, float]] = ()
    charged: float = 0.0

    @property
    def highest(self) -> float:
        """The most credits that it had; 0 without any point."""
        return max((value for _, value in self.balance), default=0.0)

    @property
    def dry_at(self) -> datetime | None:
        """When its balance was first found empty after it had credits; None if it never was."""
        had = False
        for at, value in self.balance:
            if had and value < DRY:
                return at
            had = had or value >= DRY
        return None


@dataclass(frozen=True)
class FleetCredits:
    """What a stack's load did to the credits of its instances."""

    instances: Sequence[InstanceCredits]
    saved_up: float | None
    """Credits that each began with (`--credits`); None: they count as spent after a deployment."""
    monthly_usd: float
    """What `unlimited` costs if this load goes on for a month, above the price of the instances."""
    load_began_at: datetime
    spent: float = 0.0
    """Credits that the load took of the busiest instance, by its CPU time."""
    speed: float = 1.0
    """How many times faster than on AWS the region's periods passed."""
    full: float = 0.0
    """Credits of a full balance: what the type earns in a day."""
    full_lasts_h: float | None = None
    """Hours for which a full balance lasts the busiest instance at this load; None: for good."""
    price: float = 0.0
    """USD of one credit that is charged."""

    @property
    def unlimited(self) -> bool:
        """Whether the instances may spend more than they have."""
        return any(one.mode != STANDARD for one in self.instances)

    @property
    def state(self) -> Message:
        """What became of the balances."""
        charged = sum(one.charged for one in self.instances)
        if self.unlimited:
            highest = max((v for one in self.instances for _, v in one.surplus), default=0.0)
            usd = charged * self.price
            return msg("local.credits.unlimited", surplus=highest, charged=charged, usd=usd)
        if self.saved_up is None:
            return msg("local.credits.spent")
        dry = sorted(one.dry_at for one in self.instances if one.dry_at is not None)
        if not dry and not self._is_seen:
            return msg("local.credits.unseen", credits=self.saved_up, spent=self.spent)
        if not dry:
            left = min((one.balance[-1][1] for one in self.instances if one.balance), default=0.0)
            return msg("local.credits.enough", credits=self.saved_up, left=left)
        # A point has the time at which its five minutes begin, and the balance at their end.
        low = (dry[0] - self.load_began_at).total_seconds() * self.speed / 60
        high = low + PERIOD_S / 60
        found = {"credits": self.saved_up, "n": len(dry), "instances": len(self.instances)}
        if high <= 0:
            return msg("local.credits.dry-before", **found)
        return msg("local.credits.dry", **found, low=max(low, 0.0), high=high)

    @property
    def _is_seen(self) -> bool:
        """Whether every balance has a point of the load: there is one in five minutes."""
        return all(
            one.balance and one.balance[-1][0] >= self.load_began_at for one in self.instances
        )

    @property
    def lasts(self) -> Message:
        """How long a full balance lasts at this load."""
        if self.full_lasts_h is None:
            return msg("local.credits.lasts-on", credits=self.full)
        return msg("local.credits.lasts-value", credits=self.full, hours=self.full_lasts_h)

    @property
    def cost(self) -> Message:
        """What `unlimited` costs a month."""
        return msg("local.credits.cost-value", usd=self.monthly_usd)


class Clients(Protocol):
    """boto3's clients by the name of their service."""

    def __getitem__(self, service: str) -> Any:
        """Return the client of that service."""
        ...


def fleet(
    clients: Clients, run: StackRun, *, factor: float, saved_up: float | None, speed: float = 1.0
) -> FleetCredits | None:
    """Return what a run's load did to its instances' credits; None for types without any.

    Args:
        clients: Those of `ec2` and `cloudwatch`.
        run: The run, with the CPU that its instances used in cores of this computer.
        factor: CPU seconds of this computer that are one of a vCPU.
        saved_up: Credits that each instance began with, if they were emulated.
        speed: How many times faster than on AWS the region's periods pass: credits are spent as fast.
    """
    kind = run.outputs.instance_type
    earnings = earnings_of(kind)
    if earnings is None or not run.cores:
        return None
    used = {name: value / factor for name, value in run.cores.items()}
    wanted = demand(run.summary, used)
    minutes = profiles.seconds(run.summary.profile) * speed / 60
    return FleetCredits(
        _instances(clients, sorted(run.cores), run.summary, speed),
        saved_up,
        monthly_usd(kind, wanted),
        run.summary.load_began_at,
        spent=max(used.values()) * minutes,
        speed=speed,
        full=earnings.most,
        full_lasts_h=lasts_h(kind, earnings.most, max(wanted)),
        price=_usd_per_vcpu_hour(kind) / 60,
    )


def rows(single: FleetCredits | None, ha: FleetCredits | None) -> list[Condition]:
    """Return the report's rows: what became of the credits, and what `unlimited` would cost."""
    if single is None or ha is None:
        return []
    return [
        condition(msg("local.credits"), (single.state, ha.state), msg("local.credits.published")),
        condition(
            msg("local.credits.lasts"),
            (single.lasts, ha.lasts),
            msg("local.credits.published"),
            msg("local.credits.lasts-note"),
        ),
        condition(
            msg("local.credits.cost"),
            (single.cost, ha.cost),
            msg("local.credits.published"),
            msg("local.credits.cost-note"),
        ),
    ]


def demand(summary: RunSummary, used: Mapping[str, float]) -> list[float]:
    """Return the vCPUs that each instance would use if it answered its share of all requests.

    An instance at its quota leaves requests unanswered; without one it would have served them at the
    same CPU each. So what was used is scaled from the answers to all requests that were sent.
    """
    # Of an application that names no instance, all answers are the instances' own but for a few.
    named = sum(one.answers for one in summary.instances)
    answers = named or sum(summary.requests.statuses.values())
    sent = summary.requests.valid
    scale = max(1.0, sent / answers) if answers else 1.0
    return [value * scale for value in used.values()]


def monthly_usd(instance_type: str, vcpus: Sequence[float]) -> float:
    """Return what surplus credits cost in a month of a steady use by each instance, in USD."""
    over = (_above_baseline(instance_type, each) for each in vcpus)
    return sum(over) * _usd_per_vcpu_hour(instance_type) * HOURS_A_MONTH


def lasts_h(instance_type: str, balance: float, vcpus: float) -> float | None:
    """Return for how many hours a balance lasts at a steady use; None where the instance earns as many."""
    over = _above_baseline(instance_type, vcpus)
    return balance / (over * 60) if over > 0 else None


def _above_baseline(instance_type: str, vcpus: float) -> float:
    kind = INSTANCE_TYPES[instance_type]
    return max(0.0, min(vcpus, kind.vcpus) - kind.baseline_cpu)


def _usd_per_vcpu_hour(instance_type: str) -> float:
    return USD_PER_VCPU_HOUR[instance_type.partition(".")[0]]


def _instances(
    clients: Clients, names: Sequence[str], summary: RunSummary, speed: float
) -> list[InstanceCredits]:
    # Without ids EC2 lists those that are unlimited, and none of them has to exist any more.
    answer = clients["ec2"].describe_instance_credit_specifications()
    modes = {one["InstanceId"]: one["CpuCredits"] for one in answer["InstanceCreditSpecifications"]}
    series = _series(clients["cloudwatch"], names, summary, speed)
    return [
        InstanceCredits(
            name,
            modes.get(name, STANDARD),
            series[name, METRICS[0]],
            series[name, METRICS[1]],
            sum(value for _, value in series[name, METRICS[2]]),
        )
        for name in names
    ]


def _series(
    cloudwatch: Any, names: Sequence[str], summary: RunSummary, speed: float
) -> dict[tuple[str, str], list[tuple[datetime, float]]]:
    """Return the points of each instance's metrics, from a while before the load until now."""
    # At ten times AWS's speed there are ten points in five minutes here: together they would hide the last.
    period_s = next((one for one in PERIODS_S if one <= PERIOD_S / speed), PERIODS_S[-1])
    keys = {f"m{n}": (name, metric) for n, (name, metric) in enumerate(_pairs(names))}
    queries = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/EC2",
                    "MetricName": metric,
                    "Dimensions": [{"Name": "InstanceId", "Value": name}],
                },
                "Period": period_s,
                "Stat": "Average",
            },
        }
        for key, (name, metric) in keys.items()
    ]
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=queries,
        StartTime=summary.load_began_at - BEFORE,
        EndTime=datetime.now(UTC) + timedelta(seconds=PERIOD_S),
        ScanBy="TimestampAscending",
    )
    found: dict[tuple[str, str], list[tuple[datetime, float]]] = {key: [] for key in keys.values()}
    for one in answer["MetricDataResults"]:
        found[keys[one["Id"]]] += zip(one["Timestamps"], one["Values"], strict=True)
    return found


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, metric) for name in names for metric in METRICS]
