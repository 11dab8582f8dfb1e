"""The planned workers on Fargate and their cost, known before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from loadtest.engine.fargate import aws, documents, prices, quota, sizing
from loadtest.engine.fargate.prices import Bill, Exchange, PriceTable
from loadtest.engine.fargate.quota import Quota
from loadtest.engine.fargate.settings import FargateSettings
from loadtest.engine.fargate.sizing import Size
from loadtest.errors import LoadTestError
from loadtest.profiles import Profile
from loadtest.scenario.scenario import Scenario
from loadtest.stack.clients import Clients

BEAT_S: Final = 5.0
POLL_S: Final = 1.0
ABANDONED_S: Final = 180.0
"""As long as Artillery's own workers on Fargate wait for whoever started them."""
READY_S: Final = 300.0
"""Within so many seconds every task has to be running and its generator ready."""
START_S: Final = 60.0
"""How long a task usually takes until it is ready: of the expected price, not of the highest."""
HEAD_START_S: Final = 10.0
"""Between the last worker's readiness and the beginning: each looks every second."""
END_S: Final = 60.0
"""For the last answers and records."""
_UNPRICED: Final = "traffic, logs, NAT gateways and tax"


@dataclass(frozen=True)
class Pace:
    """How often workers and coordinator speak, and how long each waits for the other."""

    beat_s: float = BEAT_S
    poll_s: float = POLL_S
    abandoned_s: float = ABANDONED_S
    ready_s: float = READY_S
    head_start_s: float = HEAD_START_S

    @property
    def exchange(self) -> Exchange:
        """What of it costs requests to S3."""
        return Exchange(self.beat_s, self.poll_s)


@dataclass(frozen=True)
class FargatePlan:
    """The workers of one or more runs of a load."""

    settings: FargateSettings
    region: str
    workers: int
    size: Size
    runs: int
    load_s: float
    """How long a run's visitors arrive and wait, if every request takes as long as it may."""
    prices: PriceTable
    quota: Quota | None
    """None: it was not asked for."""
    pace: Pace = Pace()

    @property
    def limit_s(self) -> float:
        """After so long a worker ends in any case."""
        return self.pace.ready_s + self.pace.head_start_s + self.load_s + 2 * END_S

    @property
    def expected(self) -> Bill:
        """What all runs usually cost."""
        return self._bill(START_S + self.pace.head_start_s + self.load_s)

    @property
    def highest(self) -> Bill:
        """What they cost if each worker ends at its time limit only."""
        return self._bill(self.limit_s + documents.STOP_TIMEOUT_S)

    def _bill(self, seconds: float) -> Bill:
        return prices.bill(
            self.prices,
            workers=self.workers * self.runs,
            size=self.size,
            seconds=seconds,
            public=self.settings.public_address,
            exchange=self.pace.exchange,
        )

    def definition(self, prefix: str) -> dict[str, Any]:
        """Return the task definition of a run whose objects are below `prefix`."""
        return documents.task_definition(
            self.settings, self.size, region=self.region, prefix=prefix, limit_s=self.limit_s
        )

    def lines(self) -> list[str]:
        """Return what somebody who pays for it should know."""
        size, bill = self.size, self.expected
        one_by_one = "" if self.runs == 1 else f", {self.runs} runs one after the other"
        what = f"{size.vcpu} vCPU and {size.memory_mib // sizing.GIB} GB"
        parts = (
            f"tasks {bill.compute:.3f}, public addresses {bill.addresses:.3f}, S3 requests "
            f"{bill.requests:.3f}"
        )
        return [
            f"{self.workers} workers in {self.region} (ECS on Fargate, arm64{one_by_one})",
            f"each: {what}, {self.settings.image}, ends after {self.limit_s:,.0f} s at the latest",
            f"quota: {self.quota or 'not asked for'}",
            f"price: about {bill.total:.2f} USD ({parts})",
            f"price: at most {self.highest.total:.2f} USD, if every worker runs to its time limit",
            f"list prices, the oldest read on {self.prices.read}; without {_UNPRICED}",
        ]

    def require(self, max_cost: float) -> None:
        """Require that price and quota allow it.

        Raises:
            LoadTestError: One does not; the message says what to change.
        """
        if self.quota is not None:
            self.quota.require(self.workers * self.size.vcpu)
        if not self.highest.total <= max_cost:  # nor is any price below `nan`
            raise LoadTestError(
                f"the workers may cost {self.highest.total:.2f} USD, more than `--max-cost {max_cost:g}` "
                "allows: raise it, or take fewer workers, a shorter load or fewer runs"
            )


def make(
    settings: FargateSettings,
    *,
    stack_region: str,
    profile: Profile,
    scenario: Scenario,
    workers: int,
    runs: int = 1,
    pace: Pace | None = None,
    clients: Clients | None = None,
) -> FargatePlan:
    """Return what so many workers will be; with `clients`, AWS is asked for the quota.

    Raises:
        LoadTestError: No size suffices, no price is known, or AWS does not answer.
    """
    region = settings.region or stack_region
    size = sizing.choose(sizing.share(profile, scenario, workers), settings.cpu_per_thousand)
    return FargatePlan(
        settings=settings,
        region=region,
        workers=workers,
        size=size,
        runs=runs,
        load_s=profile.duration_s + scenario.longest_s,
        prices=prices.table(region),
        quota=None if clients is None else quota.ask(clients),
        pace=pace or Pace(),
    )


def connect(settings: FargateSettings, stack_region: str, target: str) -> Clients:
    """Return clients of the region that workers will run in.

    Raises:
        LoadTestError: It has no ECS, or its workers could not reach the stack.
    """
    aws.require_reachable(target)
    return aws.connect(settings.region or stack_region)
