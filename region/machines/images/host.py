"""The image `host`: the user's own system below, and nothing of the user's on top."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from region.machines.images import (
    accounts,
    adoption,
    aws_cli,
    confined,
    file_systems,
    interpreter,
    privileges,
    shared,
)
from region.machines.images.errors import ImageError
from region.machines.images.image import Image, Overlay
from region.machines.images.layers import Layer

_TOPS = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt", "etc")
"""Top-level names of the host that instances see."""

_DATABASES = (
    "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/alternatives", "/var/lib/pacman",
    "/var/lib/ca-certificates",
)  # fmt: skip
"""What the host's package managers know, and what links of /etc and /usr lead to."""

_FRESH = frozenset({"var", "root", "home"})
_READABLE = stat.S_IROTH
_ENTERABLE = stat.S_IROTH | stat.S_IXOTH

_EMPTY = (
    "/etc/systemd/system", "/etc/systemd/user", "/etc/cron.d", "/etc/cron.hourly",
    "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly",
)  # fmt: skip
"""Directories in which only an instance's own units and jobs are."""

_HIDDEN = (
    "/etc/crontab", "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-",
    "/etc/subuid-", "/etc/subgid-", "/etc/mailname", "/etc/exports", "/etc/krb5.keytab",
    # Always the instance's own.
    "/opt/haproof", "/opt/codedeploy-agent",
)  # fmt: skip

_VAR = (
    ("/var/cache", 0o755), ("/var/lib", 0o755), ("/var/local", 0o755),
    ("/var/log", 0o755), ("/var/mail", 0o755), ("/var/opt", 0o755), ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),  # noqa: S108
    ("/var/www", 0o755), ("/var/www/html", 0o755),
)  # fmt: skip

_OWN = (
    ("/dev", 0o755), ("/proc", 0o555), ("/sys", 0o555), ("/run", 0o755), ("/boot", 0o755),
    ("/srv", 0o755), ("/mnt", 0o755), ("/media", 0o755), ("/tmp", 0o1777),  # noqa: S108
)  # fmt: skip
"""The instance's own top-level directories: empty at first."""

_NSSWITCH = """\
passwd: files
group: files
shadow: files
gshadow: files
hosts: files dns
services: files
protocols: files
networks: files
ethers: files
rpc: files
"""

_UNUSABLE = frozenset({
    "autofs", "cgroup", "cgroup2", "devpts", "devtmpfs", "exfat", "mqueue", "msdos", "ntfs", "ntfs3",
    "proc", "sysfs", "vfat",
})  # fmt: skip
"""File systems that the kernel does not take as a lower directory, or that hold no software."""


def host(cache: Path, hidden: Iterable[Path] = (), root: Path = Path("/")) -> Image:
    """Return the image of this computer's own system.

    Args:
        cache: Where the layer above it is kept.
        hidden: Directories of the host that no instance sees, wherever they lie.
        root: The host's root directory.

    Raises:
        ImageError: If the layer cannot be written there.
    """
    tops = [name for name in _TOPS if (root / name).is_dir()]
    links = {name: _link(root, name, tops) for name in tops}
    shown = [name for name in tops if links[name] is None]
    _check_cache(cache, root, shown)
    layer = Layer(root, frozenset(shown), _FRESH)
    _skeleton(layer)
    _configuration(layer, root)
    for path in _unreadable(root, shown):
        layer.hide(path)
    for directory in hidden:
        _hide(layer, root, shown, directory)
    mounts, left_out = _mounts_below(root, shown)
    if not privileges.OF_THE_HOST:
        adoption.adopt(layer, root, [f"/{name}" for name in shown])
    base = interpreter.prefix()
    if base is not None:
        interpreter.add(layer, base)
    libraries = aws_cli.libraries(root, base)
    if libraries is not None:
        aws_cli.add(layer)
    built = layer.build(cache)
    overlays = [
        Overlay(f"/{name}", _lowers(layer, built, f"/{name}", (root / name).resolve()))
        for name in shown
    ]
    overlays += [Overlay(path, _lowers(layer, built, path, root / path[1:])) for path in mounts]
    overlays += [Overlay(f"/{name}", (built / name,)) for name in sorted(_FRESH)]
    overlays += [
        Overlay(path, (root / path[1:],)) for path in _DATABASES if (root / path[1:]).is_dir()
    ]
    return Image(
        name="host",
        overlays=shared.with_programs(overlays, built, base, libraries),
        binds=(),
        directories=(*_OWN, *((f"/{name}", _mode(name)) for name in [*shown, *sorted(_FRESH)])),
        links=tuple((f"/{name}", target) for name, target in links.items() if target is not None),
        description=f"this computer's own system ({_system(root)})",
        notes=tuple(left_out),
    )


def _mode(top: str) -> int:
    return 0o700 if top == "root" else 0o755


def _link(root: Path, name: str, tops: Iterable[str]) -> str | None:
    """Return the target of a top-level link that instances can follow, such as /bin -> usr/bin."""
    if not (root / name).is_symlink():
        return None
    inside = confined.resolve(root, f"/{name}").split("/")
    return str((root / name).readlink()) if inside[1] in tops and len(inside) > 2 else None


def _check_cache(cache: Path, root: Path, shown: Iterable[str]) -> None:
    """Reject a cache inside what instances see: no layer may lie in another."""
    for name in shown:
        if cache.resolve().is_relative_to((root / name).resolve()):
            raise ImageError(
                f"The cache directory {cache} lies in /{name}, which is part of the image `host`; "
                "set XDG_CACHE_HOME to a directory elsewhere, such as one in your home directory."
            )


def _skeleton(layer: Layer) -> None:
    """Add the directories that belong to the instance alone."""
    layer.directory("/root", 0o700)
    layer.directory("/home", 0o755)
    for path, mode in _VAR:
        layer.directory(path, mode)
    for path in _DATABASES:
        layer.directory(path)
    layer.link("/var/run", "/run")


def _configuration(layer: Layer, root: Path) -> None:
    """Replace what in /etc is about this computer rather than about its software."""
    passwd, group = confined.read(root, "/etc/passwd"), confined.read(root, "/etc/group")
    shared.add(layer, root, accounts.of_host(passwd, group))
    for path in _EMPTY:
        layer.directory(path, opaque=True)
    layer.file("/etc/nsswitch.conf", _NSSWITCH)
    for path in ("/etc/fstab", "/etc/subuid", "/etc/subgid", "/etc/environment"):
        layer.file(path, "")
    if (root / "usr/share/zoneinfo/UTC").exists():
        layer.link("/etc/localtime", "/usr/share/zoneinfo/UTC")
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        layer.hide(f"/etc/ssh/{key.name}")
    for path in _HIDDEN:
        if os.path.lexists(root / path[1:]):
            layer.hide(path)


def _unreadable(root: Path, shown: Iterable[str]) -> Iterator[str]:
    """Find what not every user of the host may read: below /etc, and at the top of /opt."""
    if "etc" in shown:
        yield from _unreadable_below(root / "etc", "/etc", deep=True)
    if "opt" in shown:
        yield from _unreadable_below(root / "opt", "/opt", deep=False)


def _unreadable_below(directory: Path, path: str, *, deep: bool) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = f"{path}/{entry.name}"
            if entry.is_symlink():
                continue
            mode = entry.stat(follow_symlinks=False).st_mode
            needed = _ENTERABLE if stat.S_ISDIR(mode) else _READABLE
            if mode & needed != needed:
                yield name
            elif deep and stat.S_ISDIR(mode):
                yield from _unreadable_below(Path(entry.path), name, deep=True)


def _hide(layer: Layer, root: Path, shown: Iterable[str], directory: Path) -> None:
    real = directory.resolve()
    for name in shown:
        top = (root / name).resolve()
        if real != top and real.is_relative_to(top) and real.exists():
            layer.hide(f"/{name}/{real.relative_to(top).as_posix()}")


def _lowers(layer: Layer, built: Path, path: str, below: Path) -> tuple[Path, ...]:
    return (built / path[1:], below) if layer.has_directory(path) else (below,)


def _mounts_below(root: Path, shown: Iterable[str]) -> tuple[list[str], list[str]]:
    """Find file systems that are mounted inside what instances see; an overlay does not cross them.

    Returns:
        Paths to show, and sentences about those that cannot be shown.
    """
    found: dict[str, None] = {}
    left_out: list[str] = []
    for point, kind in file_systems.mount_points():
        inside = next(
            (f"/{n}{p}" for n in shown if (p := _below((root / n).resolve(), point))), None
        )
        if inside is None or not (root / inside[1:]).is_dir():
            continue
        if kind in _UNUSABLE:
            left_out.append(f"{point} ({kind}) is not visible in instances")
        elif (root / inside[1:]).stat().st_mode & _ENTERABLE == _ENTERABLE:
            found[inside] = None
    return list(found), left_out


def _below(top: Path, point: Path) -> str:
    return (
        f"/{point.relative_to(top).as_posix()}"
        if point != top and point.is_relative_to(top)
        else ""
    )


def _system(root: Path) -> str:
    found = re.search(
        r'^PRETTY_NAME="?([^"\n]*)', confined.read(root, "/etc/os-release"), re.MULTILINE
    )
    return found[1] if found else "Linux"
