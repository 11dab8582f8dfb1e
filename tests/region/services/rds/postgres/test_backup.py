"""A copy of a running cluster, restored elsewhere; a crash; parameters put into force without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from region.services.rds.postgres.cluster import Cluster
from region.services.rds.postgres.settings import ClusterSpec
from tests.region.fakes import HostNetwork
from tests.region.services.rds.postgres.test_cluster import ADDRESS, PASSWORD, connect, free_port

pytestmark = pytest.mark.region
OTHER = "127.10.0.5"


@pytest.fixture
def cluster(tmp_path) -> Iterator[Cluster]:
    spec = ClusterSpec("db-one", ADDRESS, free_port(), master_username="keeper")
    cluster = Cluster(spec, tmp_path / "databases" / "db-one", HostNetwork())
    cluster.create(PASSWORD)
    cluster.start()
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE notes (text text)")
        connection.execute("INSERT INTO notes VALUES ('before')")
    yield cluster
    cluster.destroy()


def notes(cluster: Cluster) -> list[str]:
    with connect(cluster) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY text")]


def test_a_copy_has_what_was_written_before_it(cluster, tmp_path):
    with connect(cluster) as writer:
        cluster.back_up(tmp_path / "copies" / "first", PASSWORD)
        writer.execute("INSERT INTO notes VALUES ('afterwards')")
        writer.commit()
    spec = ClusterSpec("db-two", OTHER, free_port(), master_username="keeper")
    restored = Cluster(spec, tmp_path / "databases" / "db-two", HostNetwork())
    restored.restore(tmp_path / "copies" / "first")
    restored.start()
    try:
        assert notes(restored) == ["before"]
        assert notes(cluster) == ["afterwards", "before"]
    finally:
        restored.destroy()
    cluster.stop()
    cluster.back_up(tmp_path / "copies" / "second", PASSWORD)
    assert (tmp_path / "copies" / "second" / "PG_VERSION").exists()
    assert not (tmp_path / "copies" / "second" / "backup_label").exists()
    cluster.start()


def test_a_crash_ends_connections_and_loses_what_was_not_committed(cluster):
    with connect(cluster) as connection:
        connection.execute("INSERT INTO notes VALUES ('never committed')")
        cluster.crash()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert not cluster.running()
    cluster.start()
    assert notes(cluster) == ["before"]


def test_dynamic_parameters_and_forced_tls_need_no_restart(cluster):
    server = cluster.processes()
    parameters = {"work_mem": "8192", "rds.force_ssl": "0"}
    cluster.reload(replace(cluster.spec, parameters=parameters))
    with connect(cluster, sslmode="disable") as connection:
        for _ in range(50):
            if connection.execute("SHOW work_mem").fetchone() == ("8MB",):
                break
            connection.rollback()
        assert connection.execute("SHOW work_mem").fetchone() == ("8MB",)
    cluster.reload(replace(cluster.spec, parameters={}))
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(cluster, sslmode="disable")
    assert cluster.processes() == server
