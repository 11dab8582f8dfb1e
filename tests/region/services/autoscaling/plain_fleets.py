"""Groups as plain values, for tests of what is decided about them."""

from __future__ import annotations

from hypothesis import strategies as st

from region.services.autoscaling.termination_policies import Member, Placement

PLACEMENTS = (Placement("subnet-a", "a"), Placement("subnet-b", "b"), Placement("subnet-c", "c"))
NOW = 1_000_000.0

members_strategy = st.lists(
    st.builds(
        Member,
        instance_id=st.uuids().map(str),
        placement=st.sampled_from(PLACEMENTS),
        in_service=st.booleans(),
        healthy=st.booleans(),
        urgent=st.booleans(),
        ready=st.booleans(),
        protected=st.booleans(),
        template_version=st.integers(1, 3),
        launched_at=st.floats(NOW - 10_000, NOW),
        beyond_desired=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda member: member.instance_id,
)


def fleet(**counts: int) -> list[Member]:
    """Return a group with so many members in each zone; the later ones are older."""
    placements = {placement.zone: placement for placement in PLACEMENTS}
    return [
        Member(f"i-{zone}{number}", placements[zone], launched_at=NOW - 100 * number)
        for zone, count in counts.items()
        for number in range(count)
    ]
