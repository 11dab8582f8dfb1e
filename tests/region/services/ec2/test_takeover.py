"""Instances whose machines a killed region has left running."""

from __future__ import annotations

from typing import Any

import pytest

from region.services.ec2.controller import InstancesController
from region.services.ec2.records import InstanceRecord


@pytest.fixture
def launch(aws, network):
    def run() -> str:
        found = aws.ec2.run_instances(
            ImageId=network.image, InstanceType="t4g.nano", MinCount=1, MaxCount=1,
            SubnetId=network.subnets[0],
        )  # fmt: skip
        return found["Instances"][0]["InstanceId"]

    return run


def state_of(aws: Any, instance: str) -> str:
    found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return found["State"]["Name"]


def running(plane, aws, pool, launch) -> str:
    """Have a region that ends without a word, and leaves an instance."""
    instance = launch()
    first = InstancesController(plane, pool)
    while state_of(aws, instance) != "running":
        first.reconcile()
    first.close()
    pool.launched.clear()
    pool.others_ended = 0
    return instance


def test_a_machine_that_runs_is_taken_over_and_not_booted(plane, aws, pool, launch):
    instance = running(plane, aws, pool, launch)
    with plane.lock:
        record = InstanceRecord.of(plane.backend("ec2").get_instance(instance))
        # As of a region that was killed while it rebooted the machine, or found it dead.
        record.rebooting, record.impairment = True, "it did not respond"
    pool.left = {instance}
    second = InstancesController(plane, pool)
    for _ in range(3):
        second.reconcile()
    assert pool.launched == []
    assert pool.machines[instance].boots == 0
    assert (record.rebooting, record.impairment) == (False, "")
    assert pool.others_ended == 1
    # It is watched as if it had been booted here.
    aws.ec2.reboot_instances(InstanceIds=[instance])
    second.reconcile()
    second.close()
    second._boots.shutdown(wait=True)
    assert pool.stopped == [instance]


def test_what_is_not_to_run_is_not_taken_over(plane, aws, pool, launch):
    stopping = running(plane, aws, pool, launch)
    booting = launch()
    aws.ec2.stop_instances(InstanceIds=[stopping])
    pool.left = {stopping, booting}
    pool.machines.clear()
    second = InstancesController(plane, pool)
    second._take_over()
    assert pool.machines == {}
    assert pool.others_ended == 1
    second.close()


@pytest.mark.parametrize("strange", [False, True])
def test_a_machine_that_has_ended_or_cannot_be_taken_over_boots_again(
    plane, aws, pool, launch, strange
):
    instance = running(plane, aws, pool, launch)
    if strange:
        pool.left = pool.strange = {instance}
    second = InstancesController(plane, pool)
    second.reconcile()
    second.close()
    second._boots.shutdown(wait=True)
    assert pool.launched == [instance]
