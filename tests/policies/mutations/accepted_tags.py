"""What AWS refuses about tags."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides


@breaks("tags-accepted")
def tag_that_amazon_keeps_for_itself(stack):
    stack.set("vpc", "tags", {"aws:team": "shop"})


decides("tags-accepted", "vpc", "tags", absent=KEEPS, unknown=KEEPS)
