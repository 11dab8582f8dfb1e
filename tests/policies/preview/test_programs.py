"""Other people's programs in the real CLI: the preview says what the recording says."""

# The method names are those of the gRPC service.
# ruff: noqa: N802
from __future__ import annotations

import json

import pytest
from google.protobuf import json_format
from guardrails.model import Level
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN

import tests.policies.programs.broken
import tests.policies.programs.innocents  # noqa: F401 - registers them
from tests.components.wire_provider import plain, struct
from tests.policies.preview.echo_provider import EchoProvider
from tests.policies.preview.sandbox import ROOT, Sandbox
from tests.policies.programs.cases import BROKEN, INNOCENTS
from tests.policies.programs.evaluation import findings
from tests.policies.programs.provider import CONFIG, LOOKUPS, SECRETS, with_unknowns

pytestmark = pytest.mark.engine

PROJECT = {"name": "programs", "runtime": {"name": "python", "options": {"virtualenv": ".venv"}}}


class AnyProvider(EchoProvider):
    """Takes every type of resource, and answers the lookups of the programs."""

    def Create(self, request, context):
        assert request.preview, "only previews run here"
        inputs = json_format.MessageToDict(request.properties)
        outputs = with_unknowns(request.type, inputs, UNKNOWN)
        return provider_pb2.CreateResponse(properties=struct(outputs))

    def Invoke(self, request, context):
        answer = LOOKUPS[request.tok](plain(request.args))
        return provider_pb2.InvokeResponse(**{"return": struct({"id": "x", **answer})})


class Programs(Sandbox):
    """A project whose program is the case that it is told to run."""

    def install(self):
        self.project.mkdir()
        (self.project / "Pulumi.yaml").write_text(json.dumps(PROJECT))
        (self.project / "Pulumi.test.yaml").write_text(json.dumps({"config": CONFIG}))
        (self.project / ".venv").symlink_to(ROOT / ".venv")
        entry = ROOT / "tests" / "policies" / "programs" / "entry.py"
        (self.project / "__main__.py").symlink_to(entry)
        self.pulumi("stack", "init", "test")
        for key, value in SECRETS.items():
            self.pulumi("config", "set", "--secret", "-s", "test", key, value)

    def preview_of(self, name):
        (self.project / "case.txt").write_text(name)
        return self.pulumi("preview", "-s", "test", "--policy-pack", str(self.pack), check=False)


@pytest.fixture(scope="module")
def programs(standing, tmp_path_factory):
    provider = AnyProvider()
    sandbox = Programs(
        tmp_path_factory.mktemp("programs"), provider.port, pack=standing.pack, path=standing.path
    )
    sandbox.install()
    yield sandbox
    provider.stop()


def said(name, level):
    """The rules that speak about the recorded preview at this level."""
    return {finding.rule.id for finding in findings(name) if finding.level is level}


REPRESENTATIVE = [
    *(name for name, one in INNOCENTS.items() if one.engine),
    *[name for name, one in BROKEN.items() if one.engine][::2],
]
"""A part of the programs, since each costs most of a second; `programs/` judges all of them."""


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_the_preview_says_what_the_recording_says(programs, name):
    result = programs.preview_of(name)
    assert result.rules("mandatory") == said(name, Level.MANDATORY), result.text
    assert result.rules("advisory") == said(name, Level.ADVISORY), result.text
    assert (result.code != 0) == bool(said(name, Level.MANDATORY)), result.text
