from __future__ import annotations

import pytest

from region.machines.errors import ServiceError, UnitError

SLEEP = "ExecStart=/bin/sleep 60"
FAILS = "Type=oneshot\nExecStart=/bin/false"


@pytest.fixture
def order(processes):
    """Returns the names of the services in the order of their starts."""
    return lambda: [command.group.removeprefix("services/") for command in processes.commands]


def test_what_a_unit_requires_and_wants_starts_with_it_in_order(manager, add_unit, order):
    add_unit(
        "web", SLEEP, "Requires=db.service\nWants=cache.service absent.service\nAfter=cache.service"
    )
    add_unit("db", SLEEP)
    add_unit("cache", SLEEP, "After=db.service")
    manager.start("web.service")
    assert order() == ["db.service", "cache.service", "web.service"]


def test_a_required_unit_that_fails_fails_what_comes_after_it(manager, add_unit):
    add_unit("db", FAILS)
    add_unit("web", SLEEP, "Requires=db.service\nAfter=db.service")
    with pytest.raises(
        ServiceError, match=r"web\.service was not started: it requires db\.service"
    ):
        manager.start("web.service")
    assert manager.state("web.service") == "inactive"
    # Without an order, and for what is only wanted, systemd does not wait for it.
    add_unit("web", SLEEP, "Wants=db.service\nAfter=db.service")
    manager.start("web.service")
    assert manager.state("web.service") == "active"


def test_a_required_unit_must_exist_and_be_a_service(manager, add_unit):
    add_unit("web", SLEEP, "Requires=absent.service")
    with pytest.raises(UnitError, match=r"absent\.service not found"):
        manager.start("web.service")
    add_unit("web", SLEEP, "Requires=web.socket")
    with pytest.raises(UnitError, match=r"requires web\.socket.*services only"):
        manager.start("web.service")
    add_unit("web", SLEEP, "Requires=network-online.target codedeploy-agent.service\nWants=x.timer")
    manager.start("web.service")
    assert manager.state("web.service") == "active"


def test_conflicts_stop_the_other_unit(manager, add_unit):
    add_unit("blue", SLEEP)
    add_unit("green", SLEEP, "Conflicts=blue.service")
    manager.start("blue.service")
    manager.start("green.service")
    assert manager.state("blue.service") == "inactive"


def test_dependents_stop_and_restart_with_what_they_require(manager, add_unit):
    add_unit("db", SLEEP)
    add_unit("web", SLEEP, "Requires=db.service\nAfter=db.service")
    add_unit("side", SLEEP, "PartOf=web.service")
    manager.start("web.service")
    manager.start("side.service")
    before = {name: manager.service(f"{name}.service").main_pid for name in ("db", "web", "side")}
    manager.restart("db.service")
    after = {name: manager.service(f"{name}.service").main_pid for name in ("db", "web", "side")}
    assert all(after[name] and after[name] != before[name] for name in before)
    manager.stop("db.service")
    assert {manager.state(f"{name}.service") for name in before} == {"inactive"}


def test_a_circle_of_orders_is_reported_and_broken(manager, add_unit, console):
    add_unit("a", SLEEP, "Wants=b.service\nAfter=b.service")
    add_unit("b", SLEEP, "After=a.service")
    manager.start("a.service")
    assert manager.state("b.service") == "active"
    assert any("form a circle" in line for line in console)


def test_boot_order_and_failures_of_some(manager, add_unit, files, order):
    add_unit("web", SLEEP, "After=zoo.service")
    add_unit("zoo", SLEEP)
    add_unit("bad", FAILS)
    for name in ("web", "zoo", "bad"):
        manager.installation.enable(f"{name}.service")
    with pytest.raises(ServiceError, match=r"bad\.service failed"):
        manager.start_enabled()
    assert order().index("zoo.service") < order().index("web.service")
    assert manager.state("web.service") == "active"


def test_conditions(manager, add_unit, files, console):
    name = add_unit("web", SLEEP, "ConditionPathExists=/etc/app.conf")
    manager.start(name)
    assert manager.state(name) == "inactive"
    assert any("/etc/app.conf does not hold" in line for line in console)
    files.write("/etc/app.conf", "")
    manager.start(name)
    assert manager.state(name) == "active"
    add_unit("must", SLEEP, "AssertPathExists=!/etc/app.conf")
    with pytest.raises(ServiceError, match=r"AssertPathExists=!/etc/app\.conf"):
        manager.start("must.service")
