"""EC2 burstable instance types: the limits of a machine.

Source: "Key concepts for burstable performance instances" (baseline utilization per vCPU) and
"Amazon EC2 instance types" (vCPU, memory) in the Amazon EC2 User Guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from region.machines.errors import MachineError

_GIB: Final = 1024**3
_KERNEL_STACK_BYTES: Final = 16 * 1024

# size -> (vCPUs, baseline utilization per vCPU, memory in GiB); equal in all families of the
# third generation and in t4g.
_SIZES: Final = {
    "nano": (2, 0.05, 0.5),
    "micro": (2, 0.10, 1.0),
    "small": (2, 0.20, 2.0),
    "medium": (2, 0.20, 4.0),
    "large": (2, 0.30, 8.0),
    "xlarge": (4, 0.40, 16.0),
    "2xlarge": (8, 0.40, 32.0),
}
_FAMILIES: Final = ("t4g", "t3", "t3a")


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

    @property
    def max_processes(self) -> int:
        """How many processes and threads fit: Linux's own default for a computer of this memory.

        `set_max_threads` in kernel/fork.c: an eighth of the memory for kernel stacks of 16 KiB.
        """
        return self.memory_bytes // (8 * _KERNEL_STACK_BYTES)


INSTANCE_TYPES: Final[dict[str, InstanceType]] = {
    f"{family}.{size}": InstanceType(
        name=f"{family}.{size}",
        vcpus=vcpus,
        baseline_cpu=round(vcpus * share, 4),
        memory_bytes=int(memory_gib * _GIB),
    )
    for family in _FAMILIES
    for size, (vcpus, share, memory_gib) in _SIZES.items()
}


def instance_type(name: str) -> InstanceType:
    """Return the type called `name`.

    Raises:
        MachineError: If it is unknown; the message lists the known ones.
    """
    try:
        return INSTANCE_TYPES[name]
    except KeyError:
        raise MachineError(
            f"Instance type {name!r} is unknown to the local region; "
            f"use one of {', '.join(INSTANCE_TYPES)}."
        ) from None
