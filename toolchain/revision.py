"""Builds the sample service's CodeDeploy revision from `app/`: its code plus what it imports.

The libraries travel inside the revision, so that a deployment needs no package index. One revision
installs on Graviton and x86, on any Python from 3.11 on: libraries are pure Python, except for those of
requirements-compiled.txt. These come in a variant for each Python and architecture, which lie beside
each other (an extension module's file name has both in it), and the service runs without them.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from toolchain import paths, progress
from toolchain.engine import uv
from toolchain.errors import ToolError

OLDEST_PYTHON = "3.11"
COMPILED_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
COMPILED_ARCHITECTURES = ("x86_64", "aarch64")
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.in", "README.md")


def ensure() -> str:
    """Build the revision if `app/` has changed since, and return one line about it."""
    version = source_version(paths.APP)
    stamp = paths.REVISION / "VERSION"
    if not stamp.exists() or stamp.read_text(encoding="ascii").strip() != version:
        _build(version)
    return f"Revision: music-note {version}"


def source_version(app: Path) -> str:
    """Return twelve hex digits over names, modes and contents of everything below `app`."""
    digest = hashlib.sha256()
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
    _install("build the revision", part / "requirements.txt", lib, OLDEST_PYTHON)
    native = [p.name for p in lib.rglob("*.so")]
    if native:
        raise ToolError(
            f"the revision must be pure Python, but contains {', '.join(native)}; choose another "
            "library in app/requirements.in, or one that can be missing, in requirements-compiled.in"
        )
    _add_compiled(part / "requirements-compiled.txt", lib)
    shutil.rmtree(lib / "bin", ignore_errors=True)
    (lib / ".lock").unlink(missing_ok=True)
    (part / "VERSION").write_text(version + "\n", encoding="ascii")
    shutil.rmtree(paths.REVISION, ignore_errors=True)
    part.rename(paths.REVISION)


def _add_compiled(requirements: Path, lib: Path) -> None:
    """Install every variant of the compiled libraries into `lib`.

    Raises:
        ToolError: A variant is missing, or variants have files of the same name.
    """
    variant = lib.with_name("lib.variant")
    counts: list[int] = []
    for python in COMPILED_PYTHONS:
        for architecture in COMPILED_ARCHITECTURES:
            title = f"build the revision: compiled for CPython {python} on {architecture}"
            platform = ("--python-platform", f"{architecture}-manylinux2014")
            shutil.rmtree(variant, ignore_errors=True)
            _install(title, requirements, variant, python, *platform)
            modules = [file.relative_to(variant) for file in variant.rglob("*.so")]
            check_tags(modules, python, architecture)
            counts.append(len(modules))
            shutil.rmtree(variant / "bin", ignore_errors=True)
            shutil.copytree(variant, lib, dirs_exist_ok=True)
    shutil.rmtree(variant, ignore_errors=True)
    if len(set(counts)) != 1:
        raise ToolError(
            f"the compiled libraries of {requirements.name} are not complete for every Python and "
            f"architecture: {counts} extension modules; choose another version in app/"
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


def _install(title: str, requirements: Path, target: Path, python: str, *options: str) -> None:
    progress.run(
        [
            *(uv(), "pip", "install", "--quiet", "--no-compile-bytecode"),
            *("--only-binary", ":all:", "--no-deps", "--require-hashes"),
            *("--python-version", python, "--target", str(target), "-r", str(requirements)),
            *options,
        ],
        title=title,
        log=paths.TOOLS / "log" / "revision.log",
    )
