"""Two machines of one region, and what on the host must stay as it is whatever one of them does."""

from __future__ import annotations

import http.client
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from region.machines.machine import Machine
from region.machines.machine_pool import MachinePool
from region.network import GATEWAY, RegionNetwork
from tests.region.machines.revisions import Store, run_hook

PRECIOUS = "as it was\n"


@dataclass(frozen=True)
class Arena:
    """Two machines of one region: what is deployed to `attacker` must not reach `victim`."""

    root: Path
    network: RegionNetwork
    pool: MachinePool
    store: Store
    attacker: Machine
    victim: Machine

    def attack(self, script: str, machine: Machine | None = None) -> str:
        """Run a hook, which may do what it likes as root, and return what it printed."""
        target = machine or self.attacker
        shell = f"exec > /said 2>&1\n{script}\ntrue"
        result = run_hook(target, self.store, shell)
        assert result.status == "Succeeded", result
        return target.files.read_text("/said")

    def python(self, program: str, *arguments: object) -> str:
        """Run a Python program as a hook and return what it printed."""
        words = " ".join(f"'{argument}'" for argument in arguments)
        return self.attack(f"python3 - {words} <<'END'\n{program}\nEND")

    def answer(self, machine: Machine, path: str = "/") -> str | None:
        """Return who answers at a machine's port 8080."""

        def ask() -> str | None:
            connection = http.client.HTTPConnection(
                machine.spec.private_ip, 8080, timeout=2, source_address=(GATEWAY, 0)
            )
            with closing(connection):
                connection.request("GET", path)
                return connection.getresponse().getheader("X-Instance-Id")

        try:
            return self.network.inside(ask)
        except OSError:
            return None


def unharmed(files: list[Path]) -> bool:
    """Whether the test's files on the host, each alone in its directory, are as they were."""
    return all(file.read_text() == PRECIOUS for file in files) and all(
        list(file.parent.iterdir()) == [file] for file in files
    )
