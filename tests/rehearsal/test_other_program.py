"""Another program than the checkout's: what of it is previewed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal import other_program
from rehearsal.pulumi_project import EngineError
from toolchain import locate, paths, versions


def written(directory: Path, project: Any, **stacks: Any) -> Path:
    (directory / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    for name, settings in stacks.items():
        (directory / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(settings))
    return directory


PYTHON = {"name": "shop", "runtime": {"name": "python"}}


def test_all_its_stacks_in_their_region(tmp_path: Path):
    settings = {"config": {"aws:region": "us-east-1"}}
    found = other_program.find(written(tmp_path, PYTHON, prod=settings, dev=settings))
    assert found.stacks == ("dev", "prod")
    assert found.region == "us-east-1"
    assert other_program.find(tmp_path, ("prod",)).stacks == ("prod",)


def test_a_program_without_settings_gets_a_stack(tmp_path: Path):
    found = other_program.find(written(tmp_path, {"name": "shop", "runtime": "python"}))
    assert (found.stacks, found.region) == (("preview",), None)


def test_settings_are_those_that_pulumi_reads(tmp_path: Path):
    # As `ProjectStackPath` of Pulumi's SDK: they end as the project file does.
    written(tmp_path, {**PYTHON, "stackConfigDir": "stacks"})
    kept_in = tmp_path / "stacks"
    kept_in.mkdir()
    for name in ("dev.yaml", "dev.yml", "test.yml", "dev.deploy.yaml", "prod.json"):
        (kept_in / f"Pulumi.{name}").write_text("config: {}")
    found = other_program.find(tmp_path)
    assert dict(found.settings) == {"dev": kept_in / "Pulumi.dev.yaml"}
    assert [note.partition(" ")[0] for note in found.notes()] == [
        "Pulumi.prod.json", "Pulumi.dev.yml", "Pulumi.test.yml",
    ]  # fmt: skip
    with pytest.raises(EngineError, match=r"stack 'test' \(Pulumi.test.yaml\); it has dev"):
        other_program.find(tmp_path, ("test",))
    (tmp_path / "Pulumi.yaml").rename(tmp_path / "Pulumi.yml")
    assert other_program.find(tmp_path).stacks == ("dev", "test")
    # The older name of `stackConfigDir`, and a project in JSON, for which Pulumi looks first.
    (tmp_path / "Pulumi.json").write_text(json.dumps({**PYTHON, "config": "stacks"}))
    assert other_program.find(tmp_path).stacks == ("prod",)


@pytest.mark.parametrize(
    ("project", "stacks", "message"),
    [
        ({"name": "shop", "runtime": "nodejs"}, (), r"Pulumi.yaml: its runtime is 'nodejs'"),
        ([1], (), r"Pulumi.yaml is not a mapping"),
        ({**PYTHON, "main": "no/"}, (), r"Pulumi.yaml: its `main` is 'no/', and there is no such"),
        (PYTHON, ("test",), r"no settings of a stack 'test' .*; it has dev, prod"),
        (PYTHON, (), r"dev, prod are in different Regions, .* name one of them with --stack"),
    ],
)
def test_what_cannot_be_previewed_is_told(
    tmp_path: Path, project: Any, stacks: tuple[str, ...], message: str
):
    dev, prod = ({"config": {"aws:region": name}} for name in ("us-east-1", "us-west-2"))
    with pytest.raises(EngineError, match=message):
        other_program.find(written(tmp_path, project, dev=dev, prod=prod), stacks)


def test_a_directory_without_a_program_is_told(tmp_path: Path):
    with pytest.raises(EngineError, match=r"cannot read .*Pulumi.yaml.* --program takes"):
        other_program.find(tmp_path)


def test_all_packages_that_are_not_installed_are_told_at_once(tmp_path: Path):
    written(tmp_path, {**PYTHON, "main": "infra"})
    infra = tmp_path / "infra"
    (infra / "parts").mkdir(parents=True)
    (infra / "__main__.py").write_text(
        "import json, pulumi\nimport pulumi_nosuch as a\nfrom parts import web\nfrom . import x\n"
        "import settings\ntry:\n    import perhaps_not\nexcept ImportError:\n    pass\n"
    )
    (infra / "settings.py").write_text("from nosuch_either.deep import y\nimport pulumi_aws\n")
    (infra / "parts" / "__init__.py").write_text("import pulumi_inside\ndef f(:\n")
    (infra / "not_imported.py").write_text("import another_one\n")
    told = "not installed here, where programs run with this project's packages: {}".format
    assert other_program.find(tmp_path).notes() == [told("`nosuch_either`, `pulumi_nosuch`")]


def test_where_the_program_is_instead_is_told(tmp_path: Path):
    (tmp_path / "infra").mkdir()
    written(tmp_path / "infra", PYTHON)
    with pytest.raises(EngineError, match=rf"takes the directory of one program: {tmp_path}/infra"):
        other_program.find(tmp_path)
    with pytest.raises(EngineError, match=rf"takes a directory: {tmp_path}/infra"):
        other_program.find(tmp_path / "infra" / "Pulumi.yaml")
    (tmp_path / "infra" / "Pulumi.yaml").rename(tmp_path / "main.py")
    (tmp_path / "main.py").write_text("stack = auto.create_or_select_stack('dev', 'p', program)")
    with pytest.raises(EngineError, match=r"a program of the Automation API has none: write"):
        other_program.find(tmp_path)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        (
            "pulumi:pulumi:StackReference a/b/c: Preview failed: organization name",
            "below `config`, or judge",
        ),
        (
            "File \"/x/pulumi/stack_reference.py\", line 124, in <lambda>\nKeyError: 'vpcId'",
            "has no states of other stacks: write what it asks them for below `config`",
        ),
        (
            "error: validating stack config: Stack 'prod' is missing configuration value 'primaryRegion'",
            "`primaryRegion: …`, after the project's name and a colon, below `config`",
        ),
        (
            "  x\nModuleNotFoundError: No module named 'pulumi_awsx'",
            "`pulumi_awsx` is not installed here",
        ),
        (
            "Missing required configuration variable 'x:vpc'",
            "`x:vpc: …` below `config` of the stack's settings",
        ),
        ("KeyError: 'DEPLOY_ENV'", "`DEPLOY_ENV` is an environment variable: export it"),
        (
            "no resource plugin 'pulumi-resource-random' found",
            "The provider `random` is not installed",
        ),
        (
            "could not find latest version for provider tls: Get https://api.github.com",
            "The provider `tls` is not installed",
        ),
        (
            "no resource plugin 'pulumi-resource-pulumi-python' found",
            "Dynamic providers are not run",
        ),
        ("latest version for provider pulumi-python: Get", "Dynamic providers are not run here"),
    ],
)
def test_what_a_program_needs_beyond_this_project_has_a_remedy(said: str, remedy: str):
    first, _, last = other_program.explained(said).rpartition("\n")
    assert first == said
    assert remedy in last
    assert other_program.explained("KeyError: 'name'") == "KeyError: 'name'"


def test_outputs_of_other_stacks_are_told_to_be_empty(tmp_path: Path):
    # `get_output` is None then: a group without subnets was judged, and nobody told why.
    written(tmp_path, PYTHON)
    (tmp_path / "__main__.py").write_text("import net  # StackReference\n")
    (tmp_path / "net.py").write_text("import pulumi\n")
    assert other_program.find(tmp_path).notes() == []
    (tmp_path / "net.py").write_text(
        "import pulumi\nnetwork = pulumi.StackReference('o/net/dev')\n"
    )
    [note] = other_program.find(tmp_path).notes()
    assert note.startswith("outputs of other stacks (`StackReference`) are empty here")


def test_packages_of_its_own_are_found_as_if_they_were_installed(tmp_path: Path):
    directory = tmp_path / "infra"
    directory.mkdir()
    written(directory, PYTHON)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'ours'\n")
    assert other_program.find(directory).sources == (tmp_path,)
    (tmp_path / "src").mkdir()
    assert other_program.find(directory).sources == (tmp_path / "src", tmp_path)


def test_an_older_engine_is_refused_by_the_project_itself():
    project = yaml.safe_load((paths.ROOT / "Pulumi.yaml").read_text())
    assert project["requiredPulumiVersion"] == f">={versions.PULUMI_OLDEST}"


@pytest.mark.engine
def test_the_pack_judges_a_state_without_its_program(tmp_path: Path):
    urn = "urn:pulumi:prod::shop::{}::{}".format
    provider = urn("pulumi:providers:aws", "default")
    number = "11111111-1111-1111-1111-111111111111"
    resources: list[dict[str, Any]] = [
        {"urn": provider, "custom": True, "id": number, "type": "pulumi:providers:aws"},
        {
            "urn": urn("aws:s3/bucket:Bucket", "data"),
            "custom": True,
            "id": "data",
            "type": "aws:s3/bucket:Bucket",
            "inputs": {"bucket": "data"},
            "outputs": {"bucket": "data"},
            "provider": f"{provider}::{number}",
        },
    ]
    manifest = {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""}
    state = tmp_path / "state.json"
    state.write_text(
        json.dumps({"version": 3, "deployment": {"manifest": manifest, "resources": resources}})
    )
    done = subprocess.run(
        [
            str(locate.pulumi()),
            *("policy", "analyze", "--file", str(state)),
            *("--policy-pack", str(paths.ROOT / "policies")),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{paths.VENV / 'bin'}{os.pathsep}{locate.search_path()}",
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_BACKEND_URL": f"file://{tmp_path}",
            "PULUMI_CONFIG_PASSPHRASE": "",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    assert "Can it serve?" in done.stdout + done.stderr
    assert "s3-public-access-blocked" in done.stdout
