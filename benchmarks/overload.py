"""`python -m benchmarks.overload`: how many visitors a single instance fails, from what requests cost.

A model of the published experiment on one instance (docs/sample-service.md): one server that gets
0.10 of a core. It accepts every connection first, then serves visitors in order of arrival, index
page and login one after the other, and drops those who have waited for 10 s. Costs are CPU
milliseconds of the core whose share is given: both of the reference core, or both of this computer's.

Examples:
    python -m benchmarks.overload --connection 0.34 --index 0.27 --login 1.36 --gone 0.14
    python -m benchmarks.overload --connection 0.34 --index 0.27 --gone 0.14 --failed 0.547
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from benchmarks.command import Parser, number, run
from loadtest.profiles import PROFILES

TIMEOUT_S = 10.0
BASELINE = 0.10
PUBLISHED_FAILED = 0.547
MOST_LOGIN_MS = 20.0


@dataclass(frozen=True)
class Costs:
    """CPU in ms.

    Attributes:
        connection: Accepting a connection and reading its first request, whatever comes of it.
        index: The index page.
        login: The login.
        gone: Dropping a visitor who has given up.
    """

    connection: float
    index: float
    login: float
    gone: float


def simulate(costs: Costs, share: float = BASELINE, profile: str = "seed") -> tuple[float, float]:
    """Return the shares of users that fail and of requests that time out.

    Args:
        costs: What requests cost, in ms of CPU.
        share: CPU seconds that the instance gets per second.
        profile: Name of the load profile.
    """
    arrivals = PROFILES[profile].schedule().tolist()
    second = 1000 * share
    now, next_one, served = 0.0, 0, 0
    connecting: deque[float] = deque()
    waiting: deque[float] = deque()
    while next_one < len(arrivals) or connecting or waiting:
        if not connecting and not waiting:
            now = max(now, arrivals[next_one])
        while next_one < len(arrivals) and arrivals[next_one] <= now:
            connecting.append(arrivals[next_one])
            next_one += 1
        if connecting:
            waiting.append(connecting.popleft())
            now += costs.connection / second
            continue
        arrived = waiting.popleft()
        if now - arrived > TIMEOUT_S:
            now += costs.gone / second
            continue
        now += costs.index / second
        if now - arrived > TIMEOUT_S:
            continue
        # Its connection has been served before, so its login goes first.
        now += costs.login / second
        served += 1
    users = len(arrivals)
    failed = users - served
    return failed / users, failed / (users + served)


def login_for(failed: float, costs: Costs, share: float = BASELINE) -> float:
    """Return the login's cost in ms at which the share `failed` of `seed`'s users fails."""
    low, high = 0.0, MOST_LOGIN_MS
    while high - low > 0.005:
        middle = (low + high) / 2
        if simulate(replace(costs, login=middle), share)[0] < failed:
            low = middle
        else:
            high = middle
    return high


def main() -> None:
    """Simulate and print."""
    parser = Parser(__doc__)
    for name in ("connection", "index", "gone"):
        parser.add_argument(f"--{name}", type=number(), required=True, metavar="MS")
    parser.add_argument("--login", type=number(), metavar="MS")
    parser.add_argument(
        "--share", type=number(above=True), default=BASELINE, help="CPU seconds per second"
    )
    parser.add_argument("--failed", type=number(), default=PUBLISHED_FAILED, help="without --login")
    parser.add_argument("--profile", choices=tuple(PROFILES), default="seed", help="with --login")
    given = parser.parse_args()
    costs = Costs(given.connection, given.index, given.login or 0.0, given.gone)
    if given.login is None:
        costs = replace(costs, login=login_for(given.failed, costs, given.share))
    failed, timeouts = simulate(costs, given.share, given.profile)
    print(f"login {costs.login:.2f} ms, request behind a load balancer "
          f"{(costs.index + costs.login) / 2:.2f} ms on average")  # fmt: skip
    print(f"{failed:.1%} of the users fail, {timeouts:.1%} of the requests time out")


if __name__ == "__main__":
    run(main)
