"""The stack's monthly cost: count what is registered, price it, log the total.

The only module of the estimate that depends on Pulumi.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pulumi
from botocore.exceptions import BotoCoreError, ClientError

from components.base import Component
from components.config.settings import Settings
from components.cost import price_list
from components.cost.estimate import Estimate, Quantities, estimate, items, on_use
from components.cost.price_table import PriceTable, load_table
from components.database import STORAGE_GIBIBYTES
from components.instance_spec import ROOT_GIBIBYTES

ALARMS_PER_TARGET_TRACKING = 2
"""Target tracking creates a high and a low alarm (Auto Scaling user guide, "Target tracking scaling
policies")."""


def monthly_cost(
    service: Component, settings: Settings, region: str, zones: Iterable[str]
) -> dict[str, Any]:
    """Return the itemised estimate for everything below `service`; call it after the last registration.

    Logs the total in one line, as a warning if a price in it is doubtful.
    """
    quantities = quantities_of(
        Counter(resource.pulumi_resource_type for resource in service.descendants()),
        settings,
        zone_count=len(list(zones)),
    )
    result = estimate(quantities, region, _table(quantities, settings, region))
    _log(result)
    return result.output()


def quantities_of(counts: Counter[str], settings: Settings, zone_count: int) -> Quantities:
    """Convert counts of resource types into billed quantities. Pure.

    Alarms, keys, NAT gateways and their addresses are counted, not derived from settings, so that the
    estimate follows the program.
    """
    instances = settings.instance_count
    balancers = counts["aws:lb/loadBalancer:LoadBalancer"]
    gateways = counts["aws:ec2/natGateway:NatGateway"]
    # Behind NAT gateways the instances of a group have private addresses only; a single instance
    # always has a public one.
    public = 0 if gateways and balancers else instances
    tracking = counts["aws:autoscaling/policy:Policy"]
    return Quantities(
        instance_type=settings.instance_type,
        instances=instances,
        volume_gib=ROOT_GIBIBYTES,
        public_addresses=public + balancers * zone_count + counts["aws:ec2/eip:Eip"],
        load_balancers=balancers,
        nat_gateways=gateways,
        database_class=settings.database_class,
        database_multi_az=settings.database_multi_az,
        database_gib=STORAGE_GIBIBYTES,
        # RDS keeps the master password in a secret.
        secrets=counts["aws:rds/instance:Instance"],
        alarms=counts["aws:cloudwatch/metricAlarm:MetricAlarm"]
        + tracking * ALARMS_PER_TARGET_TRACKING,
        encryption_keys=counts["aws:kms/key:Key"],
        unlimited_credits=settings.cpu_credits == "unlimited",
    )


def _table(quantities: Quantities, settings: Settings, region: str) -> PriceTable | None:
    table = load_table(region)
    if table is None or settings.price_source == "table":
        return table
    keys = [item.key for item in (*items(quantities), *on_use(quantities))]
    today = datetime.now(UTC).date()
    try:
        client = price_list.connect(pulumi.Config("aws").get("profile"))
        return table.with_prices(price_list.fetch(keys, region, client, today), today)
    except (price_list.PriceListError, BotoCoreError, ClientError) as error:
        pulumi.log.warn(
            f"Cannot read AWS's Price List ({error}); the estimate uses the table of "
            f"{table.compiled.isoformat()} instead. Allow pricing:GetProducts, or set "
            "haproof:priceSource to table."
        )
        return table


def _log(result: Estimate) -> None:
    if result.doubtful or result.total is None:
        pulumi.log.warn(result.summary())
    else:
        pulumi.log.info(result.summary())
