"""Whether a stack claims to be highly available, decided from its resources.

The name of the stack does not matter: a stack named `production` may be either.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import Any

from guardrails import tokens
from guardrails.model import Parameters
from guardrails.resources import Stack


class Topology(Enum):
    """The two architectures, named as in the stack's own configuration."""

    HIGHLY_AVAILABLE = "ha"
    SINGLE = "single"

    @property
    def described(self) -> str:
        """What a stack of this kind is checked for."""
        return "high availability" if self is Topology.HIGHLY_AVAILABLE else "security only"


PARAMETERS: Parameters = MappingProxyType(
    {
        "topology": {
            "type": "string",
            "enum": [member.value for member in Topology],
            "description": (
                "Topology of a stack without a haproof component; by default a stack with an "
                "Auto Scaling group or a load balancer counts as highly available."
            ),
        }
    }
)


def resolve_topology(stack: Stack, configured: Any = None) -> tuple[Topology, str]:
    """Resolve the topology, and the reason for it as a clause ("because …").

    The stack's top component decides first, since it is what the stack claims to be; then the
    policy's `topology` parameter; then the presence of an Auto Scaling group or load balancer.
    """
    types = {resource.type for resource in stack.resources}
    if tokens.HIGHLY_AVAILABLE_SERVICE in types:
        return Topology.HIGHLY_AVAILABLE, f"it contains a {tokens.HIGHLY_AVAILABLE_SERVICE}"
    if tokens.SINGLE_INSTANCE_SERVICE in types:
        return Topology.SINGLE, f"it contains a {tokens.SINGLE_INSTANCE_SERVICE}"
    if configured is not None:
        return Topology(configured), f'the policy configuration says topology "{configured}"'
    if types & {*tokens.AUTO_SCALING_GROUP, *tokens.LOAD_BALANCER}:
        return Topology.HIGHLY_AVAILABLE, "it contains an Auto Scaling group or a load balancer"
    return Topology.SINGLE, "it contains neither an Auto Scaling group nor a load balancer"
