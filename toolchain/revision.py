"""Builds the sample service's CodeDeploy revision from `app/`: its code plus what it imports.

The libraries travel inside the revision, so that a deployment needs no package index. They are pure
Python: one revision installs on Graviton and x86, on any Python from 3.11 on.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from toolchain import paths, progress
from toolchain.engine import uv
from toolchain.errors import ToolError

OLDEST_PYTHON = "3.11"
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "requirements.in", "README.md")


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
    progress.run(
        [
            *(uv(), "pip", "install", "--quiet", "--no-compile-bytecode"),
            *("--only-binary", ":all:", "--python-version", OLDEST_PYTHON, "--no-deps"),
            *("--require-hashes", "--target", str(part / "lib")),
            *("-r", str(part / "requirements.txt")),
        ],
        title="build the revision",
        log=paths.TOOLS / "log" / "revision.log",
    )
    native = [p.name for p in (part / "lib").rglob("*.so")]
    if native:
        raise ToolError(
            f"the revision must be pure Python, but contains {', '.join(native)}; "
            "choose another library in app/requirements.in"
        )
    shutil.rmtree(part / "lib" / "bin", ignore_errors=True)
    (part / "lib" / ".lock").unlink(missing_ok=True)
    (part / "VERSION").write_text(version + "\n", encoding="ascii")
    shutil.rmtree(paths.REVISION, ignore_errors=True)
    part.rename(paths.REVISION)
