"""Commands that scripts for Amazon Linux take for granted, as shell scripts in `guest/`."""

from __future__ import annotations

import os
from pathlib import Path

from region.machines.images import confined
from region.machines.images.layers import Layer

HELPERS = "/usr/lib/haproof"
_GUEST = Path(__file__).with_name("guest")
_PROGRAMS = {
    "systemctl": "systemctl", "service": "service", "journalctl": "journalctl",
    "chkconfig": "chkconfig", "yum": "packages", "dnf": "packages", "apt-get": "packages",
    "apt": "packages", "amazon-linux-extras": "packages", "hostnamectl": "hostnamectl",
    "timedatectl": "timedatectl",
}  # fmt: skip
"""Command -> the script that is behind it."""

_IF_ABSENT = {"sudo": "sudo", "ec2-metadata": "ec2-metadata"}
"""The same, of commands that work as they are where an image has them."""

_SEARCHED = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/sbin", "/bin")


def add(layer: Layer, below: Path) -> None:
    """Add the commands to `layer`, also wherever the root file system has one of the same name."""
    layer.file(f"{HELPERS}/call", _script("call"), 0o755)
    for command, script in _PROGRAMS.items():
        _add(layer, below, command, script)
    for command, script in _IF_ABSENT.items():
        if not any(_exists(below, f"{place}/{command}") for place in ("/usr/bin", *_SEARCHED)):
            _add(layer, below, command, script)


def _add(layer: Layer, below: Path, command: str, script: str) -> None:
    for directory in ("/usr/bin", *_SEARCHED):
        path = f"{directory}/{command}"
        if directory == "/usr/bin" or _exists(below, path):
            layer.file(path, _script(script), 0o755)


def _exists(below: Path, path: str) -> bool:
    directory, _, name = path.rpartition("/")
    return os.path.lexists(confined.on_host(below, directory) / name)


def _script(name: str) -> bytes:
    return (_GUEST / name).read_bytes()
