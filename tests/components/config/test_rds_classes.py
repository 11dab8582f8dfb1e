"""Memory and connections of RDS instance classes."""

from __future__ import annotations

import pytest

from components.config.rds_classes import default_max_connections, memory_gibibytes


@pytest.mark.parametrize(
    ("name", "gibibytes"),
    [
        ("db.t4g.micro", 1),
        ("db.t3.medium", 4),
        ("db.t4g.large", 8),
        ("db.m7g.large", 8),
        ("db.m6i.2xlarge", 32),
        ("db.r6g.large", 16),
        ("db.r7g.16xlarge", 512),
        ("db.x2g.large", 32),
    ],
)
def test_a_classes_memory_follows_from_its_name(name, gibibytes):
    assert memory_gibibytes(name) == gibibytes


def test_a_class_that_follows_no_rule_is_rejected():
    with pytest.raises(ValueError, match="memory is unknown"):
        memory_gibibytes("db.q9.large")
    with pytest.raises(ValueError, match="size that RDS does not offer"):
        memory_gibibytes("db.m7g.micro")


def test_connections_are_capped():
    assert default_max_connections("db.t4g.micro") == 112
    assert default_max_connections("db.r7g.16xlarge") == 5000
