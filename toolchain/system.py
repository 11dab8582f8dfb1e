"""Installs operating system packages: HAProxy, runc, nftables, small commands, a browser."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from toolchain import locate, paths, progress
from toolchain.errors import ToolError

COMMANDS = {
    "haproxy": "haproxy",
    "curl": "curl",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "bash": "bash",
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "sudo": "sudo",
}
"""Command -> the package that contains it, with the same name everywhere but in `OTHER_NAMES`.

Only packages of missing commands are installed: a runc that came with Docker is used.
"""

FONTS = "fonts-nanum"
"""A package of fonts with Hangul: pages link to their Korean version in Korean."""

OTHER_NAMES = {
    "dnf": {"iproute2": "iproute", FONTS: "google-noto-sans-cjk-fonts"},
    "apk": {FONTS: "font-noto-cjk"},
    "pacman": {FONTS: "noto-fonts-cjk"},
    "zypper": {FONTS: "google-noto-sans-cjk-fonts"},
}
"""Package manager -> the packages that its distribution names differently."""

BROWSER = "chromium"
"""The browser's package; it has this name in Debian, Fedora, Alpine, Arch and openSUSE."""

INSTALLERS = {
    "apt-get": ["apt-get", "install", "-y", "--no-install-recommends"],
    "dnf": ["dnf", "install", "-y"],
    "apk": ["apk", "add"],
    "pacman": ["pacman", "-S", "--noconfirm"],
    "zypper": ["zypper", "--non-interactive", "install"],
}


def ensure() -> str:
    """Install missing system packages if the user is root.

    Raises:
        ToolError: they cannot be installed; for another user the message has the command.
    """
    if not sys.platform.startswith("linux"):
        raise ToolError(
            f"the rehearsal needs Linux, this is {sys.platform}; use a Linux machine or VM "
            "(`pulumi up` against AWS works from here)"
        )
    missing = missing_packages()
    if missing:
        _install(missing)
        if still := missing_packages():
            raise ToolError(f"{', '.join(still)} still missing; see {_log()}")
    version = locate.version_of([str(locate.haproxy()), "-v"])
    return f"HAProxy: {version}"


def ensure_browser() -> str:
    """Install Chromium for the browser tests in the same way."""
    try:
        found = locate.chromium()
    except ToolError:
        _install([BROWSER])
        found = locate.chromium()
    return f"Chromium: {locate.version_of([str(found), '--version'])}"


def ensure_fonts() -> str:
    """Install a font with Hangul for pictures of the pages in the same way."""
    if not locate.fonts_for("ko"):
        _install([FONTS])
    found = locate.fonts_for("ko")
    if not found:
        raise ToolError(f"no font shows Korean, although {FONTS} was installed; see {_log()}")
    return f"Korean font: {found[0]}"


def missing_packages() -> list[str]:
    """Return the packages whose command is not on this machine, sorted."""
    return sorted({package for command, package in COMMANDS.items() if not locate.which(command)})


def install_command(packages: list[str]) -> list[str] | None:
    """Return this distribution's command to install `packages`, or None if it is unknown."""
    for name, command in INSTALLERS.items():
        if shutil.which(name):
            names = OTHER_NAMES.get(name, {})
            return [*command, *(names.get(package, package) for package in packages)]
    return None


def _log() -> Path:
    return paths.TOOLS / "log" / "system.log"


def _install(packages: list[str]) -> None:
    command = install_command(packages)
    if command is None:
        raise ToolError(f"install these packages first: {', '.join(packages)}")
    if os.geteuid() != 0:
        raise ToolError(
            f"{', '.join(packages)} missing; run\n  sudo {' '.join(command)}\nand then this command again"
        )
    log = _log()
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    if command[0] == "apt-get":
        progress.run(
            ["apt-get", "update", "-q"],
            title="refresh the package list",
            log=log,
            environment=environment,
        )
    progress.run(command, title=f"install {', '.join(packages)}", log=log, environment=environment)
