"""An update constrained to the plan of an earlier preview: only what was approved runs.

docs/ci.md and .github/workflows/aws.yml rely on it.
"""

from __future__ import annotations

import pytest

from tests.components.test_real_engine import HA_RESOURCES, Project
from tests.components.wire_provider import WireProvider, serve

pytestmark = pytest.mark.engine


@pytest.fixture
def provider():
    return WireProvider()


@pytest.fixture
def project(tmp_path, provider):
    server, port = serve(provider)
    found = Project(tmp_path, port)
    found.pulumi("stack", "init", "ha")
    yield found
    server.stop(1).wait()


def test_the_approved_plan_runs_and_releases(project, provider):
    project.pulumi("preview", "--save-plan", "plan.json")
    _, text = project.pulumi("up", "--yes", "--plan", "plan.json")
    assert len(provider.created) == HA_RESOURCES, text
    assert len(project.runs()) == 1


def test_an_unapproved_change_does_not_run(project, provider):
    project.pulumi("preview", "--save-plan", "plan.json")
    project.pulumi("config", "set", "haproof:maxSize", "12")
    code, text = project.pulumi("up", "--yes", "--plan", "plan.json", check=False)
    assert code != 0
    assert "plan" in text
    assert project.runs() == []
