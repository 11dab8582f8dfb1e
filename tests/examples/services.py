"""A built example as a process of its own, held to an instance type's limits."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from region.machines.cgroups import Limits
from region.machines.instance_types import InstanceType
from region.machines.systemd.unit_file import parse_unit

HOST = "127.78.32.9"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Service:
    """A running example."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    healthy_after_s: float
    memory_peak: Callable[[], int]
    """Bytes that its control group was charged for at most."""

    def ask(self, path: str, form: object = None) -> Answer:
        return ask(self.port, path, form)


def ask(port: int, path: str, form: object = None) -> Answer:
    """Ask an example that `running` started."""
    return ask_url(f"http://{HOST}:{port}{path}", form)


def ask_url(url: str, form: object = None) -> Answer:
    """GET `url`, or POST `form` as JSON there."""
    body = None if form is None else json.dumps(form).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def command(name: str, revision: Path, port: int) -> list[str]:
    """Return what the example's unit or start script runs."""
    app = revision / "app"
    if name == "spring-boot":
        text = (revision / "app.service").read_text(encoding="utf-8")
        unit = parse_unit(text, PurePosixPath("/etc/systemd/system/app.service"))
        return list(unit.exec_start[0].argv)
    if name == "node-express":
        return ["node", "--max-old-space-size=160", str(app / "src" / "server.js")]
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"0.0.0.0:{port}"),
        *("--preload", "--workers", "2", "--threads", "2", "--keep-alive", "65"),
        "--no-control-socket",
    ]


def environment(name: str, revision: Path, instance: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the example's process."""
    app = revision / "app"
    version = dict([(app / "version.env").read_text(encoding="ascii").strip().split("=", 1)])
    variables = {**os.environ, **instance, **version}
    if name == "django-gunicorn":
        libraries = [app, app / "lib", app / f"lib-{platform.machine()}"]
        variables["PYTHONPATH"] = os.pathsep.join(map(str, libraries))
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
    return variables


@contextmanager
def running(
    *,
    name: str,
    revision: Path,
    instance: Mapping[str, str],
    limits: Limits,
    kind: InstanceType,
    timeout_s: float,
) -> Generator[Service]:
    """Run the example in a control group with the limits of `kind`, once it is healthy."""
    group = f"examples-{os.getpid()}-{name}"
    limits.create(group)
    limits.set_cpu(group, kind.baseline_cpu)
    limits.set_memory(group, kind.memory_bytes)
    log = revision.parent / f"{name}.log"
    port = int(instance["APP_PORT"])
    joined = " && ".join(f"echo 0 >{file}" for file in limits.procs_files(group))
    started = time.monotonic()
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["sh", "-c", f'{joined} && exec "$@"', "sh", *command(name, revision, port)],
                cwd=revision / "app",
                env=environment(name, revision, instance),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        _await_health(process, port, instance["HEALTH_PATH"], log, timeout_s)
        seconds = time.monotonic() - started
        yield Service(port, process, log, seconds, lambda: limits.usage(group).memory_peak_bytes)
        assert limits.usage(group).oom_kills == 0
    finally:
        limits.remove(group)


def _await_health(
    process: subprocess.Popen[bytes], port: int, path: str, log: Path, timeout_s: float
) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            if ask(port, path).status == 200:
                return
        except OSError:
            pass
        ended = process.poll()
        text = log.read_text(errors="replace")[-4000:]
        assert ended is None, f"it ended with {ended}:\n{text}"
        assert time.monotonic() < deadline, f"not healthy after {timeout_s:.0f} s:\n{text}"
        time.sleep(0.2)


def logged_in(answer: Answer) -> Any:
    """Return the user of a successful login's answer."""
    return json.loads(answer.body).get("user")
