"""The toolchain's decisions, without installing anything."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import types
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from packaging.version import Version

from region import preflight
from toolchain import engine, locate, paths, progress, revision, system, versions
from toolchain.__main__ import browser, doctor
from toolchain.errors import ToolError


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with an empty `.tools`, and a PATH with only a directory of its own."""
    monkeypatch.setattr(paths, "TOOLS", tmp_path / ".tools")
    monkeypatch.setattr(paths, "BIN", tmp_path / ".tools" / "bin")
    monkeypatch.setattr(paths, "ARTILLERY", tmp_path / ".tools" / "artillery")
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    return tmp_path


def test_an_engine_on_path_is_used_if_it_is_new_enough(checkout: Path) -> None:
    found = executable(checkout / "path" / "pulumi", "echo v3.251.0")
    executable(checkout / "path" / "pulumi-language-python", "true")

    assert engine.ensure() == "Pulumi on PATH: 3.251.0"
    assert locate.pulumi() == found
    assert not (paths.BIN / "pulumi-language-python").exists()


def test_an_engine_without_a_python_host_gets_ours(checkout: Path) -> None:
    executable(checkout / "path" / "pulumi", "echo v3.251.0")

    engine.ensure()

    launcher = paths.BIN / "pulumi-language-python"
    assert "toolchain/language_host.py" in launcher.read_text()
    assert os.access(launcher, os.X_OK)


def test_checkouts_that_share_their_tools_use_their_own_python_host(checkout: Path) -> None:
    executable(checkout / "path" / "pulumi", "echo v3.251.0")
    engine.ensure()
    for name in ("one", "two"):
        (checkout / name).mkdir()
        (checkout / name / ".tools").symlink_to(paths.TOOLS)
        executable(checkout / name / ".venv" / "bin" / "python", f'echo {name} "$2" "$3"')
        called = checkout / name / ".tools" / "bin" / "pulumi-language-python"
        said = subprocess.run(
            [called, "address"], check=True, capture_output=True, text=True
        ).stdout
        assert said.split() == [name, f"{checkout}/{name}/toolchain/language_host.py", "address"]


def test_an_old_engine_on_path_is_not_used(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(checkout / "path" / "pulumi", "echo v3.237.9")
    steps: list[str] = []

    def no_archive() -> None:
        steps.append("download")
        raise ToolError("no network")

    def build() -> None:
        steps.append("build")
        executable(paths.BIN / "pulumi", f"echo v{versions.PULUMI}")

    monkeypatch.setattr(engine, "_download", no_archive)
    monkeypatch.setattr(engine, "_build", build)

    assert engine.ensure() == f"Pulumi built from Go modules: {versions.PULUMI}"
    assert steps == ["download", "build"]
    # The second call finds it and does nothing.
    assert engine.ensure() == f"Pulumi: {versions.PULUMI}"
    assert steps == ["download", "build"]


def test_a_checksum_is_looked_up_by_name() -> None:
    lines = ["aa  pulumi-v3.1.0-linux-arm64.tar.gz", "BB *pulumi-v3.1.0-linux-x64.tar.gz"]

    assert engine.checksum_of(lines, "pulumi-v3.1.0-linux-x64.tar.gz") == "bb"
    with pytest.raises(ToolError, match="do not list other"):
        engine.checksum_of(lines, "other")


def test_an_archive_that_was_tampered_with_is_rejected(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(b"x")
    engine.verify_checksum(archive, hashlib.sha256(b"x").hexdigest())

    with pytest.raises(ToolError, match="published is 00"):
        engine.verify_checksum(archive, "00")


def test_a_release_archive_is_unpacked_flat(tmp_path: Path) -> None:
    archive = tmp_path / "pulumi.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("pulumi/pulumi", "pulumi/pulumi-language-python"):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = 3, 0o755
            tar.addfile(entry, io.BytesIO(b"bin"))
    target = tmp_path / "out" / "bin"
    target.mkdir(parents=True)

    engine.unpack(archive, target)

    assert sorted(p.name for p in target.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert os.access(target / "pulumi", os.X_OK)


def test_missing_tools_name_the_remedy(checkout: Path) -> None:
    with pytest.raises(ToolError, match="make setup"):
        locate.artillery_command()
    with pytest.raises(ToolError, match="make setup"):
        locate.pulumi()


def test_node_on_path_is_used_only_if_artillery_accepts_it(checkout: Path) -> None:
    old = executable(checkout / "path" / "node", "echo v20.20.2")
    assert locate.node() != old
    executable(old, "echo v24.1.0")
    assert locate.node() == old


@pytest.mark.parametrize(
    ("output", "version"),
    [("v3.259.0", "3.259.0"), ("HAProxy version 2.6.12-1+deb12u1", "2.6.12"), ("no digits", None)],
)
def test_versions_are_parsed_from_a_tools_output(
    tmp_path: Path, output: str, version: str | None
) -> None:
    tool = executable(tmp_path / "tool", f"echo '{output}'")
    assert locate.version_of([str(tool)]) == (Version(version) if version else None)


def test_a_tool_that_cannot_be_run_has_no_version(tmp_path: Path) -> None:
    assert locate.version_of([str(tmp_path / "absent")]) is None


def test_a_user_without_root_gets_the_command_to_run(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(checkout / "path" / "apt-get", "exit 1")
    monkeypatch.setattr(locate, "SYSTEM_DIRECTORIES", ())
    monkeypatch.setattr(system, "COMMANDS", {"surely-absent": "absent-package"})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(ToolError, match=r"sudo apt-get install -y .*absent-package"):
        system.ensure()


@pytest.mark.parametrize(
    ("manager", "packages"),
    [("apt-get", "iproute2 nftables"), ("dnf", "iproute nftables"), ("apk", "iproute2 nftables")],
)
def test_packages_have_their_distributions_names(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, manager: str, packages: str
) -> None:
    executable(checkout / "path" / manager, "exit 1")
    monkeypatch.setenv("PATH", str(checkout / "path"))

    command = system.install_command(["iproute2", "nftables"])

    assert command
    assert " ".join(command).endswith(f" {packages}")


@pytest.mark.parametrize(
    ("find", "command", "package"),
    [
        (locate.runc, "runc", "runc"),
        (locate.nft, "nft", "nftables"),
        (locate.ip, "ip", "iproute2"),
    ],
)
def test_an_instances_tools_are_those_on_path_and_named_if_missing(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    find: Callable[[], Path],
    command: str,
    package: str,
) -> None:
    monkeypatch.setattr(locate, "SYSTEM_DIRECTORIES", ())
    monkeypatch.setenv("PATH", str(checkout / "path"))
    with pytest.raises(ToolError, match=rf"{command} is not installed; .*make setup.*{package}"):
        find()
    assert package in system.missing_packages()

    found = executable(checkout / "path" / command, "exit 0")

    assert find() == found
    assert package not in system.missing_packages()


def test_a_region_needs_what_runs_instances(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "SYSTEM_DIRECTORIES", ())
    monkeypatch.setenv("PATH", str(checkout / "path"))
    with pytest.raises(ToolError) as missing:
        preflight.require(preflight.REGION)
    named = {line.partition(" ")[0] for line in str(missing.value).splitlines()}
    assert named == {"haproxy", "runc", "nft", "ip", "nsenter", "setpriv"}


def test_doctor_shows_what_runs_instances(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    executable(checkout / "path" / "runc", "exit 0")
    monkeypatch.setattr(locate, "SYSTEM_DIRECTORIES", ())
    monkeypatch.setenv("PATH", str(checkout / "path"))
    with pytest.raises(typer.Exit):
        doctor()
    shown = capsys.readouterr().out
    assert f"✓ runc        {checkout / 'path' / 'runc'}" in shown
    assert "✗ nft         nft is not installed" in shown
    assert "✗ ip          ip is not installed" in shown
    assert "– volumes     mkfs.ext4 is not installed; install e2fsprogs" in shown


@pytest.mark.parametrize(
    ("found", "user", "shown"),
    [
        (True, 0, "✓ volumes"),
        (True, 1000, "– volumes     only root may attach loop devices"),
        (False, 0, "– volumes     there is no "),
    ],
)
def test_doctor_shows_whether_instances_have_disks_of_their_own(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    found: bool,
    user: int,
    shown: str,
) -> None:
    executable(checkout / "path" / "mkfs.ext4", "exit 0")
    monkeypatch.setenv("PATH", str(checkout / "path"))
    device = checkout / "loop-control"
    monkeypatch.setattr(locate, "LOOP_CONTROL", device)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    if found:
        device.touch()
    with pytest.raises(typer.Exit):
        doctor()
    assert shown in capsys.readouterr().out.replace("\n", " ")


def test_an_installed_browser_is_left_alone(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "BROWSERS", ("surely-absent", "some-chrome"))
    executable(checkout / "path" / "some-chrome", "echo Chromium 150.0.1")
    executable(checkout / "path" / "apt-get", "exit 1")
    assert system.ensure_browser() == "Chromium: 150.0.1"


def test_a_missing_browser_is_installed_as_root_and_named_to_other_users(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "BROWSERS", ("some-chrome",))
    installed = checkout / "path" / "some-chrome"
    executable(
        checkout / "path" / "apt-get",
        f"""[ "$1" = update ] && exit
printf '#!/bin/sh\\necho 150.0.1\\n' > {installed}; chmod +x {installed}""",
    )
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ToolError, match=r"sudo apt-get install -y .*chromium"):
        system.ensure_browser()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert system.ensure_browser() == "Chromium: 150.0.1"
    executable(checkout / "path" / "apt-get", "exit 0")
    installed.unlink()
    with pytest.raises(ToolError, match="Chromium is not installed"):
        system.ensure_browser()


def test_a_missing_browser_is_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> str:
        raise ToolError("not here")

    monkeypatch.setattr(system, "ensure_browser", refuse)
    browser()
    assert "its tests will be skipped" in capsys.readouterr().err


def test_a_failing_step_shows_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"(?s)try failed \(exit 3\).*the reason"):
        progress.run(["sh", "-c", "echo the reason; exit 3"], title="try", log=tmp_path / "try.log")


def test_compiled_modules_of_one_python_and_architecture_can_lie_beside_others() -> None:
    module = Path("httptools/parser.cpython-312-aarch64-linux-gnu.so")
    revision.check_tags([module], "3.12", "aarch64")
    for other in (("3.11", "aarch64"), ("3.12", "x86_64")):
        with pytest.raises(ToolError, match=r"should end in \.cpython-31\d-\w+-linux-gnu\.so"):
            revision.check_tags([module], *other)


@pytest.mark.parametrize("name", ["parser.so", "parser.abi3.so"])
def test_a_module_that_every_variant_has_under_the_same_name_is_refused(name: str) -> None:
    with pytest.raises(ToolError, match=name):
        revision.check_tags([Path(name)], "3.12", "x86_64")


def test_the_revision_has_bytecode_that_no_time_makes_stale(tmp_path: Path) -> None:
    for name in ("lib", "music_note"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.py").write_text("names = {'a', 'b', 'c'}\n")
    made: list[dict[str, bytes]] = []
    for _ in range(2):
        revision._compile(tmp_path)
        found = {path.parts[-3]: path for path in tmp_path.rglob("*.pyc")}
        made.append({name: path.read_bytes() for name, path in found.items()})
        for path in found.values():
            path.unlink()
    assert made[0] == made[1]
    assert set(made[0]) == {"lib", "music_note"}
    # PEP 552: by hash, unchecked.
    assert {content[4:8] for content in made[0].values()} == {b"\x01\x00\x00\x00"}


@pytest.mark.skipif(not (paths.REVISION / "VERSION").exists(), reason="run `make revision`")
def test_the_revision_has_every_variant_of_its_compiled_libraries() -> None:
    names = [file.name for file in (paths.REVISION / "lib").rglob("*.so")]
    counts: set[int] = set()
    for python, architecture in revision.variants():
        tag = f".cpython-{python.replace('.', '')}-{architecture}-linux-gnu.so"
        counts.add(sum(name.endswith(tag) for name in names))
    assert len(counts) == 1
    assert counts != {0}


def test_the_revision_is_for_amazon_linux_and_for_the_python_of_the_local_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployed = [("3.11", "aarch64"), ("3.11", "x86_64")]
    monkeypatch.setattr(revision.sys, "version_info", types.SimpleNamespace(major=3, minor=13))
    monkeypatch.setattr(revision.platform, "machine", lambda: "x86_64")
    assert revision.variants() == (*deployed, ("3.13", "x86_64"))
    monkeypatch.setattr(revision.sys, "version_info", types.SimpleNamespace(major=3, minor=11))
    assert revision.variants() == tuple(deployed)
    monkeypatch.setattr(revision.sys, "platform", "darwin")
    monkeypatch.setattr(revision.platform, "machine", lambda: "arm64")
    assert revision.variants() == tuple(deployed)


def test_the_revisions_version_follows_its_content_and_variants(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    one = [("3.11", "x86_64")]
    first = revision.source_version(tmp_path, one)
    assert revision.source_version(tmp_path, one) == first
    assert revision.source_version(tmp_path, [*one, ("3.13", "x86_64")]) != first
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("cache")
    assert revision.source_version(tmp_path, one) == first
    (tmp_path / "a").chmod(0o755)
    assert revision.source_version(tmp_path, one) != first


def test_a_font_for_pictures_is_installed_only_if_none_shows_korean(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[list[str]] = []
    shown = checkout / "shown"

    def install(packages: list[str]) -> None:
        installed.append(packages)
        shown.write_text("NanumGothic,나눔고딕\n", encoding="utf-8")

    monkeypatch.setattr(system, "_install", install)
    executable(checkout / "path" / "fc-list", f'[ "$1" = :lang=ko ] && cat {shown} 2>/dev/null')

    assert system.ensure_fonts() == "Korean font: NanumGothic,나눔고딕"
    assert system.ensure_fonts() == "Korean font: NanumGothic,나눔고딕"
    assert installed == [[system.FONTS]]


def test_a_browser_that_is_not_on_path_is_named_with_its_directory(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "BROWSERS", ("some-chrome",))
    monkeypatch.setattr(locate, "USUAL_DIRECTORIES", (str(checkout / "usual"),))
    executable(checkout / "usual" / "some-chrome", "echo 150.0.1")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        ToolError, match=r"usual/some-chrome is not on PATH, which is '/nowhere': add"
    ):
        locate.chromium()
    (checkout / "usual" / "some-chrome").unlink()
    with pytest.raises(ToolError, match="Chromium is not installed"):
        locate.chromium()


@pytest.mark.parametrize("path", ["", None])
def test_an_empty_path_is_that_of_the_system(
    path: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path is None:
        monkeypatch.delenv("PATH")
    else:
        monkeypatch.setenv("PATH", path)
    assert locate.which("sh") in (Path("/bin/sh"), Path("/usr/bin/sh"))
