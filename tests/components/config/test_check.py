"""The validation of settings without an engine."""

from __future__ import annotations

from components.config.check import problems
from tests.components.config.configurations import configuration


def test_only_stacks_with_problems_are_reported():
    found = problems({"a": configuration(), "b": configuration(minSize="x")}, "haproof")
    assert list(found) == ["b"]
    assert 'haproof:minSize "x"' in found["b"][0]


def test_values_of_yaml_files_are_read_as_the_engine_passes_them():
    config = {**configuration(), "haproof:flowLogs": True, "haproof:instanceTypes": ["t4g.micro"],
              "haproof:databaseEngineVersion": 18}  # fmt: skip
    assert problems({"ha": config}, "haproof") == {}
