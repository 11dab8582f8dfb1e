"""The program on the real Pulumi CLI: schema defaults, hook, state. No account, no region."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.components.test_resource_graph import EXPECTED
from tests.components.wire_provider import WireProvider, serve

pytestmark = pytest.mark.engine

HA_RESOURCES = sum(EXPECTED["ha"].values())
"""Custom resources of `ha` with its default settings."""

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bin"

# Takes the place of the load test: records its input, and fails if asked to.
COMMAND = """
import json, pathlib, sys
outputs = json.load(sys.stdin)
here = pathlib.Path(__file__).parent
with (here / "runs").open("a") as stream:
    stream.write(json.dumps({"arguments": sys.argv[1:], "outputs": outputs}) + "\\n")
print("releasing", outputs["revisionKey"])
if (here / "fail").exists():
    print("instance i-1 failed ValidateService: connection refused", file=sys.stderr)
    sys.exit(4)
"""


class Project:
    """A copy of the program with its own file backend and a fake release command."""

    def __init__(self, root, port):
        self.directory = root / "project"
        self.directory.mkdir()
        for name in ("Pulumi.yaml", "Pulumi.single.yaml", "Pulumi.ha.yaml", "__main__.py"):
            shutil.copy(ROOT / name, self.directory / name)
        ignored = shutil.ignore_patterns("__pycache__")
        for package in (
            "appspec",
            "commandline",
            "components",
            "loadspec",
            "policies/availability",
        ):
            shutil.copytree(ROOT / package, self.directory / package, ignore=ignored)
        (self.directory / ".venv").symlink_to(ROOT / ".venv")
        self.command = self.directory / "loadtest"
        self.command.mkdir()
        (self.command / "__main__.py").write_text(COMMAND, encoding="utf-8")
        self.revision = self.directory / ".tools" / "revision"
        self.revision.mkdir(parents=True)
        (self.revision / "appspec.yml").write_text("version: 0.0\nos: linux\n", encoding="utf-8")
        state = root / "state"
        state.mkdir()
        self.environment = {
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(root),
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def pulumi(self, *arguments, check=True):
        process = subprocess.run(
            [str(TOOLS / "pulumi"), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        text = process.stdout + process.stderr
        assert not check or process.returncode == 0, text
        return process.returncode, text

    def up(self, check=True):
        return self.pulumi("up", "--yes", "--skip-preview", check=check)

    def runs(self):
        path = self.command / "runs"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def provider():
    return WireProvider()


@pytest.fixture
def project(tmp_path, provider):
    server, port = serve(provider)
    yield Project(tmp_path, port)
    server.stop(1).wait()


@pytest.fixture
def ha_project(project):
    project.pulumi("stack", "init", "ha")
    return project


def test_a_preview_needs_nothing_but_the_files_and_runs_no_hook(project):
    project.pulumi("stack", "init", "single")
    _, text = project.pulumi("preview")
    assert "haproof:service:SingleInstanceService" in text
    assert project.runs() == []


def test_up_releases_once_with_everything_in_place(ha_project, provider):
    _, text = ha_project.up()
    (run,) = ha_project.runs()
    assert run["arguments"] == ["post-up"]
    assert f"releasing {run['outputs']['revisionKey']}" in text
    assert run["outputs"]["instanceCount"] == 6
    assert run["outputs"]["instanceId"] is None
    _, printed = ha_project.pulumi("stack", "output", "--json")
    stack_outputs = json.loads(printed)
    given = {key: value for key, value in run["outputs"].items() if value is not None}
    # The hook gets the items of the bill, too; the stack prints the total.
    assert given.pop("monthlyCost")["total"] == stack_outputs.pop("monthlyCost") > 0
    assert given == stack_outputs

    _, again = ha_project.up()
    assert len(ha_project.runs()) == 1, again

    (ha_project.revision / "appspec.yml").write_text("version: 0\nos: linux\n", encoding="utf-8")
    ha_project.up()
    first, second = ha_project.runs()
    assert second["outputs"]["revisionKey"] != first["outputs"]["revisionKey"]
    # The last good revision stays: instances launched in the meantime need it.
    assert "web-revision-object" not in provider.deleted


@pytest.mark.parametrize(
    ("stack", "replaced"),
    [("single", "aws:ec2/instance:Instance"), ("ha", "aws:autoscaling/group:Group")],
)
def test_what_is_replaced_without_a_change_of_settings_is_released_to(project, stack, replaced):
    project.pulumi("stack", "init", stack)
    project.up()
    _, exported = project.pulumi("stack", "export")
    resources = json.loads(exported)["deployment"]["resources"]
    (urn,) = (one["urn"] for one in resources if one["type"] == replaced)
    project.pulumi("up", "--yes", "--skip-preview", "--replace", urn)
    first, second = project.runs()
    assert first["outputs"] != second["outputs"]
    project.up()
    assert len(project.runs()) == 2


def test_a_failed_release_fails_up_with_its_last_output_and_keeps_the_stack(ha_project, provider):
    (ha_project.command / "fail").touch()
    code, text = ha_project.up(check=False)
    assert code != 0
    assert "it ended with exit code 4" in text
    assert "instance i-1 failed ValidateService: connection refused" in text
    # The hook ran when everything existed: nothing was cancelled halfway.
    _, exported = ha_project.pulumi("stack", "export")
    resources = json.loads(exported)["deployment"]["resources"]
    made = [r for r in resources if r["custom"] and r["type"].startswith("aws:")]
    assert len(made) == len(provider.created) == HA_RESOURCES


def test_a_stack_that_cannot_be_built_releases_nothing(ha_project, provider):
    provider.failing_types = {"aws:codedeploy/deploymentGroup:DeploymentGroup"}
    code, _ = ha_project.up(check=False)
    assert code != 0
    assert ha_project.runs() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("haproof:minSizes", "3"), 'did you mean "haproof:minSize"?'),
        (("haproof:maxSize", "3"), "minSize <= desiredCapacity <= maxSize"),
        (("haproof:appPath", "nowhere"), "run `make revision`"),
    ],
)
def test_bad_configuration_is_one_message_without_a_stack_trace(ha_project, arguments, message):
    ha_project.pulumi("config", "set", *arguments)
    code, text = ha_project.pulumi("preview", check=False)
    assert code != 0
    assert message in text
    assert "Traceback" not in text


def test_destroy_empties_the_stack(ha_project, provider):
    ha_project.up()
    ha_project.pulumi("destroy", "--yes", "--skip-preview")
    _, exported = ha_project.pulumi("stack", "export")
    assert not json.loads(exported)["deployment"].get("resources")
    # A deployment group is deleted before its application: otherwise its lifecycle hook is orphaned.
    order = provider.deleted
    assert order.index("web-delivery-group") < order.index("web-delivery-application")
