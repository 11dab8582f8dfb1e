"""A control plane on a free port, clients of it, and a pool without processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from region.api.server import ControlPlane
from region.config import RegionConfig
from region.loopback import neighbors
from region.services.install import install_patches
from tests.region.fakes import REGION, Aws, FakePool, give_credential


@pytest.fixture
def speed() -> float:
    """The region's clock; the folders of services that poll override it."""
    return 1.0


@pytest.fixture
def make_plane(
    tmp_path: Path, speed: float, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ControlPlane]]:
    started: list[ControlPlane] = []
    # The addresses that tests expect, whatever regions there are beside them.
    monkeypatch.setattr(neighbors, "in_use", lambda _: False)

    def make(**settings: Any) -> ControlPlane:
        defaults = {"root": tmp_path / "region", "region": REGION, "speed": speed}
        config = RegionConfig(**defaults | settings)
        give_credential(config.root)
        plane = ControlPlane(config, install_patches)
        plane.start()
        started.append(plane)
        return plane

    yield make
    for plane in started:
        plane.stop()


@pytest.fixture
def plane(make_plane: Callable[..., ControlPlane]) -> ControlPlane:
    return make_plane()


@pytest.fixture
def clients_of() -> Callable[[str], Aws]:
    return Aws


@pytest.fixture
def aws(plane: ControlPlane) -> Aws:
    return Aws(plane.endpoint)


@pytest.fixture
def pool() -> FakePool:
    return FakePool()
