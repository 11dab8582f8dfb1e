"""Fixtures of the policy tests that run the real engine."""

from pathlib import Path

import pytest

from tests.policies.echo_provider import EchoProvider
from tests.policies.sandbox import Sandbox


@pytest.fixture(scope="session")
def echo_provider():
    """The provider that every sandbox attaches to."""
    provider = EchoProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def fleet(echo_provider, tmp_path_factory):
    """The small highly available program, ready for a mutation and a preview."""
    sandbox = Sandbox(tmp_path_factory.mktemp("fleet"), echo_provider.port)
    sandbox.install(Path(__file__).parent / "program")
    return sandbox
