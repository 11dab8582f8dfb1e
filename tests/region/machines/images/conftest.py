"""Small root file systems; and a cache that is not the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.region.machines.images.roots import make_root


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system with bash and curl; tests only read it."""
    return make_root(tmp_path_factory.mktemp("small") / "root")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
