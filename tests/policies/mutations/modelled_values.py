"""What the models of AWS's APIs rule out."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides


@breaks("values-accepted")
def alarm_in_a_unit_of_nobodys(stack):
    stack.set("alarm", "unit", "hits")


decides("values-accepted", "alarm", "unit", absent=KEEPS, unknown=KEEPS)
