"""The container image: its system is built, and a region runs in it, in a container of its own.

There may be no registry, so the base image is made by debootstrap. The toolchain is not installed a
second time: the container is given that of this checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from toolchain import locate, paths

pytestmark = [pytest.mark.e2e, pytest.mark.container]

COMMANDS = {"buildah": "buildah", "podman": "podman", "debootstrap": "debootstrap"}
SUITE = "bookworm"
BASE, IMAGE = "localhost/haproof-test-base", "localhost/haproof-test"


@dataclass(frozen=True)
class Store:
    """A place for images and containers that is removed after the test.

    Podman takes no longer path than 50 characters for `short`.
    """

    directory: Path
    short: Path

    def run(
        self, program: str, *words: str, timeout: float = 240
    ) -> subprocess.CompletedProcess[str]:
        """Run buildah or podman on it."""
        where = ["--root", str(self.directory / "root"), "--runroot", str(self.short)]
        driver = ["--storage-driver", "overlay"]
        return subprocess.run(
            [program, *where, *driver, *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=paths.ROOT,
        )

    def must(self, program: str, *words: str, timeout: float = 240) -> str:
        """Run it and return what it prints; it must succeed."""
        done = self.run(program, *words, timeout=timeout)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a base image")
    if missing := [command for command in COMMANDS if not shutil.which(command)]:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install {' '.join(COMMANDS.values())}")
    with tempfile.TemporaryDirectory(prefix="haproof-", ignore_cleanup_errors=True) as short:
        yield from _used(Store(tmp_path_factory.mktemp("containers"), Path(short)))


def _used(made: Store) -> Iterator[Store]:
    yield made
    made.run("podman", "rm", "--all", "--force", "--volumes")
    made.run("buildah", "rm", "--all")
    made.run("buildah", "rmi", "--all", "--force")
    shutil.rmtree(made.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def image(store: Store) -> str:
    """The image up to its toolchain, built from the real Containerfile."""
    base = store.directory / "base"
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", SUITE, str(base)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"debootstrap cannot make a base image: {made.stdout[-300:]}")
    container = store.must("buildah", "from", "scratch")
    store.must("buildah", "add", "--quiet", container, str(base), "/")
    store.must("buildah", "commit", "--quiet", container, BASE)
    file = str(paths.ROOT / "container" / "Containerfile")
    words = ["--file", file, "--build-arg", f"BASE={BASE}", "--target", "system", "--tag", IMAGE]
    store.must("buildah", "build", "--isolation", "chroot", "--network", "host", *words, ".")
    return IMAGE


def run_in(store: Store, image: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a container as README.md starts one, but without any network."""
    shared = {Path(sys.base_prefix), paths.ROOT, paths.TOOLS.resolve(), paths.VENV.resolve()}
    volumes = [f"--volume={path}:{path}:ro" for path in sorted(shared)]
    return store.run(
        "podman",
        *("--cgroup-manager", "cgroupfs", "--runtime", str(locate.runc())),
        *("run", "--rm", "--privileged", "--cgroupns=private", "--network=none"),
        # Podman's own limits are more than a computer that is a container itself may set.
        *("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=1024:1024"),
        *volumes,
        *("--env", "PYTHONDONTWRITEBYTECODE=1", "--workdir", str(paths.ROOT)),
        *("--entrypoint", str(paths.VENV / "bin" / "python"), image, *command),
    )


def test_a_region_runs_in_the_container(store: Store, image: str):
    done = run_in(store, image, "-m", "tests.e2e.in_container", "/haproof/.rehearsal")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "served, and left nothing"


def test_a_state_directory_that_is_no_volume_is_refused_with_the_remedy(store: Store, image: str):
    done = run_in(store, image, "-m", "region", "start", "--root", "/haproof/state")
    assert done.returncode == 4
    assert "--volume haproof:/haproof/state" in done.stderr
