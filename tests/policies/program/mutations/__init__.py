"""Changes to the good program, one of which the stack's configuration may choose."""

from . import balancing, data, delivery, fleet, instances
from .registry import MUTATIONS

__all__ = ["MUTATIONS", "balancing", "data", "delivery", "fleet", "instances"]
