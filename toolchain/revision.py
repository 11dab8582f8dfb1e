"""Builds the sample service's CodeDeploy revision from `app/`: its code and its dependencies.

The libraries travel inside the revision, so that a deployment needs no package index. Some are compiled:
these come in a variant for each Python and architecture that the revision is for, which lie beside each
other (an extension module's file name has both in it).
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from toolchain import paths, progress
from toolchain.engine import uv
from toolchain.errors import ToolError

DEPLOYED = (("3.11", "aarch64"), ("3.11", "x86_64"))
"""Python and architectures of Amazon Linux 2023, where app/scripts/before_install.sh installs it."""

PLATFORM = "manylinux_2_28"
"""Amazon Linux 2023 has glibc 2.34; asyncpg and uvloop have no variant for one older than 2.28."""

IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.in", "README.md")

Variant = tuple[str, str]
"""Python, such as 3.11, and architecture, such as x86_64."""


def ensure() -> str:
    """Build the revision if `app/` has changed since, and return one line about it."""
    version = source_version(paths.APP, variants())
    stamp = paths.REVISION / "VERSION"
    if not stamp.exists() or stamp.read_text(encoding="ascii").strip() != version:
        _build(version)
    return f"Revision: music-note {version}"


def variants() -> tuple[Variant, ...]:
    """Return what compiled libraries are included for: the deployed Pythons, and the local region's.

    Instances of the local region have the Python that runs this program.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}", platform.machine()
    # An instance is Linux, also where this program is not.
    return tuple(sorted({*DEPLOYED, own} if sys.platform == "linux" else DEPLOYED))


def source_version(app: Path, built_for: Sequence[Variant]) -> str:
    """Return twelve hex digits over the variants and everything below `app`: names, modes, contents."""
    digest = hashlib.sha256()
    for python, architecture in built_for:
        digest.update(f"{python}\0{architecture}\0".encode())
    for file in sorted(p for p in app.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        executable = bool(file.stat().st_mode & 0o100)
        digest.update(f"{file.relative_to(app).as_posix()}\0{executable}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _build(version: str) -> None:
    part = paths.REVISION.with_name("revision.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(paths.APP, part, ignore=IGNORED)
    lib = part / "lib"
    _install(part / "requirements.txt", lib)
    _compile(part)
    (part / "VERSION").write_text(version + "\n", encoding="ascii")
    shutil.rmtree(paths.REVISION, ignore_errors=True)
    part.rename(paths.REVISION)


def _install(requirements: Path, lib: Path) -> None:
    """Install every variant of the libraries into `lib`.

    Raises:
        ToolError: A variant is missing, or variants have files of the same name.
    """
    variant = lib.with_name("lib.variant")
    counts: list[int] = []
    for python, architecture in variants():
        progress.run(
            [
                *(uv(), "pip", "install", "--quiet", "--no-compile-bytecode"),
                *("--only-binary", ":all:", "--no-deps", "--require-hashes"),
                *("--python-version", python, "--python-platform", f"{architecture}-{PLATFORM}"),
                *("--target", str(variant), "-r", str(requirements)),
            ],
            title=f"build the revision: libraries for CPython {python} on {architecture}",
            log=paths.TOOLS / "log" / "revision.log",
        )
        modules = [file.relative_to(variant) for file in variant.rglob("*.so")]
        check_tags(modules, python, architecture)
        counts.append(len(modules))
        shutil.rmtree(variant / "bin", ignore_errors=True)
        (variant / ".lock").unlink(missing_ok=True)
        shutil.copytree(variant, lib, dirs_exist_ok=True)
        shutil.rmtree(variant)
    if len(set(counts)) != 1:
        raise ToolError(
            f"the compiled libraries of {requirements.name} are not complete for every Python and "
            f"architecture: {counts} extension modules for {variants()}; choose another version in app/"
        )


def _compile(revision: Path) -> None:
    """Add bytecode for the Python that runs this program.

    An instance would compile all of it whenever the service starts, as the service may write nothing:
    on a t4g.nano that takes longer than the start itself.
    """
    progress.run(
        [
            *(sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(revision), str(revision / "lib"), str(revision / "music_note")),
        ],
        title="build the revision: bytecode",
        log=paths.TOOLS / "log" / "revision.log",
        # The order of sets is in the bytecode: the same sources shall give the same revision.
        environment={"PYTHONHASHSEED": "0"},
    )


def check_tags(modules: Iterable[Path], python: str, architecture: str) -> None:
    """Check that the file names of extension modules are those of one Python and architecture.

    Raises:
        ToolError: One is not, so that another variant's could have the same name.
    """
    tag = f".cpython-{python.replace('.', '')}-{architecture}-linux-gnu.so"
    for module in modules:
        if not module.name.endswith(tag):
            raise ToolError(
                f"{module} is for more or other than CPython {python} on {architecture}: its name "
                f"should end in {tag}; choose another library in app/requirements-compiled.in"
            )
