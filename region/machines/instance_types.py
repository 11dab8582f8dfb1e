"""EC2's instance types: the limits of a machine.

`instance_types.tsv` has their vCPUs, memory and architecture. Baselines of burstable types: "Key concepts
for burstable performance instances" (baseline utilization per vCPU) in the Amazon EC2 User Guide; a vCPU of
any other type is there all the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, cast

from region.machines.errors import MachineError

Architecture = Literal["arm64", "x86_64"]

_MIB: Final = 1024**2
_KERNEL_STACK_BYTES: Final = 16 * 1024
_TABLE: Final = Path(__file__).with_name("instance_types.tsv")

_BASELINES: Final = {
    "nano": 0.05,
    "micro": 0.10,
    "small": 0.20,
    "medium": 0.20,
    "large": 0.30,
    "xlarge": 0.40,
    "2xlarge": 0.40,
}
"""Share of each vCPU by size; equal in the families of the third generation and in t4g."""
_BURSTABLE: Final = {
    **dict.fromkeys(("t3", "t3a", "t4g"), _BASELINES),
    "t2": {**_BASELINES, "micro": 0.10, "xlarge": 0.225, "2xlarge": 0.17},
}


@dataclass(frozen=True)
class InstanceType:
    """One EC2 instance type.

    Attributes:
        baseline_cpu: Cores (CPU seconds per second) over all vCPUs: a t4g.nano has 2 vCPUs at
            5 %, so 0.10. It is what the type can sustain once its CPU credits are spent.
    """

    name: str
    vcpus: int
    baseline_cpu: float
    memory_bytes: int
    architecture: Architecture = "arm64"

    @property
    def max_processes(self) -> int:
        """How many processes and threads fit: Linux's own default for a computer of this memory.

        `set_max_threads` in kernel/fork.c: an eighth of the memory for kernel stacks of 16 KiB.
        """
        return self.memory_bytes // (8 * _KERNEL_STACK_BYTES)


def _read() -> Iterator[InstanceType]:
    for line in _TABLE.read_text().splitlines():
        if not line.startswith("#"):
            name, vcpus, mebibytes, architecture = line.split("\t")
            family, _, size = name.partition(".")
            share = _BURSTABLE.get(family, {}).get(size, 1.0)
            yield InstanceType(
                name=name,
                vcpus=int(vcpus),
                baseline_cpu=round(int(vcpus) * share, 4),
                memory_bytes=int(mebibytes) * _MIB,
                architecture=cast("Architecture", architecture),
            )


INSTANCE_TYPES: Final[dict[str, InstanceType]] = {found.name: found for found in _read()}


def instance_type(name: str) -> InstanceType:
    """Return the type called `name`.

    Raises:
        MachineError: If it is unknown; the message names similar ones.
    """
    try:
        return INSTANCE_TYPES[name]
    except KeyError:
        near = ", ".join(get_close_matches(name, INSTANCE_TYPES, 3)) or "t4g.nano"
        raise MachineError(
            f"Instance type {name!r} is unknown to the local region; use one such as {near}."
        ) from None
