"""Images made of a root file system of its own: a directory, a tarball, Amazon Linux."""

from __future__ import annotations

import stat
from pathlib import Path

from region.machines.images import accounts, aws_cli, confined, interpreter, shared
from region.machines.images.errors import ImageError
from region.machines.images.image import Bind, Image, Overlay
from region.machines.images.layers import Layer

_OWN = frozenset({"dev", "proc", "run", "sys", "tmp", "lost+found"})
"""Top-level names whose contents are an instance's own."""

_ALWAYS = frozenset({"etc", "home", "root", "usr", "var"})
_REQUIRED = {
    "bash": "runs the first process of an instance",
    "sh": "runs the commands of the region",
}
_WANTED = {"curl": "systemctl and journalctl ask the region by it"}


def of_directory(name: str, root: Path, cache: Path, description: str) -> Image:
    """Return the image of the root file system in `root`, which stays as it is.

    Raises:
        ImageError: If it is none, or lacks what an instance cannot do without.
    """
    notes = _check(name, root, cache)
    tops = sorted(entry.name for entry in root.iterdir() if entry.name not in _OWN)
    links = [top for top in tops if (root / top).is_symlink()]
    directories = [top for top in tops if top not in links and (root / top).is_dir()]
    files = [top for top in tops if top not in links and (root / top).is_file()]
    layer = Layer(root, frozenset(directories))
    layer.directory("/root", 0o700)
    shared.add(layer, root, _accounts(root))
    base = _python(root, layer, notes)
    libraries = aws_cli.libraries(root, base)
    if libraries is not None:
        aws_cli.add(layer)
    built = layer.build(cache)
    ours = [top for top in _ALWAYS if layer.has(top) and top not in links]
    overlays = [
        Overlay(
            f"/{top}",
            tuple(
                path
                for path, there in ((built / top, layer.has(top)), (root / top, top in directories))
                if there
            ),
        )
        for top in sorted({*directories, *ours})
    ]
    own = (("/dev", 0o755), ("/proc", 0o555), ("/run", 0o755), ("/sys", 0o555), ("/tmp", 0o1777))  # noqa: S108
    modes = {o.destination: stat.S_IMODE(o.lowers[0].stat().st_mode) for o in overlays}
    return Image(
        name=name,
        overlays=shared.with_programs(overlays, built, base, libraries),
        binds=tuple(Bind(f"/{top}", root / top) for top in files),
        directories=(*own, *modes.items()),
        links=tuple((f"/{top}", str((root / top).readlink())) for top in links),
        description=description,
        notes=tuple(notes),
    )


def _check(name: str, root: Path, cache: Path) -> list[str]:
    if not (root / "etc").is_dir() or not (root / "usr").is_dir():
        raise ImageError(
            f"{name} is not a root file system: it has no /etc or no /usr; give a directory such as "
            "debootstrap makes, or a tarball such as `docker export` writes."
        )
    if cache.resolve().is_relative_to(root.resolve()):
        raise ImageError(
            f"The cache directory {cache} lies in the image {root}; set XDG_CACHE_HOME to a "
            "directory elsewhere."
        )
    for command, purpose in _REQUIRED.items():
        if not _has(root, command):
            raise ImageError(
                f"The image {name} has no /bin/{command}, which {purpose}; install {command} in it."
            )
    return [
        f"it has no {command}: {purpose}; install {command} in the image"
        for command, purpose in _WANTED.items()
        if not _has(root, command)
    ]


def _has(root: Path, command: str) -> bool:
    return any(
        confined.on_host(root, f"{directory}/{command}").is_file()
        for directory in ("/bin", "/usr/bin")
    )


def _accounts(root: Path) -> accounts.Accounts:
    names = ("passwd", "group", "shadow", "gshadow")
    return accounts.of_image(*(confined.read(root, f"/etc/{name}") for name in names))


def _python(root: Path, layer: Layer, notes: list[str]) -> Path | None:
    """Add the running Python where the image has none for the sample service."""
    if interpreter.own_python(root) is not None:
        return None
    base = interpreter.prefix()
    if base is not None and interpreter.runs_in(root, base):
        interpreter.add(layer, base)
        return base
    why = (
        "the one that runs this program belongs to this computer's system"
        if base is None
        else f"the one in {base} needs a newer C library"
    )
    names = " or ".join(dict.fromkeys((interpreter.DEPLOYED, interpreter.NAME)))
    notes.append(
        f"it has no {names}, which the sample service needs, and {why}; install one in "
        "the image, or set up this project with uv's own (uv venv --managed-python)"
    )
    return None
