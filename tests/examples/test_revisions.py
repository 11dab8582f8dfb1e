"""The examples are revisions by the project's own checks, and their document is true."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from components import user_data
from components.errors import ConfigurationError
from components.revision.bundle import APPSPEC, build_bundle, bundle_members
from components.user_data import InstanceEnvironment
from region.machines.codedeploy_agent import appspec
from region.machines.systemd.unit_file import parse_unit
from tests.examples.conftest import EXAMPLES, NAMES

DOCUMENT = EXAMPLES.parent / "docs" / "your-own-application.md"
SCRIPTS = sorted(EXAMPLES.glob("*/deploy/scripts/*.sh"))
BUILDS = sorted(EXAMPLES.glob("*/build.sh"))

OWN_VARIABLES = {"APP_VERSION", "PORT", "PWD", "PYTHON_VERSION"}

Revision = Callable[[str], Path]


def label(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def test_every_example_is_tested():
    assert tuple(sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_revision(revision: Revision, name: str, tmp_path: Path):
    directory = revision(name)
    assert build_bundle(directory, tmp_path / "cache").path.stat().st_size > 0
    names = {path.relative_to(directory).as_posix() for path in bundle_members(directory)}
    assert {"appspec.yml", "app/version.env", "scripts/validate.sh"} <= names


@pytest.mark.parametrize("name", NAMES)
def test_a_script_that_was_left_out_is_named(revision: Revision, name: str, tmp_path: Path):
    directory = revision(name)
    (directory / "scripts" / "validate.sh").unlink()
    with pytest.raises(ConfigurationError, match=r"scripts/validate.sh.* for ValidateService"):
        build_bundle(directory, tmp_path / "cache")


@pytest.mark.parametrize("name", NAMES)
def test_before_its_build_the_missing_application_is_named(name: str, tmp_path: Path):
    with pytest.raises(
        ConfigurationError, match=r"installs \"/app\".*\(`/` is the revision's root\)"
    ):
        build_bundle(EXAMPLES / name / "deploy", tmp_path / "cache")


@pytest.mark.parametrize("name", NAMES)
def test_without_its_appspec_it_is_rejected_with_the_reason(
    revision: Revision, name: str, tmp_path: Path
):
    directory = revision(name)
    (directory / APPSPEC).unlink()
    with pytest.raises(ConfigurationError, match=r"no appspec.yml at its root.*add the file"):
        build_bundle(directory, tmp_path / "cache")


@pytest.mark.parametrize("name", NAMES)
def test_its_hooks_are_events_with_scripts_that_are_there_and_executable(name: str):
    spec = appspec.parse((EXAMPLES / name / "deploy" / "appspec.yml").read_text("utf-8"))
    assert {"ApplicationStop", "BeforeInstall", "ApplicationStart", "ValidateService"} <= set(
        spec.hooks
    )
    for scripts in spec.hooks.values():
        for script in scripts:
            file = EXAMPLES / name / "deploy" / str(script.location)
            assert os.access(file, os.X_OK), file
            assert script.runas in {"root", "ec2-user"}, file


@pytest.mark.parametrize("name", NAMES)
def test_what_it_installs_belongs_to_the_applications_user(name: str):
    spec = appspec.parse((EXAMPLES / name / "deploy" / "appspec.yml").read_text("utf-8"))
    assert "/home/ec2-user/app" in {entry.destination for entry in spec.files}
    (permission,) = spec.permissions
    assert (permission.object, permission.owner) == ("/home/ec2-user/app", "ec2-user")


@pytest.mark.parametrize("script", [*SCRIPTS, *BUILDS], ids=label)
def test_its_scripts_are_valid_and_do_not_overlook_errors(script: Path):
    text = script.read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", str(script)], check=True)
    if os.access(script, os.X_OK):
        assert text.startswith("#!/bin/bash\n")
        # What stops an application goes on when there is nothing to stop.
        assert re.search(r"^set -e?uo pipefail$", text, re.MULTILINE)
        assert "set -euo pipefail" in text or script.name == "stop.sh"


@pytest.mark.parametrize("name", NAMES)
def test_it_stops_the_placeholder_and_validates_its_own_version(name: str):
    scripts = EXAMPLES / name / "deploy" / "scripts"
    before = (scripts / "before_install.sh").read_text(encoding="utf-8")
    assert "systemctl disable --now placeholder.service" in before
    # The placeholder and the version before answer the health path as well.
    assert "^x-app-version: $APP_VERSION" in (scripts / "validate.sh").read_text(encoding="utf-8")


def test_spring_boots_unit_runs_as_the_applications_user_in_the_instances_environment():
    text = (EXAMPLES / "spring-boot" / "deploy" / "app.service").read_text(encoding="utf-8")
    unit = parse_unit(text, PurePosixPath("/etc/systemd/system/app.service"))
    assert [file.path for file in unit.environment_files] == [
        "/opt/haproof/environment",
        "/home/ec2-user/app/version.env",
    ]
    assert unit.exec_start[0].argv[0] == "/usr/bin/java"
    assert unit.installable
    assert "User=ec2-user" in text


@pytest.mark.parametrize(
    "lock",
    [
        "node-express/package-lock.json",
        "django-gunicorn/requirements.txt",
        "django-gunicorn/requirements-native.txt",
    ],
)
def test_its_lock_file_names_no_registry(lock: str):
    """Whoever builds it uses the registry or mirror that they have configured."""
    text = (EXAMPLES / lock).read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert "--index-url" not in text
    assert "integrity" in text or "--hash=sha256:" in text


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


@pytest.mark.parametrize("script", SCRIPTS, ids=label)
def test_its_scripts_use_only_existing_keys(script: Path):
    used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script.read_text(encoding="utf-8")))
    assert used <= environment_keys() | OWN_VARIABLES


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        ("spring-boot/src/**/*.java", r"\$\{([A-Z][A-Z_]+)"),
        ("spring-boot/src/**/*.yml", r"\$\{([A-Z][A-Z_]+)"),
        ("node-express/src/*.js", r"environment\.([A-Z][A-Z_]+)"),
        ("django-gunicorn/src/config/*.py", r"environ\.get\(\"([A-Z][A-Z_]+)"),
    ],
)
def test_its_sources_use_only_existing_keys(files: str, pattern: str):
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES.glob(files)]
    used = {name for text in texts for name in re.findall(pattern, text)}
    assert used
    assert used <= environment_keys() | {"APP_VERSION"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("headers", "serves"),
    [
        ("HTTP/1.1 200 OK\r\nX-App-Version: v2\r\n", True),
        ("HTTP/1.1 200 OK\r\nX-App-Version: v1\r\n", False),
        ("HTTP/1.1 200 OK\r\n", True),
    ],
    ids=["this-version", "the-one-before", "no-version"],
)
def test_it_waits_for_its_version_and_believes_who_tells_none(
    name: str, headers: str, tmp_path: Path, *, serves: bool
):
    (tmp_path / "headers").write_text(headers, newline="")
    (tmp_path / "environment").write_text("APP_PORT=8080\nHEALTH_PATH=/health\n")
    (tmp_path / "version.env").write_text("APP_VERSION=v2\n")
    for program, does in {
        "curl": f"cat {tmp_path}/headers", "seq": "echo 1", "sleep": ":", "systemctl": ":", "tail": ":",
    }.items():  # fmt: skip
        (tmp_path / program).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / program).chmod(0o755)
    script = (EXAMPLES / name / "deploy" / "scripts" / "validate.sh").read_text(encoding="utf-8")
    for file in ("/opt/haproof/environment", "/home/ec2-user/app/version.env"):
        script = script.replace(file, f"{tmp_path}/{Path(file).name}")
    done = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) == serves


def test_a_node_application_without_dependencies_is_built_without_npm(tmp_path: Path):
    shutil.copytree(EXAMPLES / "node-express" / "deploy", tmp_path / "deploy")
    shutil.copy(EXAMPLES / "node-express" / "build.sh", tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "server.js").write_text("1;\n")
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "npm").write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / "npm").chmod(0o755)
    done = subprocess.run(
        ["bash", "build.sh"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"built {tmp_path}/build/revision, version ")
    build_bundle(tmp_path / "build" / "revision", tmp_path / "cache")
