"""A rehearsal behind proxies and a real-looking AWS account: nothing but loopback is connected to.

It runs in a network namespace whose default route leads into a cable nobody listens at, so that the
kernel counts every packet that wants to leave, and every attempt to reach the proxy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Command
from toolchain import paths

pytestmark = pytest.mark.e2e

NAME = f"haproof-trap-{os.getpid()}"
PROXY = "http://127.0.0.1:3128"
RULES = """
table inet trap {
  counter proxy { }
  set outside { type ipv4_addr . inet_proto . inet_service; size 1024; flags dynamic; }
  chain output {
    type filter hook output priority 0;
    oifname != "lo" meta l4proto { tcp, udp } add @outside { ip daddr . meta l4proto . th dport }
    tcp dport 3128 tcp flags syn / syn,ack counter name proxy
  }
}
"""
INSIDE = ("nsenter", f"--net=/run/netns/{NAME}")
TRAP = """
import socket
server = socket.create_server(("127.0.0.1", 3128))
print("ready", flush=True)
while True:
    client, _ = server.accept()
    client.close()
"""
CONFIG = """
[default]
region = us-east-1
endpoint_url = http://192.0.2.7:80
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = Admin
[profile work]
role_arn = arn:aws:iam::111122223333:role/admin
source_profile = default
"""
CREDENTIALS = """
[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
"""


def run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def asked_the_proxy() -> int:
    """How many connections to the proxy were attempted."""
    listed = run(*INSIDE, "nft", "-j", "list", "counter", "inet", "trap", "proxy")
    (found,) = (item["counter"] for item in json.loads(listed)["nftables"] if "counter" in item)
    return int(found["packets"])


def left_the_computer() -> list[list[object]]:
    """Where packets went that are not for a loopback address: address, protocol, port."""
    listed = run(*INSIDE, "nft", "-j", "list", "set", "inet", "trap", "outside")
    (found,) = (item["set"] for item in json.loads(listed)["nftables"] if "set" in item)
    return [element["concat"] for element in found.get("elem", [])]


@pytest.fixture
def trap() -> Iterator[None]:
    """A namespace with a way out that is watched, and a proxy that listens."""
    run("ip", "netns", "add", NAME)
    try:
        for command in (
            "link set lo up",
            "link add outside type veth peer name nobody",
            "link set outside up",
            "link set nobody up",
            "address add 192.0.2.1/24 dev outside",
            "route add default via 192.0.2.7 dev outside",
            "neighbor add 192.0.2.7 lladdr 02:00:00:00:00:07 dev outside nud permanent",
        ):
            run("ip", "-netns", NAME, *command.split())
        run(*INSIDE, "nft", "-f", "-", text=RULES)
        with subprocess.Popen(
            [*INSIDE, sys.executable, "-c", TRAP], stdout=subprocess.PIPE, text=True
        ) as proxy:
            assert proxy.stdout is not None
            assert proxy.stdout.readline() == "ready\n"
            yield
            proxy.kill()
    finally:
        run("ip", "netns", "delete", NAME)


class Trapped(Command):
    """`python -m rehearsal` in the namespace, with what a company's computer has set up."""

    def __init__(self, root: Path, home: Path) -> None:
        super().__init__(root)
        self.home = home
        (home / ".aws").mkdir(parents=True)
        (home / ".aws" / "config").write_text(CONFIG)
        (home / ".aws" / "credentials").write_text(CREDENTIALS)
        # Names are asked for at an address that would be noted.
        (home / "resolv.conf").write_text("nameserver 192.0.2.53\n")
        names = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")
        spelt = [*names, *map(str.upper, names)]
        self.environment |= {
            **dict.fromkeys(spelt, PROXY),
            "HOME": str(home),
            "AWS_PROFILE": "work",
            "AWS_ENDPOINT_URL_EC2": "http://192.0.2.7:80",
        }

    def inside(self, *command: str) -> list[str]:
        resolver = f"mount --bind {self.home}/resolv.conf /etc/resolv.conf"
        return [
            *INSIDE,
            "unshare",
            "--mount",
            "sh",
            "-c",
            f'{resolver} && exec "$@"',
            "sh",
            *command,
        ]

    def line(self, *arguments: str) -> list[str]:
        return self.inside(*super().line(*arguments))

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the engine as a user's shell does after `rehearsal env`."""
        mine = f"{sys.executable} -m rehearsal env --root {self.root}"
        script = f'eval "$({mine})" && cd "$1" && shift && exec pulumi "$@"'
        directory = str(self.root / "project")
        return subprocess.run(
            self.inside("bash", "-c", script, "bash", directory, *arguments, "--non-interactive"),
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip


def test_nothing_but_loopback_is_connected_to(trap: None, tmp_path: Path):
    command = Trapped(tmp_path / "region", tmp_path / "home")
    try:
        previewed = command("preview")
        assert previewed.returncode == 0, previewed.stdout
        started = command("start")
        assert started.returncode == 0, started.stdout
        prepare = (
            "import sys; from pathlib import Path; from region import session; "
            "from rehearsal.pulumi_project import Project; root = Path(sys.argv[1]); "
            "Project(session.require(root), root).prepare('single', "
            f"{{'loadProfile': 'none', 'appPath': {str(paths.REVISION)!r}}})"
        )
        run(*command.inside(sys.executable, "-c", prepare, str(command.root)))
        pack = ("--policy-pack", str(ROOT / "policies"))
        up = command.pulumi("up", "--stack", "single", "--yes", "--skip-preview", *pack)
        assert up.returncode == 0, up.stdout + up.stderr
        assert (asked_the_proxy(), left_the_computer()) == (0, [])
    finally:
        stopped = command("stop", timeout=120)
    assert stopped.returncode == 0

    # The kernel does note it.
    attempt = (
        "import socket, sys; s = socket.socket(); s.settimeout(1); "
        "s.connect_ex((sys.argv[1], int(sys.argv[2])))"
    )
    run(*INSIDE, sys.executable, "-c", attempt, "127.0.0.1", "3128")
    run(*INSIDE, sys.executable, "-c", attempt, "198.51.100.1", "443")
    assert asked_the_proxy() == 1
    assert left_the_computer() == [["198.51.100.1", "tcp", 443]]
