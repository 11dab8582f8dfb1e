"""Fixtures of the attacks: the arena, files and processes of the host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from region import credentials, session
from region.machines.images import prepare
from region.machines.machine_pool import MachinePool
from region.network import RegionNetwork
from tests.region.in_network import open_to_all
from tests.region.machines.isolation.arena import PRECIOUS, Arena
from tests.region.machines.revisions import Store

PROJECT = Path(__file__).parents[4]
MARK = "haproof-neighbor"


@pytest.fixture(scope="module")
def arena(
    tmp_path_factory: pytest.TempPathFactory, store: Store, spec_of, placeholder_spec, eventually
) -> Iterator[Arena]:
    root = tmp_path_factory.mktemp("isolation") / "region"
    network = RegionNetwork(root)
    image = prepare("host", {}, hidden=(root,)).default
    with ExitStack() as undo:
        undo.callback(network.stop)
        network.start()
        network.apply(open_to_all(f"10.77.9.{host}" for host in range(1, 60)))
        pool = MachinePool(
            root, network, "ap-northeast-2", aws_endpoint=store.endpoint, image=lambda _: image
        )
        undo.callback(pool.close)
        pool.start()
        credentials.ensure(root)
        session.write(root, session.Session(os.getpid(), session.own_creation_time(), 1, 2))
        attacker, victim = pool.launch(spec_of(b"", 11)), pool.launch(placeholder_spec(12))
        attacker.boot()
        victim.boot()
        made = Arena(root, network, pool, store, attacker, victim)
        eventually(lambda: made.answer(victim), "the victim answers")
        yield made
        # Whatever was tried, the neighbor and the region have not noticed.
        assert (attacker.alive(), victim.alive()) == (True, True)
        assert made.answer(victim) == victim.spec.instance_id


@pytest.fixture(scope="module")
def precious() -> Iterator[list[Path]]:
    """Files of the test's own at the places of the host that attacks aim at."""
    places = ["/etc", "/opt", "/usr/local/lib", "/usr/share", "/var/tmp", "/srv", "/home", "/root"]
    directories = [
        Path(tempfile.mkdtemp(prefix="haproof-test-", dir=place))
        for place in (*places, "/tmp", PROJECT)
    ]
    files = [directory / "file" for directory in directories]
    for directory, file in zip(directories, files, strict=True):
        directory.chmod(0o777)
        file.write_text(PRECIOUS)
        file.chmod(0o666)
    yield files
    for directory in directories:
        shutil.rmtree(directory)


@pytest.fixture
def host_process() -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PATH": os.environ["PATH"], "HOST_SECRET": "only-the-host-knows"}
    program = f"import time; time.sleep(600)  # {MARK}"
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as process:
        yield process
        assert process.poll() is None
        process.kill()
