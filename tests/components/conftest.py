from __future__ import annotations

import os

import pytest

from tests.components.options import OPTIONS
from tests.components.recording import run_program, stack_config


@pytest.fixture(autouse=True)
def hermetic_aws(monkeypatch):
    """Keep tests of the program away from real accounts and from configuration outside the test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "PULUMI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture(scope="session")
def revision(tmp_path_factory):
    """A minimal CodeDeploy revision."""
    directory = tmp_path_factory.mktemp("revision")
    (directory / "appspec.yml").write_text("version: 0.0\nos: linux\n", encoding="utf-8")
    (directory / "service.py").write_text("print('hello')\n", encoding="utf-8")
    return directory


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """The working directory, in which the program writes its bundles, outside the checkout."""
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture(scope="session")
def recordings():
    """Recordings of unchanged stacks, made once, because every run records the same."""
    return {}


@pytest.fixture
def build(revision, workplace, recordings, monkeypatch):
    """Run the program for a stack with its real file and optional changes."""
    monkeypatch.chdir(workplace)

    def run(stack, *, invokes=None, preview=False, slow=(), fresh=False, **changes):
        config = {
            **stack_config(stack),
            "haproof:appPath": str(revision),
            **{f"haproof:{key}": value for key, value in changes.items()},
        }
        if invokes or preview or slow or fresh or changes:
            return run_program(stack, config, invokes=invokes, preview=preview, slow=slow)
        if stack not in recordings:
            recordings[stack] = run_program(stack, config)
        return recordings[stack]

    return run


@pytest.fixture
def single(build):
    return build("single")


@pytest.fixture
def ha(build):
    return build("ha")


@pytest.fixture(params=["single", "ha"])
def either(request, build):
    """The recording of each stack in turn."""
    return build(request.param)


@pytest.fixture
def built(build):
    """Build a stack with one of the options."""

    def run(name, stack="ha", **more):
        return build(stack, **OPTIONS[name].config, **more)

    return run
