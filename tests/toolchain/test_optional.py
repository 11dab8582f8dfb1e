"""The tools that `make setup` leaves out: where they come from, and what is said where they cannot."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from toolchain import locate, optional, paths, progress
from toolchain.errors import ToolError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """A checkout with nothing on PATH; the list of what would have been run to install something."""
    commands: list[Sequence[str]] = []
    (tmp_path / "path").mkdir()
    monkeypatch.setattr(paths, "TOOLS", tmp_path / ".tools")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(locate, "SYSTEM_DIRECTORIES", ())
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(optional, "go_command", lambda: Path("go"))
    monkeypatch.setattr(optional, "uv", lambda: "uv")

    def run(command: Sequence[str], **_: Any) -> None:
        commands.append(command)
        put_k6(paths.TOOLS, "k6 v1.8.1")

    monkeypatch.setattr(progress, "run", run)
    for tool in optional.TOOLS.values():
        tool.manifest.mkdir(parents=True)
        for name in tool.locks:
            (tool.manifest / name).parent.mkdir(exist_ok=True)
            (tool.manifest / name).write_text("1")
    return commands


def put_k6(tools: Path, says: str) -> None:
    (tools / "k6").mkdir(parents=True, exist_ok=True)
    put(tools / "k6", "k6", says)


def put(directory: Path, name: str, says: str) -> Path:
    file = directory / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def test_a_tool_is_installed_once_and_again_when_its_lock_changes(
    installed: list[Sequence[str]],
):
    assert optional.ensure("k6") == "k6: .tools/k6"
    assert optional.ensure("k6") == "k6: .tools/k6"
    assert len(installed) == 1
    assert installed[0][-1] == "."
    assert optional.command("k6") == [str(paths.TOOLS / "k6" / "k6")]
    (optional.TOOLS["k6"].manifest / "go.sum").write_text("2")
    with pytest.raises(ToolError, match=r"k6 is not in the version that is pinned; run .*tool k6"):
        optional.command("k6")
    optional.ensure("k6")
    assert len(installed) == 2


def test_k6_is_built_with_what_is_added_to_it_and_never_taken_from_path(
    installed: list[Sequence[str]], tmp_path: Path
):
    put(tmp_path / "path", "k6", "k6 v1.8.1 (go1.26)")
    with pytest.raises(ToolError, match=r"k6 is not installed; run .*toolchain tool k6"):
        optional.command("k6")
    optional.ensure("k6")
    assert optional.command("k6") == [str(paths.TOOLS / "k6" / "k6")]
    # Its own code is part of what pins it.
    (optional.TOOLS["k6"].manifest / "user" / "module.go").write_text("2")
    optional.ensure("k6")
    assert len(installed) == 2


@pytest.mark.parametrize("name", ["locust", "otava"])
def test_python_tools_get_an_environment_of_their_own(
    name: str, installed: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
):
    environments: list[dict[str, str]] = []
    monkeypatch.setattr(
        progress, "run", lambda *_, environment, **__: environments.append(environment)
    )
    optional.ensure(name)
    assert environments[0]["UV_PROJECT_ENVIRONMENT"] == str(paths.TOOLS / name)
    # By its interpreter: a script's first line names that by where it was installed, and may be moved.
    programs = paths.TOOLS / name / "bin"
    assert optional.command(name) == [str(programs / "python"), str(programs / name)]


@pytest.mark.parametrize("damage", ["missing", "empty", "broken", "fails"])
def test_a_tool_of_which_something_is_broken_is_installed_again(
    damage: str, installed: list[Sequence[str]]
):
    optional.ensure("k6")
    program = paths.TOOLS / "k6" / "k6"
    match damage:
        case "missing":
            program.unlink()
        case "empty":
            program.write_bytes(b"")
        case "broken":
            program.write_text("#!/nowhere/python\n")
        case _:
            program.write_text("#!/bin/sh\nexit 1\n")
    optional.ensure("k6")
    assert len(installed) == 2
    assert program.read_text().startswith("#!/bin/sh\necho")
    optional.ensure("k6")
    assert len(installed) == 2


def test_an_installation_that_fails_leaves_no_tool_that_counts_as_installed(
    installed: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
):
    optional.ensure("k6")
    (paths.TOOLS / "k6" / "k6").unlink()

    def fail(*_: object, **__: object) -> None:
        raise ToolError("no network")

    monkeypatch.setattr(progress, "run", fail)
    with pytest.raises(ToolError, match="no network"):
        optional.ensure("k6")
    with pytest.raises(ToolError, match=r"k6 is not installed; run .*toolchain tool k6"):
        optional.command("k6")


def test_what_is_missing_for_jmeter_is_named_with_the_remedy(
    installed: list[Sequence[str]], tmp_path: Path
):
    with pytest.raises(ToolError, match=r"Maven is not installed; install it \(Debian: apt-get"):
        optional.ensure("jmeter")
    put(tmp_path / "path", "mvn", "3.9")
    library = paths.TOOLS / "jmeter" / "lib"
    library.mkdir(parents=True)
    with zipfile.ZipFile(library / "ApacheJMeter_config-5.6.3.jar", "w") as settings:
        settings.writestr("bin/jmeter.properties", "a=b")
        settings.writestr("META-INF/LICENSE", "")
    optional.ensure("jmeter")
    assert (paths.TOOLS / "jmeter" / "bin" / "jmeter.properties").read_text() == "a=b"
    assert not (paths.TOOLS / "jmeter" / "META-INF").exists()
    assert any("dependency:copy-dependencies" in part for part in installed[0])
    with pytest.raises(ToolError, match="JMeter needs Java, which is not installed"):
        optional.command("jmeter")


def test_an_unknown_tool_names_the_known_ones(installed: list[Sequence[str]]):
    with pytest.raises(ToolError, match="no tool 'wrk'; choose one of k6, locust, otava, jmeter"):
        optional.ensure("wrk")
