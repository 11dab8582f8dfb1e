"""What a machine's root directory is on: its root volume, or the computer's disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from region.machines.errors import DiskError
from region.machines.root_directory import ROOT
from region.machines.spec import MachineSpec
from region.machines.volumes import GIBIBYTE, RootVolume, require_space

Result = TypeVar("Result")


def on_disk(
    spec: MachineSpec, directory: Path, work: Callable[[Path], Result], *, volumes: bool
) -> Result:
    """Call `work` with the directory that the machine's disk is, whose own directory is `directory`.

    With `volumes` that is a root volume, which only `work` and what it starts see there. A machine whose
    disk was made without one goes on as it is.

    Raises:
        DiskError: The computer has no room, or the volume cannot be mounted. Errors of `work` come
            through.
    """
    require_space(directory)
    volume = RootVolume(directory, spec.volume_gibibytes * GIBIBYTE)
    if not volumes and volume.file.exists():
        raise DiskError(
            f"The disk of {spec.instance_id} is {volume.file}, which cannot be mounted any more: "
            "terminate the instance, or see `make doctor`."
        )
    if not volumes or (directory / "overlay").exists():
        return work(directory)
    # `runc exec` starts in the directory of this name that it sees itself.
    (volume.point / ROOT).mkdir(parents=True, exist_ok=True)
    return volume.mounted(work)
