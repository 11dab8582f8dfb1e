"""What breaks the rule about prices of Spot Instances."""

from __future__ import annotations

from tests.policies.mutations.container_start import hosted
from tests.policies.mutations.registry import KEEPS, breaks, decides

PRICE = "mixedInstancesPolicy.instancesDistribution.spotMaxPrice"


def offered(stack, price="0.08"):
    """Add hosts of which a half is on Spot, for a price."""
    hosted(stack)
    shares = {
        "onDemandBaseCapacity": 2,
        "onDemandPercentageAboveBaseCapacity": 50,
        "spotAllocationStrategy": "price-capacity-optimized",
        "spotMaxPrice": price,
    }
    stack.set("hosts", "mixedInstancesPolicy.instancesDistribution", shares)
    stack.set("hosts", "capacityRebalance", True)


@breaks("asg-spot-price")
def price_of_cents(stack):
    offered(stack, "0.0008")


decides("asg-spot-price", "hosts", PRICE, absent=KEEPS, unknown=KEEPS, given=offered)
