"""Machines that a killed region has left running, and what happens while they are taken over."""

from __future__ import annotations

from typing import Any, cast

import pytest

from region.machines import machine_pool
from region.machines.machine_pool import MachinePool
from region.machines.spec import MachineSpec

NEW_SPEED = 2.5


class LeftMachine:
    """A machine during whose takeover the cores get slower; `found` says whether there is one."""

    pool: MachinePool
    found: bool | Exception

    def __init__(self, spec: MachineSpec, context: Any) -> None:
        self.spec, self.factor = spec, context.cpu_factor

    def take_over(self) -> bool:
        self.pool.follow_speed(NEW_SPEED)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def follow_speed(self, factor: float) -> None:
        self.factor = factor


@pytest.fixture
def pool(tmp_path, monkeypatch) -> MachinePool:
    nothing = cast("Any", object())
    made = MachinePool(
        tmp_path, nothing, "ap-northeast-2", aws_endpoint="http://127.0.0.1:1", image=nothing
    )
    monkeypatch.setattr(made, "_limits", nothing)
    monkeypatch.setattr(LeftMachine, "pool", made, raising=False)
    monkeypatch.setattr(machine_pool, "Machine", LeftMachine)
    return made


@pytest.fixture
def spec() -> MachineSpec:
    return MachineSpec(
        instance_id="i-0123456789abcdef0",
        instance_type="t4g.nano",
        private_ip="10.0.0.9",
        subnet="10.0.0.0/24",
        region="ap-northeast-2",
        availability_zone="ap-northeast-2a",
        user_data=b"",
    )


def test_a_new_speed_of_the_cores_reaches_a_machine_that_is_being_taken_over(
    pool, spec, monkeypatch
):
    monkeypatch.setattr(LeftMachine, "found", True, raising=False)
    machine = pool.take_over(spec)
    assert machine.factor == NEW_SPEED
    assert pool.get(spec.instance_id) is machine


@pytest.mark.parametrize("found", [False, AttributeError("kept by another version")])
def test_a_machine_that_is_not_there_or_cannot_be_taken_over_is_not_known(
    pool, spec, found, monkeypatch
):
    monkeypatch.setattr(LeftMachine, "found", found, raising=False)
    if found:
        with pytest.raises(AttributeError):
            pool.take_over(spec)
    else:
        assert pool.take_over(spec) is None
    assert pool.machines() == []
