"""What every image has, whatever root file system it is made of."""

from __future__ import annotations

from pathlib import Path

from region.machines.images import aws_cli, commands, interpreter
from region.machines.images.accounts import SUDOERS, USER, USER_ID, Accounts
from region.machines.images.image import Overlay
from region.machines.images.layers import Layer

HOSTS = """\
127.0.0.1 localhost localhost.localdomain
::1 localhost ip6-localhost
"""
RESOLVER = "# An instance of the local region has no name server: there is no way out.\n"
_OWNER = (USER_ID, USER_ID)
_PROFILE = """\
case $- in *i*) PS1='[\\u@\\h \\W]\\$ ' ;; esac
"""


def add(layer: Layer, below: Path, accounts: Accounts) -> None:
    """Add users, what belongs to an instance rather than to an image, and the commands."""
    layer.file("/etc/passwd", accounts.passwd)
    layer.file("/etc/group", accounts.group)
    layer.file("/etc/shadow", accounts.shadow, 0o600)
    layer.file("/etc/gshadow", accounts.gshadow, 0o600)
    layer.file("/etc/sudoers", SUDOERS, 0o440)
    layer.directory("/etc/sudoers.d", 0o750, opaque=True)
    layer.file("/etc/hosts", HOSTS)
    layer.file("/etc/resolv.conf", RESOLVER)
    # Each instance's own are written when it boots.
    layer.file("/etc/hostname", "localhost\n")
    layer.file("/etc/machine-id", "", 0o444)
    layer.directory(f"/home/{USER}", 0o700, _OWNER)
    layer.file(f"/home/{USER}/.bashrc", _PROFILE, owner=_OWNER)
    layer.file(f"/home/{USER}/.bash_profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n", owner=_OWNER)
    commands.add(layer, below)


def with_programs(
    overlays: list[Overlay], layer: Path, base: Path | None, libraries: Path | None
) -> tuple[Overlay, ...]:
    """Add the running Python and the AWS CLI's libraries, those that are not None.

    A mount comes after those that it lies in.
    """
    if base is not None:
        lowers = (layer / interpreter.DESTINATION[1:], base)
        overlays = [*overlays, Overlay(interpreter.DESTINATION, lowers)]
    if libraries is not None:
        lowers = (layer / aws_cli.DESTINATION[1:], libraries)
        overlays = [*overlays, Overlay(aws_cli.DESTINATION, lowers)]
    return tuple(sorted(overlays, key=lambda overlay: overlay.destination.split("/")))
