"""Fixtures of the policy tests that run the real engine."""

from __future__ import annotations

import gc

import pytest
from guardrails import tokens

from tests.policies.good_stack import record
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
    # The recording loads all of `pulumi_aws`: the collector need not walk it at every request.
    record()
    gc.collect()
    gc.freeze()
    provider = EchoProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def standing(tmp_path_factory):
    """Language host and pack, kept running: a preview costs less than a second."""
    processes = Standing(tmp_path_factory.mktemp("standing"))
    yield processes
    processes.stop()


@pytest.fixture(scope="session")
def good_stack(echo_provider, tmp_path_factory):
    """The good stack, ready for a preview with a language host and a pack of its own."""
    sandbox = Sandbox(tmp_path_factory.mktemp("good-stack"), echo_provider.port)
    sandbox.install()
    return sandbox


@pytest.fixture(scope="session")
def standing_stack(echo_provider, standing, tmp_path_factory):
    """The good stack with language host and pack kept running.

    A mutated preview registers only what some rule reads; the rest would double its time.
    """
    sandbox = Sandbox(
        tmp_path_factory.mktemp("standing-stack"),
        echo_provider.port,
        pack=standing.pack,
        path=standing.path,
        only=READ_BY_RULES,
    )
    sandbox.install()
    return sandbox


@pytest.fixture
def whole_stack(echo_provider, standing, tmp_path):
    """The good stack to be created, in a directory that goes with the test.

    Its mutations leave nothing out but what they say.
    """
    sandbox = Sandbox(
        tmp_path / "whole-stack", echo_provider.port, pack=standing.pack, path=standing.path
    )
    sandbox.install()
    return sandbox
