"""EC2 instances of the local region: containers with the limits of their instance type.

`MachinePool` launches `Machine`s from `MachineSpec`s; `sweep` removes what a killed region left.
"""

from __future__ import annotations

from region.machines.codedeploy_agent.agent import CodeDeployAgent
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.errors import (
    BootError,
    LimitsUnavailable,
    MachineError,
    RegionInUse,
    UnknownMachine,
)
from region.machines.instance_types import INSTANCE_TYPES, InstanceType
from region.machines.machine import Machine, MachineState
from region.machines.machine_pool import MachinePool, sweep
from region.machines.machine_usage import MachineUsage
from region.machines.spec import MachineSpec

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
    "MachinePool",
    "MachineSpec",
    "MachineState",
    "MachineUsage",
    "RegionInUse",
    "UnknownMachine",
    "sweep",
]
