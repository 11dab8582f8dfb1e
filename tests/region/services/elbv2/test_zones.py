"""Which zones' nodes clients connect to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from region.services.elbv2.haproxy.model import (
    Health,
    HealthCheck,
    LoadBalancer,
    Minimum,
    Node,
    TargetGroup,
    TargetStatus,
)
from region.services.elbv2.zones import Followed, named

ZONES = ("a", "b", "c")


def balancer(minimum: Minimum | None = None) -> LoadBalancer:
    group = TargetGroup("tg", HealthCheck(), dns=minimum or Minimum())
    nodes = tuple(Node(zone) for zone in ZONES)
    return LoadBalancer("lb", "127.20.0.4", (), (group,), nodes=nodes)


def target(name: str, healthy: str, checked: str = "abc") -> TargetStatus:
    state = Health.HEALTHY if healthy else Health.UNHEALTHY
    return TargetStatus(name, state, healthy_in=frozenset(healthy), checked_in=frozenset(checked))


def report(*targets: TargetStatus) -> dict[str, dict[str, TargetStatus]]:
    return {"tg": {item.id: item for item in targets}}


def test_a_zone_whose_node_sees_no_healthy_target_leaves_the_name():
    found = report(target("1", "bc"), target("2", "bc"))
    assert named(balancer(), found, ()) == ["b", "c"]


def test_if_no_zone_is_healthy_all_stay():
    assert named(balancer(), report(target("1", "")), ()) == list(ZONES)


def test_a_group_without_targets_does_not_count():
    assert named(balancer(), {"tg": {}}, ()) == list(ZONES)


def test_a_shift_goes_before_health():
    found = report(target("1", "a", "a"), target("2", "", "b"), target("3", "", "c"))
    assert named(balancer(), found, {"a"}) == ["b", "c"]


def test_percentages():
    found = report(target("1", "abc"), target("2", "bc"), target("3", "bc"))
    assert named(balancer(Minimum(1, 60)), found, ()) == ["b", "c"]


def test_clients_follow_after_a_while():
    followed = Followed(list(ZONES))
    followed.follow(ZONES, ["b", "c"], 10.0, 6.0)
    followed.follow(ZONES, ["b", "c"], 15.0, 6.0)
    assert followed.active == list(ZONES)
    followed.follow(ZONES, ["b", "c"], 16.0, 6.0)
    assert followed.active == ["b", "c"]
    followed.follow(ZONES, ZONES, 17.0, 6.0)
    assert followed.active == ["b", "c"]
    followed.follow(ZONES, ZONES, 23.0, 6.0)
    assert followed.active == list(ZONES)


def test_a_change_that_is_taken_back_in_time_is_never_seen():
    followed = Followed(list(ZONES))
    for now, wanted in enumerate((["b"], ZONES, ["b"], ZONES, ["b"])):
        followed.follow(ZONES, wanted, float(now), 2.0)
    assert followed.active == list(ZONES)


@given(st.lists(st.sets(st.sampled_from(ZONES), min_size=1), min_size=1, max_size=20))
def test_there_is_always_a_node_to_connect_to(history):
    followed = Followed(list(ZONES))
    for now, wanted in enumerate(history):
        followed.follow(ZONES, wanted, float(now), 2.0)
        assert followed.active
        assert set(followed.active) <= set(ZONES)
