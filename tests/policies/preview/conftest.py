"""Fixtures of the policy tests that run the real engine."""

import pytest
from guardrails import tokens

from tests.policies.preview.echo_provider import EchoProvider
from tests.policies.preview.sandbox import Sandbox
from tests.policies.preview.standing import Standing

READ_BY_RULES = sorted(
    kind
    for name, value in vars(tokens).items()
    if name.isupper() and not name.startswith("_")
    for kind in ((value,) if isinstance(value, str) else value)
)
"""Every type of resource that some rule looks at."""


@pytest.fixture(scope="session")
def echo_provider():
    """The provider that every sandbox attaches to."""
    provider = EchoProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def good_stack(echo_provider, tmp_path_factory):
    """The good stack, ready for a preview with a language host and a pack of its own."""
    sandbox = Sandbox(tmp_path_factory.mktemp("good-stack"), echo_provider.port)
    sandbox.install()
    return sandbox


@pytest.fixture(scope="session")
def standing_stack(echo_provider, tmp_path_factory):
    """The same stack with language host and pack kept running: a preview costs a second.

    A mutated preview registers only what some rule reads; the rest would double its time.
    """
    standing = Standing(tmp_path_factory.mktemp("standing"))
    sandbox = Sandbox(
        tmp_path_factory.mktemp("standing-stack"),
        echo_provider.port,
        pack=standing.pack,
        path=standing.path,
        only=READ_BY_RULES,
    )
    sandbox.install()
    yield sandbox
    standing.stop()
