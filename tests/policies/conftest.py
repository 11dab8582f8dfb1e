"""Fixtures of the policy tests that run the real engine."""

from pathlib import Path

import pytest

from tests.policies.echo_provider import EchoProvider
from tests.policies.sandbox import Sandbox
from tests.policies.standing import Standing

PROGRAM = Path(__file__).parent / "program"


@pytest.fixture(scope="session")
def echo_provider():
    """The provider that every sandbox attaches to."""
    provider = EchoProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def fleet(echo_provider, tmp_path_factory):
    """The small highly available program, ready for a preview with a pack of its own process."""
    sandbox = Sandbox(tmp_path_factory.mktemp("fleet"), echo_provider.port)
    sandbox.install(PROGRAM)
    return sandbox


@pytest.fixture(scope="session")
def standing_fleet(echo_provider, tmp_path_factory):
    """The same program with language host and pack kept running: previews cost a second."""
    standing = Standing(tmp_path_factory.mktemp("standing"))
    sandbox = Sandbox(
        tmp_path_factory.mktemp("standing-fleet"),
        echo_provider.port,
        pack=standing.pack,
        path=standing.path,
    )
    sandbox.install(PROGRAM)
    yield sandbox
    standing.stop()
