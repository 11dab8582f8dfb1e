"""Which parameters let a database forget what it acknowledged."""

from __future__ import annotations

import pytest

from tests.policies.draft import Draft, violations


@pytest.mark.parametrize(
    ("name", "value", "broken"),
    [
        ("synchronous_commit", "off", True),
        ("synchronous_commit", "OFF", True),
        ("synchronous_commit", "local", False),
        ("innodb_flush_log_at_trx_commit", "2", True),
        ("innodb_flush_log_at_trx_commit", 0.0, True),
        ("innodb_flush_log_at_trx_commit", "1", False),
        ("max_connections", "10", False),
    ],
)
def test_a_commit_is_on_the_disk(name, value, broken):
    draft = Draft().set("parameter-group", "parameters", [{"name": name, "value": value}])
    assert bool(violations(draft, "rds-commits-durable")) == broken
