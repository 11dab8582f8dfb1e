"""The documented revision is one by the project's own checks, and its document is true."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from components import user_data
from components.errors import ConfigurationError
from components.revision.bundle import APPSPEC, build_bundle, bundle_members
from components.user_data import InstanceEnvironment
from region.machines.codedeploy_agent import appspec
from region.machines.systemd.unit_file import parse_unit

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "spring-boot"
DOCUMENT = ROOT / "docs" / "your-own-application.md"


@pytest.fixture
def revision(tmp_path):
    """The example as a user would have it: with the jar that the build puts there."""
    directory = tmp_path / "revision"
    shutil.copytree(EXAMPLE, directory)
    (directory / "app.jar").write_bytes(b"PK\x03\x04")
    return directory


def test_it_is_a_revision(revision, tmp_path):
    bundle = build_bundle(revision, tmp_path / "cache")
    assert bundle.path.stat().st_size > 0
    names = {path.relative_to(revision).as_posix() for path in bundle_members(revision)}
    assert {"appspec.yml", "app.jar", "app.service", "scripts/run.sh"} <= names


def test_a_script_that_was_left_out_is_named(revision, tmp_path):
    (revision / "scripts" / "validate.sh").unlink()
    with pytest.raises(ConfigurationError, match=r"scripts/validate.sh.* for ValidateService"):
        build_bundle(revision, tmp_path / "cache")


def test_without_its_appspec_it_is_rejected_with_the_reason(revision, tmp_path):
    (revision / APPSPEC).unlink()
    with pytest.raises(ConfigurationError, match=r"no appspec.yml at its root.*add the file"):
        build_bundle(revision, tmp_path / "cache")


def test_its_hooks_are_events_with_scripts_that_are_there_and_executable():
    hooks = appspec.load(EXAMPLE).hooks
    assert set(hooks) == {"ApplicationStop", "BeforeInstall", "ApplicationStart", "ValidateService"}
    for scripts in hooks.values():
        for script in scripts:
            file = EXAMPLE / str(script.location)
            assert os.access(file, os.X_OK), file


@pytest.mark.parametrize("script", sorted((EXAMPLE / "scripts").glob("*.sh")), ids=lambda p: p.name)
def test_its_scripts_are_valid_and_stop_at_the_first_error(script):
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/bash\n")
    assert "set -euo pipefail" in text
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_its_unit_runs_without_privileges_and_reads_the_instances_environment():
    text = (EXAMPLE / "app.service").read_text(encoding="utf-8")
    unit = parse_unit(text, PurePosixPath("/opt/app/app.service"))
    assert [file.path for file in unit.environment_files] == ["/opt/haproof/environment"]
    assert unit.exec_start[0].argv == ("/opt/app/scripts/run.sh",)
    assert unit.installable
    assert "DynamicUser=yes" in text


def environment_keys():
    """Every key of /opt/haproof/environment: rendered by the program, or recorded at boot."""
    environment = InstanceEnvironment(
        region="r",
        app_port=1,
        health_path="/h",
        database_host="h",
        database_port=1,
        database_name="n",
        database_secret_arn="a",
        seed_users=1,
        search_index=False,
    )
    boot = (Path(user_data.__file__).parent / "instance_files" / "boot.sh").read_text()
    recorded = set(re.findall(r"^record ([A-Z_]+) ", boot, re.MULTILINE))
    return {line.partition("=")[0] for line in environment.lines().splitlines()} | recorded


def test_the_document_lists_exactly_the_existing_keys():
    table = DOCUMENT.read_text(encoding="utf-8").partition("## What the instance provides")[2]
    table = table.partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == environment_keys()


def test_the_example_uses_only_existing_keys():
    own = {"SERVER_ADDRESS", "SERVER_PORT"}
    for script in (EXAMPLE / "scripts").glob("*.sh"):
        used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script.read_text(encoding="utf-8")))
        assert used - own <= environment_keys(), script.name
