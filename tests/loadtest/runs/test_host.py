"""Samples of the computer and of the target survive writing and reading; anything else is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtest.runs import host
from loadtest.runs.host import HostSample

SAMPLE = HostSample(
    1_790_000_000_123.4,
    2,
    10.5,
    0.25,
    (5.0, 5.5),
    3,
    {"runner": 1.0, "generator": 2.5},
    1.5,
    0.125,
    -3.5,
)
TARGET = {"version": 2, "at": 1_790_000_000.5, "kind": "instance", "name": "i-1",
          "cpu_seconds": 2.5, "service_cpu_seconds": 2.0, "quota_cores": 0.1, "zone": "a"}  # fmt: skip


def test_a_sample_is_read_as_it_was_written():
    assert host.parse_host(SAMPLE.to_line()) == SAMPLE


def test_a_line_of_the_target_is_read():
    found = host.parse_target(json.dumps(TARGET))
    assert (found.at_ms, found.kind, found.name) == (1_790_000_000_500.0, "instance", "i-1")
    assert (found.cpu_s, found.service_s, found.quota_cores) == (2.5, 2.0, 0.1)
    assert found.vcpu_s is None
    assert host.parse_target(json.dumps(TARGET | {"vcpu_seconds": 3.1})).vcpu_s == 3.1


def test_a_process_of_the_target_has_no_quota():
    line = {"version": 2, "at": 1.0, "kind": "database", "name": "postgres-7", "cpu_seconds": 3.0}
    found = host.parse_target(json.dumps(line))
    assert (found.service_s, found.quota_cores) == (3.0, None)


@pytest.mark.parametrize("line", ["", "[]", "{}", "7", '{"version": 2}', '{"version": 1, "at": 1}'])
def test_anything_else_is_refused(line: str):
    for parse in (host.parse_host, host.parse_target):
        with pytest.raises(ValueError, match=r"."):
            parse(line)


def test_another_version_is_named():
    with pytest.raises(ValueError, match="version 9, this program reads 2"):
        host.parse_target(json.dumps(TARGET | {"version": 9}))


def test_files_are_read_in_order_of_time_up_to_their_damage(tmp_path: Path):
    file = tmp_path / "target.ndjson"
    later = json.dumps(TARGET | {"at": 1_790_000_009.0})
    file.write_text(f"{later}\n{json.dumps(TARGET)}\nbroken\n{later}\n")
    assert [one.at_ms for one in host.read_target(file)] == [1_790_000_000_500, 1_790_000_009_000]
    file.write_text(SAMPLE.to_line() * 2)
    assert host.read_host(file) == [SAMPLE, SAMPLE]
