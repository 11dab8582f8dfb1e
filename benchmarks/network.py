"""`python -m benchmarks.network`: what the region's network takes for a fleet of six. Needs root.

Prints; asserts nothing.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.command import Parser, run
from region.network import Firewall, Interface, Permission, RegionNetwork, SecurityGroup

FLEET = 6
ROUNDS = 5
OPEN = Permission("-1", cidrs=("0.0.0.0/0",))


def firewall(port: int) -> Firewall:
    """Two groups of three, a load balancer and a database."""
    interfaces = [Interface(f"10.20.{n % 3}.{10 + n}", ("app",)) for n in range(FLEET)]
    return Firewall(
        (*interfaces, Interface("10.20.0.100", ("lb",)), Interface("10.20.9.5", ("db",))),
        (
            SecurityGroup("app", (Permission("tcp", port, port, groups=("lb",)),), (OPEN,)),
            SecurityGroup("lb", (Permission("tcp", 80, 80, cidrs=("0.0.0.0/0",)),), (OPEN,)),
            SecurityGroup("db", (Permission("tcp", 5432, 5432, groups=("app",)),)),
        ),
    )


def measure(network: RegionNetwork, pids: list[int]) -> dict[str, list[float]]:
    """Return the seconds of every call."""
    taken: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        start = time.perf_counter()
        work()
        taken.setdefault(name, []).append(time.perf_counter() - start)

    for number in range(ROUNDS):
        timed("start", network.start)
        for n, pid in enumerate(pids):
            subnet = f"10.20.{n % 3}"
            timed(
                "attach",
                lambda n=n, pid=pid, at=subnet: network.attach(
                    f"i-{n}", pid, f"{at}.{10 + n}", f"{at}.0/24"
                ),
            )
        timed("apply", lambda number=number: network.apply(firewall(8080 + number)))
        timed("apply, unchanged", lambda number=number: network.apply(firewall(8080 + number)))
        timed("cut a cable", lambda: network.set_link("i-0", up=False))
        for n in range(FLEET // 2):
            timed("detach", lambda n=n: network.detach(f"i-{n}"))
        timed("stop", network.stop)
    return taken


def main() -> None:
    """Measure on sleeping processes and print."""
    Parser(__doc__).parse_args()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as root:
        sleepers = [subprocess.Popen(["unshare", "--net", "sleep", "600"]) for _ in range(FLEET)]
        for process in sleepers:
            stack.callback(process.wait)
            stack.callback(process.kill)
        time.sleep(0.5)
        network = RegionNetwork(Path(root))
        stack.callback(network.stop)
        for name, taken in measure(network, [p.pid for p in sleepers]).items():
            print(
                f"{name:18} median {1e3 * median(taken):6.1f} ms, longest {1e3 * max(taken):6.1f} ms"
            )


if __name__ == "__main__":
    run(main)
