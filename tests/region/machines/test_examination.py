"""What a release reads off an instance whose application does not serve, in real instances."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest

from loadtest.stack import diagnosis, examination
from region.machines.machine import Machine

pytestmark = pytest.mark.region

SERVER = """\
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[3]))
        self.send_header("Location", "/login")
        self.end_headers()

http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""
FAILS = "sh -c 'echo no password for user app; exit 7'"


def unit(command: str) -> str:
    return f"[Service]\nExecStart={command}\nRestart=on-failure\nRestartSec=0.2\n"


@pytest.fixture
def told(
    boot_with: Callable[..., Machine], eventually: Callable[..., None]
) -> Callable[[str, str], list[str]]:
    """Boots an instance with an application, and returns what is told once something matches."""

    def after(command: str, expected: str) -> list[str]:
        environment = "APP_HOST=10.77.9.50\nAPP_PORT=8080\nHEALTH_PATH=/health\n"
        machine = boot_with(
            {"environment": environment, "app.service": unit(command), "server.py": SERVER},
            "cp /opt/haproof/app.service /etc/systemd/system/app.service",
            "systemctl start app.service || true",
        )
        found: list[str] = []

        def told() -> bool:
            outcome = machine.run_command(
                examination.SCRIPT,
                working_directory="",
                timeout=60,
                environment={},
                cancelled=Event(),
            )
            assert outcome.status_code == 0, outcome.stderr
            found[:] = diagnosis.findings(diagnosis.read(outcome.stdout))
            return any(expected in line for line in found)

        eventually(told, f"{expected!r} is told")
        return found

    return after


def server(address: str, port: int, status: int = 200) -> str:
    return f"python3 /opt/haproof/server.py '{address}' {port} {status}"


def test_what_listens_elsewhere(told: Callable[[str, str], list[str]]) -> None:
    [line] = told(server("", 9000), "only 0.0.0.0:9000 (python3")
    assert "`-c appPort=9000`" in line


def test_what_listens_on_loopback(told: Callable[[str, str], list[str]]) -> None:
    told(server("127.0.0.1", 8080), "127.0.0.1:8080 (python3")


def test_what_the_health_path_answers_at_the_instances_address(
    told: Callable[[str, str], list[str]],
) -> None:
    told(
        server("10.77.9.50", 8080, 302), "answers 302 (to http://10.77.9.50:8080/login) to /health"
    )


def test_what_ends_again_and_again(told: Callable[[str, str], list[str]]) -> None:
    lines = told(FAILS, "restarted ")
    assert lines[0].startswith("no program listens on port 8080")
    assert lines[1].startswith("app.service is ")
    assert any("no password for user app" in line for line in lines[2:])


def test_what_takes_more_memory_than_there_is(told: Callable[[str, str], list[str]]) -> None:
    eater = 'python3 -c "a = [bytes([1]) * 2**20 for _ in range(2048)]; print(len(a))"'
    lines = told(eater, "needs more memory than the instance has (512 MiB)")
    assert any("killed by the OOM killer" in line for line in lines)
