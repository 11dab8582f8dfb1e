"""Variants of the stack's own revision: the same files with a defect in them.

What is wrong lies in files that CodeDeploy installs and removes with the revision: a rollback takes it
away as it would a real mistake.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import scripts

APPSPEC = "appspec.yml"
SCRIPT = "haproof-fault.sh"
DIRECTORY = "haproof-fault"
"""In the revision; installed as `INSTALLED`."""
INSTALLED = "/opt/haproof-fault"
FAILING: Final = """\
#!/bin/sh
echo "this revision was made to fail, by an experiment" >&2
exit 1
"""
SLOW_HANGS_S: Final = 1.7
"""Seconds: health checks wait for 2 s, and whoever waits for more than 1 s counts as slow."""
EXEC_START: Final = re.compile(rb"^(ExecStart=[-:+!]*)(?=[^\s])", re.MULTILINE)
"""The beginning of a command in a unit file, up to the program; a line that only resets has none."""

Files = dict[str, bytes]
"""Members of a revision by their paths: its appspec.yml and its units, and what is added."""


def failing_hook(files: Files, _port: int) -> None:
    """Let the deployment's last lifecycle event fail on every instance."""
    add_hook(files, "ValidateService", FAILING)


def answers_500(files: Files, port: int) -> None:
    """Let the service start and answer 500 to everything, its health check included."""
    run = f"#!/bin/sh\nexec python3 {INSTALLED}/server.py {port}\n"
    files[f"{DIRECTORY}/server.py"] = scripts.ERROR_SERVER.encode()
    _run_instead(files, run)


def slow(files: Files, port: int) -> None:
    """Let the service hang for a third of the time: shorter than health checks wait.

    For longer than an instance that starves: a load balancer that counts open requests sends few to who is
    slow, and one zone alone is to move the fleet's p99.
    """
    _run_instead(files, scripts.hanging_repeatedly(port, SLOW_HANGS_S))


VARIANTS: Final[Mapping[str, Callable[[Files, int], None]]] = {
    "failing-hook": failing_hook,
    "answers-500": answers_500,
    "slow": slow,
}


def variant(bundle: bytes, name: str, port: int) -> bytes:
    """Return the zip of a revision that serves on `port`, changed into that variant.

    Raises:
        ExperimentError: There is no such variant, or the bundle is not a revision that it can be
            made of.
    """
    if name not in VARIANTS:
        raise ExperimentError(
            f"there is no variant {name!r} of a revision; use good, {', '.join(VARIANTS)}"
        )
    return changed(bundle, lambda files: VARIANTS[name](files, port))


def changed(bundle: bytes, change: Callable[[Files], None]) -> bytes:
    """Return the zip of a revision with its appspec.yml and units changed, and with new scripts.

    Raises:
        ExperimentError: The bundle is not a revision.
    """
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(bundle)) as source:
            infos = {one.filename: one for one in source.infolist()}
            files = {path: source.read(path) for path in infos if _may_change(path)}
            files.setdefault(APPSPEC, source.read(APPSPEC))
            change(files)
            with zipfile.ZipFile(made, "w") as sink:
                for path, info in infos.items():
                    content = files.pop(path) if path in files else source.read(path)
                    sink.writestr(info, content)
                for path, content in files.items():
                    info = zipfile.ZipInfo(path)
                    info.external_attr = 0o100755 << 16
                    sink.writestr(info, content)
    except (zipfile.BadZipFile, KeyError, yaml.YAMLError) as error:
        raise ExperimentError(
            f"the stack's revision is not a zip with an {APPSPEC}: {error}"
        ) from error
    return made.getvalue()


def _may_change(path: str) -> bool:
    return path == APPSPEC or path.endswith(".service")


def add_hook(files: Files, event: str, script: str) -> None:
    """Add a script at the end of a lifecycle event."""
    spec: dict[str, Any] = yaml.safe_load(files[APPSPEC])
    hooks = spec.setdefault("hooks", {})
    hooks[event] = [
        *(hooks.get(event) or []),
        {"location": SCRIPT, "timeout": 60, "runas": "root"},
    ]
    files[APPSPEC] = yaml.safe_dump(spec, sort_keys=False).encode()
    files[SCRIPT] = script.encode()


def _run_instead(files: Files, script: str) -> None:
    """Let the revision's units run a script, which gets their own command as its arguments."""
    units = [path for path in files if path != APPSPEC and EXEC_START.search(files[path])]
    if not units:
        raise ExperimentError(
            "the stack's revision brings no unit of systemd (a *.service with ExecStart=), so no "
            "variant of it can start and serve badly: use failing-hook, or a file of your own"
        )
    command = rf"\1/bin/sh {INSTALLED}/run.sh ".encode()
    for path in units:
        files[path] = EXEC_START.sub(command, files[path])
    spec: dict[str, Any] = yaml.safe_load(files[APPSPEC])
    installed = {"source": DIRECTORY, "destination": INSTALLED}
    spec["files"] = [*(spec.get("files") or []), installed]
    files[APPSPEC] = yaml.safe_dump(spec, sort_keys=False).encode()
    files[f"{DIRECTORY}/run.sh"] = script.encode()
