"""Real PostgreSQL from the wheel, on loopback addresses of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from region.daemons import sweep
from region.runtime_directories import shared_path
from region.services.rds.postgres import cluster as postgres
from region.services.rds.postgres import programs
from region.services.rds.postgres.cluster import Cluster
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.installed import binaries_of
from region.services.rds.postgres.settings import ClusterSpec
from tests.region.fakes import HostNetwork

pytestmark = pytest.mark.region

ADDRESS = "127.78.30.2"
PASSWORD = "it's a 'secret' \\ %s"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


def connect(cluster: Cluster, **options) -> psycopg.Connection:
    settings = {
        "host": cluster.spec.address,
        "port": cluster.spec.port,
        "user": cluster.spec.master_username,
        "password": PASSWORD,
        "dbname": "postgres",
        "connect_timeout": 5,
    }
    return psycopg.connect(**(settings | options))


@pytest.fixture(scope="module")
def created(tmp_path_factory) -> Iterator[Cluster]:
    # Below a directory that only its owner may enter, like a clone in root's home.
    directory = tmp_path_factory.mktemp("closed")
    directory.chmod(0o700)
    spec = ClusterSpec("db-one", ADDRESS, free_port(), master_username="keeper")
    cluster = Cluster(spec, directory / "databases" / "db-one", HostNetwork())
    cluster.create(PASSWORD)
    yield cluster
    cluster.destroy()
    assert not cluster.directory.exists()


@pytest.fixture
def cluster(created: Cluster) -> Iterator[Cluster]:
    created.start()
    yield created
    created.stop()


def test_the_scram_password_works_over_tls(cluster):
    with connect(cluster, sslmode="require") as connection:
        assert connection.pgconn.ssl_in_use
        stored = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'keeper'"
        ).fetchone()
        assert stored[0].startswith("SCRAM-SHA-256$")
        assert connection.execute("SHOW max_connections").fetchone() == ("84",)


def test_a_wrong_password_is_refused(cluster):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(cluster, password="wrong")


def test_tls_is_required_as_on_rds(cluster):
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(cluster, sslmode="disable")


def test_databases_are_created_once(cluster):
    for _ in range(2):
        cluster.ensure_database('Notes "1"', PASSWORD)
    with connect(cluster, dbname='Notes "1"') as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ('Notes "1"',)


def test_the_master_password_can_change(cluster):
    cluster.set_password(PASSWORD, "another")
    assert cluster.accepts("another")
    assert not cluster.accepts(PASSWORD)
    cluster.set_password("another", PASSWORD)


def test_data_survives_a_stop_and_nothing_is_left_running(created):
    created.start()
    server = psutil.Process(created._server.pid)
    family = [server, *server.children(recursive=True)]
    assert len(family) > 3
    created.ensure_database("kept", PASSWORD)
    created.stop()
    assert not any(process.is_running() for process in family)
    assert not list(created.directory.rglob("*.process.json"))
    created.start()
    with connect(created, dbname="kept"):
        pass
    created.stop()


def test_the_server_is_not_root_and_shows_no_secret(cluster):
    server = psutil.Process(cluster._server.pid)
    assert server.uids().effective != 0
    assert PASSWORD not in " ".join(server.cmdline())
    assert not (cluster.directory / "initial-password").exists()
    assert PASSWORD not in (cluster.directory / "postgres.log").read_text()


def test_nothing_but_the_endpoint_listens(cluster):
    listening = [
        connection.laddr
        for pid in cluster.processes()
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [(ADDRESS, cluster.spec.port)]


def test_large_answers_pass_and_connections_end(cluster):
    with connect(cluster) as connection:
        found = connection.execute("SELECT repeat('x', 5000000)").fetchone()
        assert len(found[0]) == 5_000_000
        backend = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    assert psutil.wait_procs([psutil.Process(backend)] if psutil.pid_exists(backend) else [], 5)


def test_a_killed_tls_proxy_is_started_again(cluster):
    psutil.Process(cluster._proxy.pid).kill()
    cluster._proxy.process.wait(5)
    assert not cluster.running()
    cluster.start()
    with connect(cluster):
        pass


def test_sweep_ends_what_was_left(created):
    created.start()
    server = psutil.Process(created._server.pid)
    family = [server, *server.children(recursive=True), psutil.Process(created._proxy.pid)]
    swept = sweep(created.directory)
    assert swept[0] == f"postgres (process {server.pid})"
    assert len(swept) == 2
    created._server.process.wait(5)
    created._proxy.process.wait(5)
    _gone, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    created.stop()
    created.start()
    assert created.accepts(PASSWORD)
    created.stop()


PARENT = """
import sys, time
from pathlib import Path
from region.services.rds.postgres.cluster import Cluster
from tests.region.fakes import HostNetwork
from region.services.rds.postgres.settings import ClusterSpec
spec = ClusterSpec("db-one", sys.argv[2], int(sys.argv[3]), master_username="keeper")
cluster = Cluster(spec, Path(sys.argv[1]), HostNetwork())
cluster.start()
print(*cluster.processes(), flush=True)
time.sleep(60)
"""


def killed_region(created) -> list[int]:
    """Have a region start the cluster, and kill it; return the processes of the cluster."""
    arguments = [str(created.directory), ADDRESS, str(created.spec.port)]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[5],
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        os.kill(parent.pid, signal.SIGKILL)
    return pids


def test_the_next_region_takes_it_over_with_its_sessions(created):
    pids = killed_region(created)
    family = [psutil.Process(pid) for pid in pids]
    with connect(created, sslmode="require", autocommit=True) as kept:
        session = kept.execute("SELECT pg_backend_pid()").fetchone()
        adopted = Cluster(created.spec, created.directory, HostNetwork())
        assert adopted.running()
        adopted.start()
        assert adopted.processes() == pids
        assert adopted.accepts(PASSWORD)
        assert kept.execute("SELECT pg_backend_pid()").fetchone() == session
        adopted.stop()
        assert not adopted.running()
        assert psutil.wait_procs(family, timeout=10)[1] == []
    created.start()
    assert created.accepts(PASSWORD)
    created.stop()


def test_sweep_ends_what_a_killed_region_left_in_an_orderly_way(created):
    server, front = map(psutil.Process, killed_region(created))
    family = [server, *server.children(recursive=True), front]
    assert len(sweep(created.directory)) == 2
    assert psutil.wait_procs(family, timeout=10)[1] == []
    log = (created.directory / "postgres.log").read_text()
    assert "received immediate shutdown request" in log
    created.start()
    assert created.accepts(PASSWORD)
    created.stop()


def test_a_port_in_use_is_reported(created):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((ADDRESS, created.spec.port))
        taken.listen(1)
        with pytest.raises(
            DatabaseError, match=rf"db-one cannot start: {ADDRESS}:{created.spec.port}"
        ):
            created.start()


def test_an_invalid_parameter_is_reported_with_the_servers_message(created):
    spec = ClusterSpec(
        "db-one",
        ADDRESS,
        created.spec.port,
        master_username="keeper",
        parameters={"work_mem": "a lot"},
    )
    with pytest.raises(DatabaseError, match=r"db-one did not start .*work_mem"):
        Cluster(spec, created.directory, HostNetwork()).start()
    assert not list(created.directory.rglob("*.process.json"))


def test_programs_that_only_root_can_access_are_copied_while_the_region_runs(tmp_path, monkeypatch):
    # A clone in root's home: PostgreSQL checks with access(2), which ignores capabilities.
    closed = tmp_path / "closed"
    binaries = binaries_of(18)
    site = binaries.parents[2]
    shutil.copytree(binaries.parent, closed / binaries.parent.relative_to(site), symlinks=True)
    libraries = binaries.parents[1].name + ".libs"
    shutil.copytree(site / libraries, closed / libraries, symlinks=True)
    closed.chmod(0o700)
    monkeypatch.setattr(postgres, "binaries_of", lambda _: closed / binaries.relative_to(site))
    spec = ClusterSpec("db-two", ADDRESS, free_port(), master_username="keeper")
    cluster = Cluster(spec, closed / "databases" / "db-two", HostNetwork())
    cluster.create(PASSWORD)
    cluster.start()
    with connect(cluster) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    cluster.destroy()
    copies = shared_path(cluster.directory.parent)
    assert copies.exists() == (os.geteuid() == 0)
    programs.remove_copies(cluster.directory.parent)
    assert not copies.exists()
