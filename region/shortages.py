"""Capacity that the region's EC2 does not have, as `python -m region shortages` sets it.

A file in the region's directory holds it: a region that runs reads it within a second, one that starts
finds it there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from commandline import files
from commandline.errors import UserError
from region import private
from region.options import DEFAULT_ROOT, Root

FILE: Final = "capacity.json"
ANY: Final = "*"

app = typer.Typer()


class CapacityError(UserError, ValueError):
    """A shortage that cannot be understood; the message says how to write one."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """Launches that EC2 has no capacity for.

    Attributes:
        zone: The name of an Availability Zone, `*` for all.
        instance_type: An instance type, `*` for all.
        group: Only launches of this Auto Scaling group; empty for all launches.
        percentage: How many of these launches fail.
    """

    zone: str = ANY
    instance_type: str = ANY
    group: str = ""
    percentage: int = 100

    def __str__(self) -> str:
        """Write it as the command line reads it."""
        return f"{self.instance_type}@{self.zone}"

    def concerns(self, instance_type: str, zone: str) -> bool:
        """Return whether a launch of a type in a zone is one of these."""
        return self.zone in {ANY, zone} and self.instance_type in {ANY, instance_type}


def parse(text: str) -> Shortage:
    """Read `t4g.nano@ap-northeast-2a`, `*@ap-northeast-2a` or `t4g.nano`.

    Raises:
        CapacityError: It is none of these.
        MachineError: There is no such instance type.
    """
    instance_type, separator, zone = text.partition("@")
    if not instance_type or (separator and not zone):
        message = (
            f"{text!r} is not TYPE@ZONE: write t4g.nano@ap-northeast-2a, or '*' for all types."
        )
        raise CapacityError(message)
    if instance_type != ANY:
        # Imported here: the table of types takes a time that the reading region need not wait for.
        from region.machines.instance_types import instance_type as known  # noqa: PLC0415

        known(instance_type)
    return Shortage(zone or ANY, instance_type)


def read(root: Path) -> list[Shortage]:
    """Read the shortages of a region.

    Raises:
        CapacityError: The file cannot be understood.
    """
    path = root / FILE
    if not path.exists():
        return []
    try:
        return [Shortage(**entry) for entry in files.parse_json(files.read_text(path))]
    except (ValueError, TypeError) as error:
        raise CapacityError(f"{path} cannot be understood ({error}): remove it.") from error


def write(root: Path, shortages: Iterable[Shortage]) -> None:
    """Write the shortages of a region."""
    private.root(root)
    content = json.dumps([asdict(shortage) for shortage in shortages], indent=2)
    private.write(root / FILE, content + "\n")


@app.command("shortages")
def change(
    root: Root = DEFAULT_ROOT,
    deny: Annotated[
        list[str] | None,
        typer.Option(metavar="TYPE@ZONE", help="Launch no more of this type in this zone."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="TYPE@ZONE", help="Launch what was denied again; '*' for all of it."),
    ] = None,
) -> None:
    """Make EC2 run out of an instance type in a zone, or restock it, and list the shortages.

    Launches fail with InsufficientInstanceCapacity; what runs goes on running. '*' stands for all
    types.

    Example: `python -m rehearsal shortages --deny t4g.nano@ap-northeast-2a`
    """
    root = root.resolve()
    if both := set(deny or ()) & set(allow or ()):
        raise CapacityError(f"{min(both)} stands behind --deny and --allow: remove one of them.")
    known = dict.fromkeys(read(root))
    for shortage in map(parse, deny or []):
        known[shortage] = None
    for text in allow or []:
        ended = list(known) if text == ANY else [parse(text)]
        for shortage in ended:
            if shortage not in known:
                raise CapacityError(f"{shortage} is not denied; denied: {_list(known)}.")
            del known[shortage]
    if deny or allow:
        write(root, known)
    print("EC2 has no capacity for:", _list(known))


def _list(shortages: Iterable[Shortage]) -> str:
    return ", ".join(str(shortage) for shortage in shortages) or "nothing, it has all"
