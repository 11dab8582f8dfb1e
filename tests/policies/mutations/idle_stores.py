"""What breaks the rules about the least that a data store has."""

from __future__ import annotations

from tests.policies.mutations.data_stores import sound_cluster, sound_table
from tests.policies.mutations.registry import ADVISORY, KEEPS, MANDATORY, breaks, decides


def serverless(stack, least=0.5):
    scaling = {"minCapacity": least, "maxCapacity": 8}
    instance = {"instanceClass": "db.serverless"}
    sound_cluster(stack, instance=instance, serverlessv2ScalingConfiguration=scaling)


@breaks("aurora-stays-awake", ADVISORY, production=MANDATORY)
def cluster_that_falls_asleep(stack):
    serverless(stack, least=0)


decides(
    "aurora-stays-awake",
    "aurora",
    "serverlessv2ScalingConfiguration.minCapacity",
    absent=KEEPS,
    unknown=KEEPS,
    given=serverless,
)


@breaks("table-capacity-scales", ADVISORY, production=MANDATORY)
def table_of_a_fixed_size(stack):
    sound_table(stack, billingMode="PROVISIONED", readCapacity=1, writeCapacity=1)


decides(
    "table-capacity-scales", "table", "readCapacity", absent=KEEPS, unknown=KEEPS, given=sound_table
)
