"""The quantities of both stacks without alarms and keys, for hand calculations."""

from __future__ import annotations

from components.cost.estimate import Quantities, estimate
from components.cost.price_table import load_table

SINGLE = Quantities(
    instance_type="t4g.nano",
    instances=1,
    volume_gib=8,
    public_addresses=1,
    database_class="db.t4g.micro",
    database_multi_az=False,
    database_gib=20,
    secrets=1,
    alarms=0,
)


HA = Quantities(
    instance_type="t4g.nano",
    instances=6,
    volume_gib=8,
    public_addresses=9,
    load_balancers=1,
    database_class="db.t4g.micro",
    database_multi_az=False,
    database_gib=20,
    secrets=1,
    alarms=2,
)


def changed(quantities, **changes):
    return Quantities(**{**vars(quantities), **changes})


def priced(quantities, region="us-east-1"):
    return estimate(quantities, region, load_table(region))
