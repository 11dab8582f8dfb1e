"""Size, price and quota of workers: sums by hand, and what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loadtest.engine.fargate import prices, quota, sizing
from loadtest.engine.fargate.prices import Exchange
from loadtest.engine.fargate.quota import Quota
from loadtest.engine.fargate.sizing import Share, Size
from loadtest.engine.fargate.worker import THREADS
from loadtest.errors import LoadTestError
from loadtest.profiles import Phase, Profile, profile_named
from loadtest.scenario import scenario
from toolchain import locate


@pytest.mark.parametrize(
    ("share", "size"),
    [
        # One thread at half of its time: 0.5 / 0.00167 = 299 requests a second.
        (Share(1, 1), Size(1, 2048)),
        (Share(299, 100), Size(1, 2048)),
        # Two vCPUs have one such thread as well, so four are next, with three.
        (Share(300, 100), Size(4, 8192)),
        (Share(898, 100), Size(4, 8192)),
        (Share(900, 100), Size(8, 16384)),
        # 800 MiB and one for each visitor who waits; 8 GiB at most for one vCPU.
        (Share(10, 1249), Size(1, 3072)),
        (Share(10, 7392), Size(1, 8192)),
        (Share(10, 7393), Size(2, 9216)),
        # From eight vCPUs on in steps.
        (Share(900, 16000), Size(8, 20480)),
    ],
)
def test_the_smallest_size_that_the_share_needs(share: Share, size: Size):
    assert sizing.choose(share) == size


def test_every_size_is_one_of_fargate_s():
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html."""
    allowed = {
        1024: range(2048, 8193, 1024),
        2048: range(4096, 16385, 1024),
        4096: range(8192, 30721, 1024),
        8192: range(16384, 61441, 4096),
        16384: range(32768, 122881, 8192),
    }
    for rate in (1, 250, 300, 1000, 2000, 4000):
        for visitors in range(0, 110_000, 700):
            found = sizing.choose(Share(rate, visitors))
            assert found.memory_mib in allowed[found.cpu_units]


def test_your_own_measurement_counts():
    assert sizing.choose(Share(100, 10), cpu_per_thousand=10).vcpu == 4
    assert sizing.choose(Share(100, 10), cpu_per_thousand=5).vcpu == 1


def test_too_much_for_the_largest_says_how_many_more():
    with pytest.raises(LoadTestError, match=r"9,000 requests/s .* at least 3 times as many"):
        sizing.choose(Share(9000, 10))


def test_a_share_is_of_the_peak_and_of_the_longest_flow():
    found = sizing.share(profile_named("seed"), scenario.load("login"), 4)
    assert found.requests_per_s == pytest.approx(125 / 4 * 2)
    assert found.visitors_at_once == pytest.approx(125 / 4 * scenario.load("login").longest_s)


def test_the_bill_of_four_workers_for_ten_minutes():
    found = prices.bill(
        prices.table("us-east-1"),
        workers=4,
        size=Size(4, 8192),
        seconds=600,
        public=True,
        exchange=Exchange(beat_s=5, poll_s=1),
    )
    # 4 tasks for a sixth of an hour, of 4 vCPU and 8 GB, with an address each.
    assert found.compute == pytest.approx(4 / 6 * (4 * 0.03238 + 8 * 0.00356))
    assert found.addresses == pytest.approx(4 / 6 * 0.005)
    # 120 pieces of each are put and listed, 120 beats put; each worker's are read, and it looks 600 times.
    assert found.requests == pytest.approx((4 * 240 + 120) * 5e-6 + 4 * (120 + 600) * 4e-7)
    assert found.total == pytest.approx(found.compute + found.addresses + found.requests)


def test_a_task_is_billed_for_a_minute_and_private_ones_for_no_address():
    exchange = Exchange(5, 1)
    table = prices.table("ap-northeast-2")
    short, minute = (
        prices.bill(
            table, workers=1, size=Size(1, 2048), seconds=s, public=False, exchange=exchange
        )
        for s in (5, 60)
    )
    assert short.compute == minute.compute == pytest.approx((0.03725 + 2 * 0.00409) / 60)
    assert short.addresses == 0


def test_without_a_price_nothing_is_promised(tmp_path: Path):
    with pytest.raises(LoadTestError, match="no price of workers in eu-west-9 is known"):
        prices.table("eu-west-9")
    (tmp_path / "eu-west-9.yaml").write_text(
        "region: eu-west-9\ncompiled: 2026-11-26\nprices:\n"
        "  public-ipv4: {usd: 0.005, read: 2026-11-26}\n"
    )
    with pytest.raises(LoadTestError, match="has no price for fargate-arm/vcpu"):
        prices.table("eu-west-9", tmp_path)


class Clients:
    """AWS as far as quotas go."""

    def __init__(self, applied: float | None, used: list[float] | None, *, told: bool = True):
        self.applied, self.used, self.told = applied, used, told

    def __getitem__(self, service: str) -> Any:
        return SimpleNamespace(
            get_service_quota=self._applied,
            get_aws_default_service_quota=lambda **_: {"Quota": {"Value": 6.0}},
            get_metric_statistics=self._statistics,
        )

    def _applied(self, **asked: str) -> dict[str, Any]:
        assert asked == {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
        if self.applied is None:
            raise ClientError({"Error": {"Code": "NoSuchResourceException"}}, "GetServiceQuota")
        metric = {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": {"Service": "Fargate", "Resource": "vCPU"},
        }
        return {"Quota": {"Value": self.applied, "UsageMetric": metric if self.told else {}}}

    def _statistics(self, **asked: Any) -> dict[str, Any]:
        assert {"Name": "Service", "Value": "Fargate"} in asked["Dimensions"]
        if self.used is None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricStatistics")
        return {"Datapoints": [{"Maximum": one} for one in self.used]}


@pytest.mark.parametrize(
    ("clients", "expected"),
    [
        (Clients(64, [3.0, 5.0]), Quota(64, 5.0)),
        (Clients(64, []), Quota(64, 0.0)),
        (Clients(64, None), Quota(64, None)),
        (Clients(64, [], told=False), Quota(64, None)),
        (Clients(None, []), Quota(6, None)),
    ],
)
def test_the_quota_and_what_is_in_use(clients: Any, expected: Quota):
    assert quota.ask(clients) == expected


def test_what_is_in_use_counts():
    Quota(16, 8).require(8)
    with pytest.raises(LoadTestError, match=r"need 9 vCPUs, .* is 16, of which 8 are in use"):
        Quota(16, 8).require(9)
    Quota(16, None).require(16)


def test_the_peak_is_of_all_phases():
    profile = Profile("p", (Phase("a", 10, 5), Phase("b", 10, 10, 90)))
    assert sizing.share(profile, scenario.load("login"), 3).requests_per_s == pytest.approx(60)


@pytest.mark.parametrize("threads", [1, 3])
def test_artillery_sees_as_many_cpus_as_it_is_to_have_threads(threads: int):
    node = str(locate.node())
    for source in ("import os from 'node:os'", "const os = require('node:os')"):
        done = subprocess.run(
            [node, "--require", str(THREADS), "-e", f"{source}; console.log(os.cpus().length)"],
            env={"HAPROOF_THREADS": str(threads)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(done.stdout) == threads + 1
