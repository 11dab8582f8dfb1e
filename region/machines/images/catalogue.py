"""Which image a setting and an AMI id stand for."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from region.machines.images import amazon_linux, foreign
from region.machines.images import cache as caching
from region.machines.images.amazon_linux import al2023
from region.machines.images.errors import ImageError
from region.machines.images.file_systems import require_upper
from region.machines.images.host import host
from region.machines.images.image import Image
from region.machines.images.unpack import unpack
from toolchain import progress

HOST: Final = "host"
AL2023: Final = "al2023"


@dataclass(frozen=True)
class Images:
    """The images of one region: one for every AMI, and those of single AMIs."""

    default: Image
    by_ami: Mapping[str, Image]

    def for_ami(self, ami_id: str) -> Image:
        """Return the image that an instance of this AMI is launched from."""
        return self.by_ami.get(ami_id, self.default)


def prepare(
    setting: str, by_ami: Mapping[str, str], cache: Path | None = None, hidden: Iterable[Path] = ()
) -> Images:
    """Prepare every image of a region; each is prepared once.

    Args:
        setting: What AMIs stand for: "host", "al2023", a directory or a tarball.
        by_ami: The same for single AMI ids.
        cache: Where prepared images are kept; None for the user's cache directory.
        hidden: Directories of the host that no instance sees, such as the region's own.

    Raises:
        ImageError: If one cannot be prepared.
    """
    where = cache or caching.default()
    require_upper(where, "XDG_CACHE_HOME")
    unseen = tuple(hidden)
    ready = {name: resolve(name, where, unseen) for name in {setting, *by_ami.values()}}
    return Images(ready[setting], {ami: ready[name] for ami, name in by_ami.items()})


def default_setting(cache: Path | None = None) -> str:
    """Return the setting where the user gives none: al2023 where it is there, else the host.

    An Amazon Linux that lacks what instances need, such as a Python for the sample service, does
    not become the default.
    """
    try:
        found = amazon_linux.fetched(cache or caching.default())
    except ImageError:
        return HOST
    return AL2023 if found is not None and not found.notes else HOST


def resolve(setting: str, cache: Path, hidden: Iterable[Path] = ()) -> Image:
    """Return the image that a setting names, prepared below `cache`.

    Preparing happens once: it is atomic, and two processes do not disturb each other.

    Raises:
        ImageError: If there is no such image, or it cannot be prepared.
    """
    if setting == HOST:
        return host(cache, (*hidden, cache))
    if setting == AL2023:
        return al2023(cache)
    path = Path(setting).expanduser()
    if path.is_dir():
        return foreign.of_directory(path.name, path.resolve(), cache, f"the directory {path}")
    if path.is_file():
        root = _unpacked(path, cache)
        name = re.sub(r"\.(tar|tgz)(\.\w+)?$", "", path.name)
        return foreign.of_directory(name, root, cache, f"the tarball {path}")
    raise ImageError(
        f"The image {setting!r} does not exist; use {HOST}, {AL2023}, or the path of a directory or "
        "tarball with a root file system."
    )


def _unpacked(path: Path, cache: Path) -> Path:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return caching.prepared(
        cache / "roots" / f"tarball-{digest}", cache, lambda root: _unpack(path, root)
    )


def _unpack(path: Path, root: Path) -> None:
    if not tarfile.is_tarfile(path):
        raise ImageError(
            f"The image {path} is not a tarball; give what `docker export` writes, plain or compressed."
        )
    with progress.step(f"unpack {path.name}"):
        unpack([path], root)
    if (root / "manifest.json").is_file() and not (root / "usr").exists():
        raise ImageError(
            f"The image {path} is the output of `docker save`, which is not a root file system; "
            "give that of `docker export`."
        )
