"""Tools that `make setup` leaves out: the other load generators, and change-point detection.

`python -m toolchain tool NAME` installs one of them into `.tools/NAME`, from versions that a lock file
below `toolchain/NAME/` pins. Those in Python get an environment of their own: what they require is not
what this project requires.
"""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain import locate, paths, progress
from toolchain.engine import go_command, uv
from toolchain.errors import ToolError


@dataclass(frozen=True)
class Tool:
    """A tool, what pins it, and how it is installed and started."""

    name: str
    title: str
    locks: tuple[str, ...]
    """Files below `toolchain/NAME/` that pin it."""
    install: Callable[[Tool], None]
    start: Callable[[Tool], list[str]]
    """Returns the command that starts it, once it is installed."""
    version: str
    """Argument with which it prints its version and ends."""

    @property
    def manifest(self) -> Path:
        """Where it is pinned."""
        return paths.ROOT / "toolchain" / self.name

    @property
    def directory(self) -> Path:
        """Where it is installed."""
        return paths.TOOLS / self.name

    @property
    def log(self) -> Path:
        """What its installation prints."""
        return paths.TOOLS / "log" / f"{self.name}.log"

    def pinned(self) -> str:
        """Return a digest of the files that pin it."""
        digest = hashlib.sha256()
        for name in self.locks:
            digest.update((self.manifest / name).read_bytes())
        return digest.hexdigest()

    @property
    def stamp(self) -> Path:
        """What notes which version is installed."""
        return self.directory / ".lock-digest"

    def is_pinned(self) -> bool:
        """Return whether the version that is pinned has been installed."""
        return self.stamp.exists() and self.stamp.read_text(encoding="utf-8") == self.pinned()

    def runs(self) -> bool:
        """Return whether it starts: files of it may be gone, or broken.

        Raises:
            ToolError: What it runs on is not installed.
        """
        try:
            said = subprocess.run(
                [*self.start(self), self.version],
                capture_output=True,
                timeout=60,
                check=False,
                cwd=self.directory,  # JMeter writes a log where it is started
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return said.returncode == 0


def ensure(name: str) -> str:
    """Install a tool unless it is there and runs, and return one line about it.

    Raises:
        ToolError: There is no such tool, or it cannot be installed; the message says what is missing.
    """
    tool = named(name)
    if not (tool.is_pinned() and tool.runs()):
        tool.stamp.unlink(missing_ok=True)
        tool.directory.mkdir(parents=True, exist_ok=True)
        tool.install(tool)
        tool.stamp.write_text(tool.pinned(), encoding="ascii")
    return f"{tool.title}: {tool.directory.relative_to(paths.ROOT)}"


def command(name: str) -> list[str]:
    """Return the command that starts a tool, without its arguments; installs nothing.

    Raises:
        ToolError: There is no such tool, or it is not installed in the version that is pinned.
    """
    tool = named(name)
    started = tool.start(tool)
    if not tool.is_pinned():
        which = "in the version that is pinned" if tool.stamp.exists() else "installed"
        raise ToolError(
            f"{tool.title} is not {which}; run `.venv/bin/python -m toolchain tool {tool.name}`"
        )
    return started


def named(name: str) -> Tool:
    """Return the tool of that name.

    Raises:
        ToolError: There is none; the message lists them.
    """
    if name not in TOOLS:
        raise ToolError(f"there is no tool {name!r}; choose one of {', '.join(TOOLS)}")
    return TOOLS[name]


def _go_build(package: str) -> Callable[[Tool], None]:
    """Return how a Go program is built from the modules that its go.sum pins."""

    def install(tool: Tool) -> None:
        progress.run(
            [
                *(str(go_command()), "build", "-trimpath", "-ldflags", "-s -w"),
                *("-o", str(tool.directory / tool.name), package),
            ],
            title=f"build {tool.title} from Go modules (once; 2 to 4 minutes on two cores)",
            log=tool.log,
            cwd=tool.manifest,
            environment={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"},
        )

    return install


def _go_files(name: str) -> list[str]:
    """Return the Go files of a tool that is built from own code as well."""
    manifest = paths.ROOT / "toolchain" / name
    return sorted(
        str(file.relative_to(manifest))
        for file in manifest.rglob("*.go")
        if not file.name.endswith("_test.go")
    )


def _uv_sync(tool: Tool) -> None:
    """Install a Python project's locked dependencies into an environment of its own."""
    progress.run(
        # Again also what is there already: it may be broken.
        [
            *(uv(), "sync", "--frozen", "--reinstall", "--no-install-project"),
            *("--project", str(tool.manifest)),
        ],
        title=f"install {tool.title} into an environment of its own",
        log=tool.log,
        environment={"UV_PROJECT_ENVIRONMENT": str(tool.directory), "VIRTUAL_ENV": ""},
    )


def _maven_copy(tool: Tool) -> None:
    """Copy what a pom.xml depends on, in the versions that it names, into `lib`."""
    maven = locate.which("mvn")
    if maven is None:
        raise ToolError(
            f"{tool.title} comes from Maven Central, and Maven is not installed; install it "
            "(Debian: apt-get install maven default-jre-headless)"
        )
    progress.run(
        [
            *(str(maven), "--batch-mode", "--quiet", "dependency:copy-dependencies"),
            *("--file", str(tool.manifest / "pom.xml")),
            f"-DoutputDirectory={tool.directory / 'lib'}",
        ],
        title=f"install {tool.title} from Maven Central",
        log=tool.log,
    )


def _jmeter(tool: Tool) -> None:
    """Install JMeter, with the settings beside its libraries that it reads at its start."""
    _maven_copy(tool)
    library = tool.directory / "lib"
    for plugins in ("ext", "junit"):
        # Its launcher looks there, and complains if there is nothing at all.
        (library / plugins).mkdir(exist_ok=True)
    settings = next(library.glob("ApacheJMeter_config-*.jar"))
    with zipfile.ZipFile(settings) as archive:
        archive.extractall(
            tool.directory, [name for name in archive.namelist() if name.startswith("bin/")]
        )


def _executable(tool: Tool) -> list[str]:
    return [str(tool.directory / tool.name)]


def _python_script(tool: Tool) -> list[str]:
    """Start it by the environment's interpreter: a script names that by where it was installed."""
    programs = tool.directory / "bin"
    return [str(programs / "python"), str(programs / tool.name)]


def _jmeter_command(tool: Tool) -> list[str]:
    """Start JMeter by its launcher, which finds settings and libraries from where it lies itself."""
    java = locate.which("java")
    if java is None:
        raise ToolError(
            f"{tool.title} needs Java, which is not installed; install it (Debian: apt-get "
            "install default-jre-headless)"
        )
    library = tool.directory / "lib"
    launcher = next(library.glob("ApacheJMeter-*.jar"), library)
    return [str(java), "-cp", str(launcher), "org.apache.jmeter.NewDriver"]


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "k6",
            "k6",
            ("go.mod", "go.sum", *_go_files("k6")),
            _go_build("."),
            _executable,
            "version",
        ),
        Tool(
            "locust", "Locust", ("pyproject.toml", "uv.lock"), _uv_sync, _python_script, "--version"
        ),
        Tool(
            "otava",
            "Apache Otava",
            ("pyproject.toml", "uv.lock"),
            _uv_sync,
            _python_script,
            "--help",
        ),
        Tool("jmeter", "JMeter", ("pom.xml",), _jmeter, _jmeter_command, "--version"),
    )
}
"""The tools by name."""
