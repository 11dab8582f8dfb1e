"""A shell in a real container."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from region.access import shell
from region.access.inventory import AccessError, Instance
from region.machines.container.oci import Bundle
from region.machines.container.runtime import Runtime
from region.machines.errors import AccountError

pytestmark = pytest.mark.region

LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
PROGRAMS = {
    "destination": "/usr",
    "type": "bind",
    "source": "/usr",
    "options": ["rbind", "ro", "nosuid", "nodev"],
}


class Entered:
    """One container with the host's programs and accounts of its own."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self.runtime = runtime
        self.instance = Instance(name, "", "", "", "", "running", "ok", datetime.now(UTC))

    def command(self, *argv: str, user: str = "root", tty: bool = False) -> list[str]:
        return shell.command_line(self.runtime, self.instance, argv, user=user, tty=tty)

    def run(self, argv: Sequence[str], text: str = "") -> tuple[int, str]:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


@pytest.fixture
def entered(tmp_path: Path) -> Iterator[Entered]:
    root = tmp_path / "root"
    for name in ("usr", "etc", "proc", "dev", "sys", "run", "root", "home/ec2-user", "tmp"):
        (root / name).mkdir(parents=True)
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    (root / "etc" / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/bash\nec2-user:x:1000:1000::/home/ec2-user:/bin/bash\n"
    )
    (root / "etc" / "group").write_text("root:x:0:\nec2-user:x:1000:\nwheel:x:10:ec2-user\n")
    runtime, name = Runtime(tmp_path / "region"), f"i-{uuid4().hex[:17]}"
    bundle = Bundle(
        hostname="ip-10-20-0-4",
        root=root,
        mounts=[PROGRAMS],
        late_mounts=[],
        memory_bytes=512 * 1024**2,
        group=f"/haproof-test-{name}",
        environment={"PATH": "/usr/bin:/bin"},
    )
    runtime.state.mkdir(parents=True, exist_ok=True)
    try:
        runtime.create(name, bundle, tmp_path, tmp_path / "log")
        runtime.start(name)
        yield Entered(runtime, name)
    finally:
        runtime.delete(name)
        runtime.remove_state()


def test_a_command_runs_inside_with_its_own_exit_status(entered: Entered) -> None:
    assert entered.run(entered.command("hostname")) == (0, "ip-10-20-0-4\n")
    assert entered.run(entered.command("sh", "-c", "pwd; exit 7")) == (7, "/root\n")
    assert entered.run(entered.command("sh", "-c", "kill -9 $$"))[0] == 137
    assert entered.run(entered.command("no-such-program"))[0] == 127


def test_what_is_piped_to_it_is_its_standard_input(entered: Entered) -> None:
    assert entered.run(entered.command("wc", "-c"), "x" * 100_000) == (0, "100000\n")


def test_a_login_shell_is_the_default(entered: Entered) -> None:
    assert entered.run(entered.command(), "shopt -q login_shell && echo $HOME\n") == (0, "/root\n")


def test_another_user_has_its_groups_its_home_and_no_more_rights(entered: Entered) -> None:
    script = "id -u; id -G; pwd; touch /root/x 2>/dev/null || echo refused"
    status, printed = entered.run(entered.command("sh", "-c", script, user="ec2-user"))
    assert (status, printed) == (0, "1000\n1000 10\n/home/ec2-user\nrefused\n")
    with pytest.raises(AccountError, match="no user 'postgres'"):
        entered.command("id", user="postgres")


def test_a_terminal_is_a_terminal_inside(entered: Entered) -> None:
    ours, theirs = pty.openpty()
    command = entered.command("sh", "-c", "test -t 0 && test -t 1 && tty; exit 3", tty=True)
    done = subprocess.run(command, stdin=theirs, stdout=theirs, check=False)
    os.close(theirs)
    assert (done.returncode, os.read(ours, 1000)) == (3, b"/dev/pts/0\r\n")
    os.close(ours)


def test_an_instance_whose_init_has_ended_is_told_so(entered: Entered) -> None:
    name = entered.instance.instance_id
    assert entered.runtime.alive(name)
    pid = entered.runtime.pid(name)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(AccessError, match="its machine has ended"):
        entered.command("hostname")


def test_signals_from_inside_do_not_end_the_init(entered: Entered) -> None:
    script = (
        "for s in HUP INT QUIT TERM USR1 USR2 KILL SEGV; do kill -$s 1; done; echo x > /run/initctl"
    )
    assert entered.run(entered.command("bash", "-c", script))[0] == 0
    assert entered.run(entered.command("hostname")) == (0, "ip-10-20-0-4\n")


def test_memory_file_systems_have_the_sizes_of_systemd(entered: Entered) -> None:
    _, printed = entered.run(
        entered.command("df", "-B1", "--output=size", "/dev/shm", "/run", "/dev")
    )
    sizes = [int(line) for line in printed.split()[1:]]
    assert sizes == [256 * 1024**2, 107_376_640, 4 * 1024**2]
