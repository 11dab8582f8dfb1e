"""The project's own two stacks against the pack, in the real CLI."""

from __future__ import annotations

import shutil

import pytest
import yaml
from guardrails.catalogue import RULES
from guardrails.model import Scope

from tests.policies.preview.sandbox import PACK, ROOT, Sandbox

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def project(echo_provider, standing, tmp_path_factory):
    """A copy of the program with both stacks; the repository's own files are not touched."""
    directory = tmp_path_factory.mktemp("project")
    sandbox = Sandbox(directory, echo_provider.port, pack=standing.pack, path=standing.path)
    sandbox.project.mkdir()
    (sandbox.project / ".venv").symlink_to(ROOT / ".venv")
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.single.yaml", "Pulumi.ha.yaml"):
        shutil.copy(ROOT / name, sandbox.project)
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("appspec", "commandline", "components", "loadspec", "policies/availability"):
        shutil.copytree(ROOT / package, sandbox.project / package, ignore=ignored)
    revision = sandbox.directory / "revision"
    revision.mkdir()
    (revision / "appspec.yml").write_text("version: 0.0\nos: linux\n")
    for stack in ("single", "ha"):
        sandbox.pulumi("stack", "init", stack)
        sandbox.pulumi("config", "set", "haproof:appPath", str(revision), "-s", stack)
    return sandbox


def preview(project, stack, *arguments):
    return project.pulumi(
        "preview", "-s", stack, "--policy-pack", str(project.pack), *arguments, check=False
    )


# What the defaults leave out because it costs money, a domain or a teardown.
LOW_COST = {
    "asg-multiple-instance-types",
    "elb-access-logs",
    "elb-deletion-protection",
    "alarm-topic-read",
    "elb-tls-listener",
    "no-public-ip",
    "rds-deletion-protection",
    "rds-multi-az",
    "s3-revision-bucket-kept",
}

HIGH_AVAILABILITY = {rule.id for rule in RULES if rule.scope is Scope.HIGH_AVAILABILITY}


def test_ha_breaks_only_advisory_rules_that_the_low_cost_defaults_leave_out(project):
    result = preview(project, "ha")
    assert result.code == 0, result.text
    assert not result.rules(), result.text
    assert {"rds-multi-az", "rds-deletion-protection"} <= result.rules("advisory") <= LOW_COST


def test_the_single_stack_is_not_held_to_high_availability(project):
    result = preview(project, "single")
    assert result.code == 0, result.text
    assert not result.rules(), result.text
    advisory = result.rules("advisory")
    assert {"rds-deletion-protection", "no-public-ip"} <= advisory <= LOW_COST, result.text
    assert not advisory & HIGH_AVAILABILITY, result.text


# What haproof offers besides the defaults must pass its own pack. Options share a preview where they
# can, because each preview costs seconds.
OPTIONS = {
    "private and mixed": {
        "network": "nat",
        "accessLogs": True,
        "flowLogs": True,
        "instanceTypes": ["t4g.micro"],
        "spotPercentage": 50,
    },
    "new certificate": {"domainName": "www.example.com", "hostedZoneId": "Z0123456789ABC"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_options_keep_every_mandatory_rule(project, name, tmp_path):
    # In its own file: `--config` would write into the stack's file, and so into the next test.
    settings = yaml.safe_load((project.project / "Pulumi.ha.yaml").read_text())
    settings["config"] |= {f"haproof:{key}": value for key, value in OPTIONS[name].items()}
    file = tmp_path / "Pulumi.ha.yaml"
    file.write_text(yaml.safe_dump(settings))
    result = preview(project, "ha", "--config-file", str(file))
    assert result.code == 0, result.text
    assert not result.rules(), result.text


def test_production_refuses_the_low_cost_defaults(project):
    result = preview(
        project, "ha", "--policy-pack-config", str(PACK / "profiles" / "production.json")
    )
    assert result.code != 0
    assert {"rds-multi-az", "rds-deletion-protection"} <= result.rules() <= LOW_COST


def test_a_setting_that_gives_up_availability_is_refused(project, tmp_path):
    settings = yaml.safe_load((project.project / "Pulumi.ha.yaml").read_text())
    settings["config"]["haproof:minimumHealthyHosts"] = "0"
    file = tmp_path / "Pulumi.ha.yaml"
    file.write_text(yaml.safe_dump(settings))
    result = preview(project, "ha", "--config-file", str(file))
    assert result.code != 0
    assert result.rules() == {"codedeploy-min-healthy-hosts"}, result.text
