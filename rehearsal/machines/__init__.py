"""EC2 instances of the local region: real processes, limited as their instance type is.

`MachinePark` launches `Machine`s from `MachineSpec`s; `sweep` removes what a killed region left.
"""

from rehearsal.machines.agent import CodeDeployAgent
from rehearsal.machines.deployment import AgentDeployment, EventResult
from rehearsal.machines.errors import (
    BootError,
    LimitsUnavailable,
    MachineError,
    NamespaceUnavailable,
    RegionInUse,
    UnknownMachine,
)
from rehearsal.machines.instance_types import INSTANCE_TYPES, InstanceType
from rehearsal.machines.machine import Machine, MachineState, MachineUsage
from rehearsal.machines.park import MachinePark, sweep
from rehearsal.machines.spec import MachineSpec

__all__ = [
    "INSTANCE_TYPES",
    "AgentDeployment",
    "BootError",
    "CodeDeployAgent",
    "EventResult",
    "InstanceType",
    "LimitsUnavailable",
    "Machine",
    "MachineError",
    "MachinePark",
    "MachineSpec",
    "MachineState",
    "MachineUsage",
    "NamespaceUnavailable",
    "RegionInUse",
    "UnknownMachine",
    "sweep",
]
