from __future__ import annotations

import re
from typing import Any

import pytest

from region.provider import lifecycle
from region.provider.autoname import Naming, choose, extend
from region.provider.lifecycle import Autonaming, CheckTask
from region.provider.operation import Operation
from region.provider.resources import all_handlers
from region.provider.values import UNKNOWN, Properties

ROLE = all_handlers()["aws:iam/role:Role"]
BALANCER = all_handlers()["aws:lb/loadBalancer:LoadBalancer"]


class NoPlace:
    region = "ap-northeast-2"


def check(handler: Any, news: Properties, olds: Properties | None = None, **task: Any) -> Any:
    request = CheckTask(
        **{"logical_name": "web", "seed": b"", **task, "news": news, "olds": olds or {}}
    )
    return lifecycle.check(handler, Operation(NoPlace()), request)


def named(news: Properties, olds: Properties | None = None, **task: Any) -> Properties:
    inputs, failures = check(ROLE, {"assumeRolePolicy": "{}", **news}, olds, **task)
    assert not failures
    return inputs


def test_a_name_is_the_logical_name_and_seven_hex_digits() -> None:
    inputs = named({})
    assert re.fullmatch(r"web-[0-9a-f]{7}", inputs["name"])
    assert "name" in inputs["__defaults"]


def test_the_engines_seed_repeats_a_name() -> None:
    assert named({}, seed=b"one") == named({}, seed=b"one")
    assert named({}, seed=b"one") != named({}, seed=b"two")
    assert named({}) != named({})


def test_a_name_stays_while_the_resource_lives() -> None:
    first = named({})
    assert named({"description": "x"}, first)["name"] == first["name"]


def test_a_name_that_the_program_took_back_is_not_kept() -> None:
    given = named({"name": "mine"})
    assert given["name"] == "mine"
    assert "name" not in given["__defaults"]
    assert named({}, given)["name"] != "mine"


def test_a_prefix_starts_the_name_and_a_changed_prefix_changes_it() -> None:
    first = named({"namePrefix": "p-"})
    assert re.fullmatch(r"p-[0-9a-f]{26}", first["name"])
    assert named({"namePrefix": "p-"}, first)["name"] == first["name"]
    assert named({"namePrefix": "q-"}, first)["name"].startswith("q-")
    assert named({"namePrefix": UNKNOWN})["name"] is UNKNOWN


def test_a_prefixed_name_fits_the_limit() -> None:
    assert len(extend(Naming(limit=32), "a-prefix-", b"x")) == 32


def test_a_name_longer_than_the_limit_is_refused_with_the_remedy() -> None:
    inputs = {"subnets": UNKNOWN}
    _, failures = check(BALANCER, inputs, logical_name="a-very-long-logical-name-x")
    assert failures[0].path == "name"
    assert "has 34 characters and AWS allows 1 to 32; shorten it" in failures[0].reason


@pytest.mark.parametrize("name", ["-web", "web-", "internal-web", "we_b"])
def test_a_load_balancers_name_is_what_elb_takes(name: str) -> None:
    _, failures = check(BALANCER, {"subnets": UNKNOWN, "name": name})
    assert "is not allowed" in failures[0].reason


def test_lower_case_where_the_service_wants_it() -> None:
    assert choose(Naming(lower=True), "WebBucket", b"x").startswith("webbucket-")


def test_the_engines_autonaming_is_followed() -> None:
    assert named({}, autonaming=Autonaming(proposed="exactly"))["name"] == "exactly"
    task = {"autonaming": Autonaming(disabled=True)}
    _, failures = check(ROLE, {"assumeRolePolicy": "{}"}, **task)
    assert failures[0].reason == "autonaming is disabled and 'name' is not set; set it"
