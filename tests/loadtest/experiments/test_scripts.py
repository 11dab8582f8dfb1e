"""Scripts of faults, on this computer's own processes; variants of revisions; the load's length."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import yaml

from loadtest.errors import ExperimentError
from loadtest.experiments import load
from loadtest.experiments.actions import revisions, scripts
from tests.processes import command_of

SERVER = """\
import socket, sys
made = socket.create_server(("127.0.0.1", int((sys.argv[1:] or [0])[0])))
print(made.getsockname()[1], flush=True)
sys.stdin.read()
"""


def sh(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, timeout=20, check=False
    )


def status_of(process: psutil.Process, wanted: str) -> None:
    deadline = time.monotonic() + 5
    while process.status() != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_listens_is_frozen_and_goes_on_by_itself() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        process = psutil.Process(server.pid)
        try:
            done = sh(scripts.freeze(port, 0.7))
            assert done.returncode == 0, done.stderr
            status_of(process, psutil.STATUS_STOPPED)
            began = scripts.began_ms(done.stdout)
            assert began is not None
            assert abs(time.time() * 1000 - began) < 5_000
            status_of(process, psutil.STATUS_SLEEPING)
        finally:
            server.kill()


def shims(tmp_path: Path, **programs: str) -> dict[str, str]:
    """An environment in which these programs are scripts of ours."""
    for name, script in programs.items():
        made = tmp_path / name
        made.write_text(f"#!/bin/sh\n{script}\n")
        made.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


@contextmanager
def server() -> Generator[tuple[psutil.Process, int]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as made:
        assert made.stdout is not None
        port = int(made.stdout.readline())
        try:
            yield psutil.Process(made.pid), port
        finally:
            made.kill()


def test_who_starves_does_so_until_its_time_is_up_whatever_the_clock_is_set_to(
    tmp_path: Path,
) -> None:
    # At each call a day later than before.
    later = f"n=$(($(cat {tmp_path}/n 2>/dev/null || echo 0) + 86400))\necho $n | tee {tmp_path}/n"
    with server() as (process, port):
        began = time.monotonic()
        done = subprocess.run(
            ["sh", "-c", scripts.starve(port, 3, 0.5)],
            env=shims(tmp_path, date=later),
            check=True,
            timeout=20,
        )
        assert done.returncode == 0
        stopped = 0.0
        while (at := time.monotonic() - began) < 5:
            if process.status() == psutil.STATUS_STOPPED:
                stopped = at
            time.sleep(0.02)
    # In whole seconds of the time since the computer was started.
    assert 1.4 < stopped < 4.2


def test_instances_that_starve_together_do_not_go_on_in_the_same_moments(tmp_path: Path) -> None:
    first = set[str]()
    slept = tmp_path / "slept"
    environment = shims(tmp_path, sleep=f"echo $1 >>{slept}\nexec /bin/sleep 1")
    with server() as (_, port):
        for _ in range(3):
            slept.unlink(missing_ok=True)
            script = scripts.starve(port, 1, 0.2)
            subprocess.run(["sh", "-c", script], env=environment, check=True, timeout=20)
            while not slept.exists():
                time.sleep(0.02)
            first.add(slept.read_text().split()[0])
    assert len(first) > 1
    assert all(0 <= float(one) < 0.8 for one in first)


def test_a_slow_service_hangs_again_and_again_and_ends_when_told(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(
        SERVER.replace("sys.stdin.read()", "import time; time.sleep(60)")
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "run.sh").write_text(scripts.hanging_repeatedly(port, hangs_s=0.2))
    command = [
        "sh",
        str(tmp_path / "run.sh"),
        sys.executable,
        str(tmp_path / "server.py"),
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        assert int(shell.stdout.readline()) == port
        (service,) = (
            one
            for one in psutil.Process(shell.pid).children()
            if "server.py" in " ".join(command_of(one))
        )
        for _ in range(2):
            status_of(service, psutil.STATUS_STOPPED)
            status_of(service, psutil.STATUS_SLEEPING)
        shell.terminate()
        shell.wait(10)
        assert not service.is_running() or service.status() == psutil.STATUS_ZOMBIE


def test_nobody_on_the_port_is_an_error_and_no_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = sh(scripts.freeze(port, 1))
    assert done.returncode == 1
    assert f"port {port}" in done.stderr


BOTH = "until [ $(wc -l <seen) = 2 ]; do sleep 0.01; done"


@pytest.mark.parametrize(
    ("ends", "seconds", "code"), [(f"{BOTH}; kill -9 $VICTIM", 15.0, 0), ("true", 0.6, 1)]
)
def test_the_memory_is_used_up_until_the_kernel_ends_the_service(
    tmp_path: Path, ends: str, seconds: float, code: int
) -> None:
    # In the place of what uses the memory up, and of the kernel.
    made = tmp_path / "tail"
    looks = f"cd {tmp_path}\necho $(cat /proc/$VICTIM/oom_score_adj) >>seen"
    made.write_text(f"#!/bin/sh\n{looks}\n{ends}\n")
    made.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        path = f"{tmp_path}:{os.environ['PATH']}"
        # Who has ended is gone once somebody has asked for it.
        waiting = threading.Thread(target=server.wait, daemon=True)
        waiting.start()
        try:
            done = subprocess.run(
                ["sh", "-c", scripts.exhaust_memory(port, seconds)],
                env={**os.environ, "PATH": path, "VICTIM": str(server.pid)},
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
        finally:
            server.kill()
            waiting.join()
    assert done.returncode == code, done.stderr
    seen = (tmp_path / "seen").read_text().split()
    assert set(seen) == {"1000"}
    if code == 0:
        # Two, so that none of them is larger than what is marked as the first choice.
        assert len(seen) == 2
    began = scripts.began_ms(done.stdout)
    assert (began is not None) == (code == 0)
    assert ("did not end the service" in done.stderr) == (code == 1)


def test_a_disk_that_is_shared_with_others_is_not_filled(tmp_path: Path) -> None:
    # This computer's is larger than the volume that EC2 would tell of.
    done = sh(scripts.fill_disk(0, 1, str(tmp_path)))
    assert done.returncode == 1
    assert "shares a disk with others, so nothing is filled" in done.stderr
    assert scripts.began_ms(done.stdout) is None
    assert list(tmp_path.iterdir()) == []


UNIT = "[Service]\nExecStart=\nExecStart=-/opt/app/run.sh serve\n"


def bundle(*, unit: str = UNIT) -> bytes:
    made = io.BytesIO()
    spec = {"version": 0.0, "os": "linux", "hooks": {"ValidateService": [{"location": "own.sh"}]}}
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("appspec.yml", yaml.safe_dump(spec))
        archive.writestr("own.sh", "#!/bin/sh\n")
        if unit:
            archive.writestr("units/app.service", unit)
    return made.getvalue()


def test_a_failing_hook_comes_after_the_revision_s_own() -> None:
    with zipfile.ZipFile(io.BytesIO(revisions.variant(bundle(), "failing-hook", 80))) as made:
        spec = yaml.safe_load(made.read("appspec.yml"))
        assert set(made.namelist()) == {
            "appspec.yml", "own.sh", "units/app.service", revisions.SCRIPT,
        }  # fmt: skip
        assert made.getinfo(revisions.SCRIPT).external_attr >> 16 & 0o111
        script = made.read(revisions.SCRIPT).decode()
    locations = [one["location"] for one in spec["hooks"]["ValidateService"]]
    assert locations == ["own.sh", revisions.SCRIPT]
    assert sh(script).returncode == 1


@pytest.mark.parametrize("name", ["answers-500", "slow"])
def test_a_service_that_serves_badly_is_of_the_revision_s_own_files(name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(revisions.variant(bundle(), name, 8080))) as made:
        spec = yaml.safe_load(made.read("appspec.yml"))
        unit = made.read("units/app.service").decode()
        run = made.read(f"{revisions.DIRECTORY}/run.sh").decode()
    assert unit.splitlines()[1:] == [
        "ExecStart=",
        f"ExecStart=-/bin/sh {revisions.INSTALLED}/run.sh /opt/app/run.sh serve",
    ]
    # CodeDeploy removes what it has installed before it installs what it rolls back to.
    assert spec["files"] == [{"source": revisions.DIRECTORY, "destination": revisions.INSTALLED}]
    assert "8080" in run
    assert subprocess.run(["sh", "-n"], input=run, text=True, check=False).returncode == 0


def test_without_a_unit_no_service_can_serve_badly() -> None:
    with pytest.raises(ExperimentError, match="no unit of systemd"):
        revisions.variant(bundle(unit=""), "slow", 80)


# Named: a bundle has the time at which it was made in it, and each of several workers makes its own.
@pytest.mark.parametrize("content", [b"", bundle()[:30]], ids=["nothing", "a cut bundle"])
def test_what_is_not_a_revision_is_refused(content: bytes) -> None:
    with pytest.raises(ExperimentError, match="not a zip"):
        revisions.variant(content, "failing-hook", 80)


def test_a_variant_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(ExperimentError, match="failing-hook"):
        revisions.variant(bundle(), "better", 80)


@pytest.mark.parametrize(("seeded", "hold"), [(27_000, 211), (0, 600), (1_000_000, 600)])
def test_the_load_is_as_long_as_needed_or_as_there_are_visitors(seeded: int, hold: int) -> None:
    made = load.profile(125, 600, seeded)
    assert made.phases[-1].duration_s == hold
    assert not seeded or made.planned_users <= seeded
