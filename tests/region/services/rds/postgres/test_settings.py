"""Configuration of clusters, and which user they run as, without a process."""

from __future__ import annotations

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.installed import available_versions, binaries_of
from region.services.rds.postgres.service_user import closed_directory
from region.services.rds.postgres.settings import (
    ClusterSpec,
    SettingsError,
    max_connections,
    postgresql_conf,
)
from region.services.rds.postgres.tls_proxy import refusal


def settings(**parameters: str) -> dict[str, str]:
    spec = ClusterSpec("db", "127.10.0.4", parameters=parameters)
    lines = postgresql_conf(spec, "@socket").splitlines()[1:]
    return {name: value.strip("'") for name, _, value in (line.partition(" = ") for line in lines)}


@pytest.mark.parametrize(
    ("gibibytes", "least", "most"), [(1, 80, 90), (2, 190, 230), (16, 1700, 1800), (64, 5000, 5000)]
)
def test_connections_follow_the_memory(gibibytes, least, most):
    assert least <= max_connections(gibibytes * 1024**3) <= most


def test_parameter_groups_apply_where_they_can():
    found = settings(work_mem="2048", listen_addresses="192.0.2.1", max_wal_size="{Formula}")
    assert found["work_mem"] == "2048"
    assert found["listen_addresses"] == ""
    assert "max_wal_size" not in found


@given(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])))
def test_a_value_cannot_escape_its_quotes(value):
    if "{" in value:
        return
    spec = ClusterSpec("db", "127.10.0.4", parameters={"application_name": value})
    line = postgresql_conf(spec, "@s").split("\napplication_name = ")[1].split("\n")[0]
    inner = line[1:-1].replace("\\\\", "").replace("''", "")
    assert line[0] == line[-1] == "'"
    assert "'" not in inner
    assert "\\" not in inner


@pytest.mark.parametrize(("name", "value"), [("a b", "1"), ("work_mem", "1\nport = 1")])
def test_an_invalid_setting_is_rejected(name, value):
    with pytest.raises(SettingsError, match="is not a PostgreSQL setting"):
        settings(**{name: value})


@pytest.mark.parametrize(
    ("major", "parameters", "forced"),
    [(18, {}, True), (14, {}, False), (18, {"rds.force_ssl": "0"}, False)],
)
def test_tls_is_required_as_rds_does(major, parameters, forced):
    assert ClusterSpec("db", "127.10.0.4", major=major, parameters=parameters).forces_ssl is forced


def test_versions_are_those_of_the_wheel():
    assert 18 in available_versions()
    assert (binaries_of(18) / "postgres").exists()
    with pytest.raises(DatabaseError, match=r"PostgreSQL 9 is not available .*18"):
        binaries_of(9)


def test_a_closed_directory_is_found(tmp_path):
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(stat.S_IRWXU)
    stranger = os.getuid() + 12345
    needed = closed / "inner" / "data"
    assert closed_directory([needed], os.getuid(), os.getgid()) is None
    found = closed_directory([needed], stranger, stranger)
    assert found is not None
    assert closed == found or found in closed.parents


def test_a_refusal_is_a_postgresql_error_message():
    message = refusal("no encryption")
    assert message[:1] == b"E"
    assert int.from_bytes(message[1:5], "big") == len(message) - 1
    assert b"C28000\0Mno encryption\0\0" in message
