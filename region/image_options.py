"""The option --image: which root file system the instances of a region have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commandline import files
from region import rootless
from region.config import DEFAULT_IMAGE, RegionConfig, RegionConfigError
from toolchain import paths

if TYPE_CHECKING:
    from region.machines.images import Images

_OF_ONE_AMI = re.compile(r"(ami-[^=]*)=(.*)", re.DOTALL)
_AMI = re.compile(r"ami-[A-Za-z0-9-]+")
_RECORD = "images.json"
_NAMED = frozenset({"host", "al2023"})

Option = Annotated[
    list[str] | None,
    typer.Option(
        "--image",
        help="Root file system of the instances: host, al2023, a directory or a tarball; prefix it with "
        "`ami-…=` for one AMI; may be repeated.",
        show_default="al2023 if it has been fetched, else host",
    ),
]


@dataclass(frozen=True)
class ImageChoice:
    """What the options say: one image for every AMI, and those of single AMI ids."""

    image: str = DEFAULT_IMAGE
    by_ami: Mapping[str, str] = field(default_factory=dict[str, str])

    def values(self) -> list[str]:
        """Return the values of these options."""
        return [self.image, *(f"{ami}={image}" for ami, image in self.by_ami.items())]

    def arguments(self) -> list[str]:
        """Return the options that say the same, wherever they are given."""
        return [word for value in self.values() for word in ("--image", value)]


def chosen(root: Path, values: Sequence[str] | None) -> ImageChoice:
    """Return what the options say, or without any, what the last region in `root` had.

    Raises:
        RegionConfigError: If one is given twice, or names no image.
    """
    return parse(values or remembered(root))


def remember(root: Path, choice: ImageChoice) -> None:
    """Keep the choice for the next region in `root`: its instances have changed these images."""
    root.mkdir(parents=True, exist_ok=True)
    part = root / f"{_RECORD}.part"
    part.write_text(json.dumps(choice.values()), encoding="utf-8")
    part.replace(root / _RECORD)


def remembered(root: Path) -> list[str]:
    """Return the values of the choice that the last region in `root` was started with; none without one."""
    try:
        return [str(value) for value in files.parse_json(files.read_text(root / _RECORD))]
    except (OSError, ValueError, TypeError):
        return []


def parse(values: Sequence[str] | None) -> ImageChoice:
    """Read the values of the option; paths become absolute.

    Raises:
        RegionConfigError: If one is given twice, or names no image.
    """
    images: list[str] = []
    by_ami: dict[str, str] = {}
    for value in values or ():
        single = _OF_ONE_AMI.fullmatch(value)
        if single is None:
            images.append(_image(value, value))
            continue
        ami = single[1]
        if not _AMI.fullmatch(ami):
            raise RegionConfigError(
                f"--image {value!r}: {ami!r} is not an AMI id; write it as in ami-0123456789abcdef0=PATH."
            )
        if ami in by_ami:
            raise RegionConfigError(f"--image {value!r}: {ami} has an image already; give it one.")
        by_ami[ami] = _image(single[2], value)
    if len(images) > 1:
        raise RegionConfigError(
            f"--image is given for every AMI as {' and '.join(map(repr, images))}; give one, and others "
            "for single AMIs as ami-…=PATH."
        )
    return ImageChoice(images[0] if images else _default(), by_ami)


def _default() -> str:
    # Imported here: most commands need no machine.
    from region.machines import images  # noqa: PLC0415

    return images.default_setting()


def _image(name: str, value: str) -> str:
    if name in _NAMED:
        return name
    path = Path(name).expanduser()
    if not name or not path.exists():
        raise RegionConfigError(
            f"--image {value!r}: there is no image {name!r}; use host, al2023, or the path of a "
            "directory or tarball with a root file system."
        )
    return str(path.resolve())


def prepare(config: RegionConfig) -> Images:
    """Prepare the images of a region; what is prepared already is used as it is.

    Raises:
        ImageError: If one cannot be prepared.
    """
    # Imported here: most commands need no machine.
    from region.machines import images  # noqa: PLC0415

    images.require_upper(config.root, "--root")
    hidden = (config.root, paths.ROOT)
    return images.prepare(config.image, dict(config.ami_images), hidden=hidden)


def announce(config: RegionConfig) -> list[str]:
    """Prepare the images before the region starts, and return lines that say which are used.

    Here a download can show its progress, which a process in the background cannot.

    Without root, a process in the region's kind of namespace does it: files of images belong to
    many users.

    Raises:
        ImageError: If one cannot be prepared.
        RootlessError: If there can be no such namespace.
    """
    if rootless.needed():
        choice = ImageChoice(config.image, dict(config.ami_images))
        words = ["prepare-images", "--root", str(config.root), *choice.arguments()]
        return rootless.output_of(words).splitlines()
    ready = prepare(config)
    named = {"instances": ready.default, **ready.by_ami}
    lines = [f"{name} use the image {i.name}: {i.description}" for name, i in named.items()]
    unique = {image.name: image for image in named.values()}
    return [*lines, *(f"{i.name}: {note}" for i in unique.values() for note in i.notes)]
