"""Which tests are not fast: told by what they use, so that no file can forget to say it."""

from __future__ import annotations

import pytest

STARTS_MOTO = frozenset({"make_plane", "plane", "moto_endpoint"})
"""Fixtures that start moto, in this process or in one of its own: a second or two per test."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if STARTS_MOTO & set(getattr(item, "fixturenames", ())):
            item.add_marker("moto")
