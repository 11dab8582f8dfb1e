"""The table of EC2's instance types, from moto's copy of DescribeInstanceTypes."""

from __future__ import annotations

from typing import Any

import moto
from moto.utilities.utils import load_resource

_ARCHITECTURES = ("arm64", "x86_64")


def render() -> str:
    """Return the table: types of processors that a computer without macOS has, by name."""
    types: dict[str, dict[str, Any]] = load_resource("ec2/resources/instance_types.json")
    rows = [row for name in sorted(types) if (row := _row(name, types[name])) is not None]
    head = (
        f"# EC2's DescribeInstanceTypes, as moto {moto.__version__} has it. "
        "Written by `python -m docgen --write instance-types`.\n"
        "# name\tvCPUs\tmemory in MiB\tarchitecture\n"
    )
    return head + "".join(f"{row}\n" for row in rows)


def _row(name: str, found: dict[str, Any]) -> str | None:
    supported = found["ProcessorInfo"]["SupportedArchitectures"]
    architecture = next((one for one in _ARCHITECTURES if one in supported), None)
    if architecture is None:
        return None
    vcpus, memory = found["VCpuInfo"]["DefaultVCpus"], found["MemoryInfo"]["SizeInMiB"]
    return f"{name}\t{vcpus}\t{memory}\t{architecture}"
