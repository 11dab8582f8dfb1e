"""A CodeDeploy revision built from a directory, reproducibly: same content, same bytes. Pure."""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from components.errors import ConfigurationError
from components.iam_documents import REVISION_PREFIX
from components.revision import programs
from components.revision.appspec import APPSPEC, check_appspec

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The zip format's epoch: the time of a checkout must not change the digest."""

JUNK_DIRECTORIES = frozenset(
    {
        ".git",
        ".hypothesis",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".venv",
    }
)
JUNK_FILES = frozenset({".DS_Store", "Thumbs.db"})
BYTECODE_SUFFIXES = frozenset({".pyc", ".pyo"})
HASH_BASED = 1
"""The flag in the second word of bytecode that does not depend on its source's time (PEP 552)."""

_REGULAR_FILE = 0o100000
_UNIX = 3


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A zipped revision on disk."""

    path: Path
    digest: str
    """SHA-256 of the zip, in hexadecimal."""
    hints: tuple[str, ...] = ()
    """What in the appspec.yml will have no effect, one line each."""

    @property
    def key(self) -> str:
        """The object key in the bucket: content-addressed."""
        return f"{REVISION_PREFIX}{self.digest}.zip"


def build_bundle(source: Path, cache: Path, architecture: str | None = None) -> Bundle:
    """Zip `source` into `cache`, named after its digest.

    The file is written atomically, and a second call with the same content leaves it untouched.
    `architecture` is that of the instances, in EC2's words; without it, any program will do.

    Raises:
        ConfigurationError: The directory is not a revision.
    """
    members, hints = members_and_hints(source)
    if architecture and (others := programs.only_for_others(source, members, architecture)):
        remedy = (
            f"the stack's EC2 instances have {architecture} and cannot run them: build the revision "
            f"for {architecture} as well, or set haproof:instanceType to another type"
        )
        hints = (*hints, f"{others}; {remedy}")
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = cache / f".{os.getpid()}.zip"
    try:
        _write_zip(source, members, unfinished)
        with unfinished.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        path = cache / f"{digest}.zip"
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return Bundle(path=path.resolve(), digest=digest, hints=hints)


def members_and_hints(source: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Return the files of a revision, and what in its appspec.yml will have no effect.

    Raises:
        ConfigurationError: The directory is not a revision, or its deployment is certain to fail.
    """
    if not source.is_dir():
        raise ConfigurationError(
            f'haproof:appPath is "{source}", which is not a directory; run `make revision` to build '
            "the sample application there, or set the key to your application's directory."
        )
    if not (source / APPSPEC).is_file():
        other = (source / APPSPEC).with_suffix(".yaml")
        remedy = (
            f"rename {other.name}, which the agent's hooks do not look for"
            if other.is_file()
            else "run `make revision` to build the sample application, or add the file (CodeDeploy "
            'user guide, "AppSpec file reference")'
        )
        raise ConfigurationError(
            f'haproof:appPath is "{source}", which has no {APPSPEC} at its root; {remedy}.'
        )
    members = bundle_members(source)
    return members, check_appspec(source, members)


def bundle_members(source: Path) -> list[Path]:
    """List the files that belong to the revision, sorted by their names in the zip.

    Empty directories are left out; links to files are followed as long as they stay inside.

    Raises:
        ConfigurationError: A link leads out of the directory or to a directory, or a file is not
            a regular file.
    """
    root = source.resolve()
    members: list[Path] = []
    for directory, folders, files in os.walk(source):
        folders[:] = [folder for folder in folders if folder not in JUNK_DIRECTORIES]
        here = Path(directory)
        for linked in (here / folder for folder in folders if (here / folder).is_symlink()):
            raise ConfigurationError(
                f'The revision has a linked directory, "{linked}", which a zip cannot hold; '
                "replace it with the files themselves."
            )
        members.extend(here / name for name in files if not _is_junk(here / name))
    for member in members:
        if not member.resolve().is_relative_to(root) or not member.is_file():
            raise ConfigurationError(
                f'The revision\'s file "{member}" is not a regular file inside "{source}" '
                "(a link that leads out, a socket or a pipe); replace it with a copy or remove it."
            )
    return sorted(members, key=lambda member: member.relative_to(source).as_posix())


def _is_junk(file: Path) -> bool:
    if file.suffix in BYTECODE_SUFFIXES:
        return not _is_meant(file)
    return file.name in JUNK_FILES


def _is_meant(bytecode: Path) -> bool:
    """Return whether bytecode was made to be deployed; what a run leaves goes by its source's time."""
    try:
        with bytecode.open("rb") as file:
            flags = int.from_bytes(file.read(8)[4:], "little")
    except OSError:
        return False
    return bool(flags & HASH_BASED)


def _write_zip(source: Path, members: list[Path], target: Path) -> None:
    # Stored, not deflated: compressed bytes differ between zlib's versions and forks, so the same
    # revision would get another digest on another machine. It also saves the instance's CPU.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            entry = zipfile.ZipInfo(member.relative_to(source).as_posix(), date_time=EARLIEST)
            entry.create_system = _UNIX
            # Like Git, keep only whether a file is executable: the rest depends on the umask.
            mode = 0o755 if member.stat().st_mode & 0o111 else 0o644
            entry.external_attr = (_REGULAR_FILE | mode) << 16
            archive.writestr(entry, member.read_bytes())
