"""A container of an image, as small as an OCI configuration can be."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from region.machines.container.oci import Bundle, configuration
from region.machines.images import Image
from region.machines.root_directory import RootDirectory

SEARCHED = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


class Container:
    def __init__(self, image: Image, directory: Path, network: str | None = None) -> None:
        self.name = f"haproof-test-{uuid.uuid4().hex[:8]}"
        self.directory = directory
        root = RootDirectory(directory, directory, image)
        root.create()
        bundle = Bundle(
            "ip-10-20-1-7", root.path, root.mounts(), (), 512 * 1024**2, f"/{self.name}", SEARCHED
        )
        config = configuration(bundle)
        for space in config["linux"]["namespaces"]:
            if network and space["type"] == "network":
                space["path"] = f"/run/netns/{network}"
        (directory / "config.json").write_text(json.dumps(config))

    def start(self) -> None:
        log = self.directory / "log"
        with log.open("w") as file:
            done = subprocess.run(
                ["runc", "run", "--detach", "--bundle", str(self.directory), self.name],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False,
            )  # fmt: skip
        assert done.returncode == 0, log.read_text()

    def run(self, command: str, user: int = 0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["runc", "exec", "--user", f"{user}:{user}", self.name, "/bin/bash", "-c", command],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def out(self, command: str, user: int = 0) -> str:
        done = self.run(command, user)
        assert done.returncode == 0, done
        return done.stdout.strip()

    def remove(self) -> None:
        subprocess.run(["runc", "delete", "--force", self.name], check=False, capture_output=True)


@contextmanager
def running(image: Image, directory: Path, network: str | None = None) -> Iterator[Container]:
    directory.mkdir()
    container = Container(image, directory, network)
    try:
        container.start()
        yield container
    finally:
        container.remove()
