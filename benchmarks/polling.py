"""`python -m benchmarks.polling`: a region that is polled for long. Needs root.

Clients ask what the tools of an operator ask all the time: Pulumi's waits, waiters of the AWS CLI, a
dashboard. Asked as fast as the region answers, `CALLS` of them are what an hour of polling is at
`CALLS` / 3600 a second; `--minutes 60` spreads them over a real hour. Prints the region's resident memory
after a twelfth of the calls (five minutes of the hour) and after all, and how long a call took. Asserts
nothing.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

import boto3
import psutil
from botocore.config import Config

from benchmarks.command import Parser, number, run, whole
from region import background, credentials
from rehearsal.pulumi_project import STACKS, Project
from toolchain import paths

CALLS = 36_000
Row = tuple[str, str, str]


def _polls(port: int, root: Path) -> list[Callable[[], object]]:
    keys = credentials.read(root)
    session = boto3.Session(
        keys.access_key_id, keys.secret_access_key, region_name="ap-northeast-2"
    )

    def client(service: str):
        return session.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            config=Config(retries={"max_attempts": 0}),
        )

    ec2, groups, balancers = client("ec2"), client("autoscaling"), client("elbv2")
    watch, deploy, databases = client("cloudwatch"), client("codedeploy"), client("rds")
    return [
        ec2.describe_instances,
        ec2.describe_instance_status,
        ec2.describe_security_groups,
        ec2.describe_subnets,
        groups.describe_auto_scaling_groups,
        groups.describe_scaling_activities,
        groups.describe_auto_scaling_instances,
        balancers.describe_load_balancers,
        balancers.describe_target_groups,
        watch.describe_alarms,
        watch.list_metrics,
        deploy.list_deployments,
        databases.describe_db_instances,
        databases.describe_events,
    ]


def measure(calls: int = CALLS, minutes: float = 0.0, stack: str = "") -> Generator[Row]:
    """Start a region of its own, poll it, and stop it.

    Args:
        calls: How many calls in all.
        minutes: What to spread them over; 0 for no pauses.
        stack: The stack that is up meanwhile, without a release; none if empty.
    """
    with tempfile.TemporaryDirectory(prefix="haproof-bench-") as scratch:
        root = Path(scratch, "region")
        session = background.launch(root, [])
        process = psutil.Process(session.pid)
        try:
            if stack:
                project = Project(session, root)
                project.prepare(stack, {"releaseOnUp": "false", "appPath": str(paths.REVISION)})
                project.up(stack)
            polls = _polls(session.api_port, root)
            taken: list[float] = []
            memory: list[float] = []
            start = time.monotonic()
            for number in range(1, calls + 1):
                due = start + minutes * 60 * number / calls
                time.sleep(max(0.0, due - time.monotonic()))
                begun = time.perf_counter()
                polls[number % len(polls)]()
                taken.append(time.perf_counter() - begun)
                if number % (calls // 12) == 0:
                    memory.append(process.memory_info().rss / 2**20)
            yield "region after each twelfth", " ".join(f"{one:.0f}" for one in memory), "MB"
            yield "region after 5 minutes of polling", f"{memory[0]:.0f} MB", "< 400 MB"
            yield "after 60", f"{memory[-1]:.0f} MB", "<= 1.1 times that"
            yield "a call, median", f"{statistics.median(taken) * 1000:.1f} ms", "< 15 ms"
            yield "99th percentile", f"{statistics.quantiles(taken, n=100)[-1] * 1000:.1f} ms", ""
        finally:
            background.stop(session)


def main() -> None:
    """Measure and print."""
    parser = Parser(__doc__)
    parser.add_argument("--calls", type=whole(), default=CALLS, help="how many calls in all")
    parser.add_argument("--minutes", type=number(), default=0.0, help="spread them over this time")
    parser.add_argument(
        "--stack",
        default="",
        choices=("", *STACKS),
        help="a stack to have up meanwhile: single or ha",
    )
    given = parser.parse_args()
    for what, value, goal in measure(given.calls, given.minutes, given.stack):
        print(f"{what:36} {value:>16}   {goal}", flush=True)


if __name__ == "__main__":
    run(main)
