from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.machines.cgroups.base import Bandwidth, bandwidth
from region.machines.errors import MachineError
from region.machines.instance_types import INSTANCE_TYPES


def test_t4g_nano_is_two_vcpus_at_five_percent():
    nano = INSTANCE_TYPES["t4g.nano"]
    assert (nano.vcpus, nano.baseline_cpu, nano.memory_bytes) == (2, 0.10, 512 * 1024**2)


@pytest.mark.parametrize(
    ("name", "baseline", "gib"),
    [
        ("t4g.micro", 0.2, 1),
        ("t3.small", 0.4, 2),
        ("t3.large", 0.6, 8),
        ("t3.2xlarge", 3.2, 32),
        ("t2.micro", 0.1, 1),
        ("t2.xlarge", 0.9, 16),
        ("m7g.large", 2.0, 8),
        ("c5.xlarge", 4.0, 8),
    ],
)
def test_baselines_of_the_ec2_user_guide(name: str, baseline: float, gib: int):
    assert INSTANCE_TYPES[name].baseline_cpu == pytest.approx(baseline)
    assert INSTANCE_TYPES[name].memory_bytes == gib * 1024**3


def test_every_type_has_the_architecture_of_its_processor():
    assert INSTANCE_TYPES["m7g.large"].architecture == "arm64"
    assert INSTANCE_TYPES["m7i.large"].architecture == "x86_64"


def test_quota_is_a_share_of_each_period_of_which_as_much_may_be_saved():
    assert bandwidth(0.10) == Bandwidth(20_000, 200_000, burst_us=20_000)
    assert bandwidth(0.60) == Bandwidth(120_000, 200_000, burst_us=120_000)


@given(st.floats(0.001, 64))
def test_every_quota_is_one_that_the_kernel_accepts_and_amounts_to_the_cores(cores: float):
    limit = bandwidth(cores)
    assert limit.quota_us >= 1_000
    assert 200_000 <= limit.period_us <= 1_000_000
    assert limit.burst_us <= limit.quota_us
    assert limit.quota_us / limit.period_us == pytest.approx(cores, rel=0.001)


def test_processes_are_those_of_a_computer_with_that_memory():
    assert INSTANCE_TYPES["t4g.nano"].max_processes == 4096
    assert INSTANCE_TYPES["t3.micro"].max_processes == 8192


def test_unknown_type_is_named_with_similar_ones(spec_of):
    with pytest.raises(MachineError, match=r"'m7g\.largr'.*m7g\.large"):
        spec_of(instance_type="m7g.largr")


def test_spec_refuses_addresses_off_its_subnet(spec_of):
    import dataclasses

    for address in ("10.0.0.1", "nonsense"):
        with pytest.raises(MachineError, match=address):
            dataclasses.replace(spec_of(), private_ip=address)
    with pytest.raises(MachineError, match="10/8"):
        dataclasses.replace(spec_of(), subnet="10/8")
    with pytest.raises(MachineError, match="Instance id"):
        dataclasses.replace(spec_of(), instance_id="../x")
