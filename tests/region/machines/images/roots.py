"""Root file systems made of a few programs of this computer, with the libraries they need."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

PROGRAMS = (
    "bash", "sh", "cat", "curl", "id", "head", "ls", "mkdir", "mkfifo", "mktemp", "rm", "sed", "sleep",
    "stat", "tail", "touch",
)  # fmt: skip


def make_root(root: Path, programs: tuple[str, ...] = PROGRAMS) -> Path:
    """Make a small system that is not usrmerged; its libraries are where the host's are."""
    for directory in ("etc", "usr/bin", "bin", "tmp", "var/log", "root", "srv", "dev", "proc"):
        (root / directory).mkdir(parents=True)
    for program in programs:
        found = shutil.which(program)
        assert found, program
        real = os.path.realpath(found)
        shutil.copy2(real, root / "bin" / program)
        for library in libraries(real):
            copy_once(library, root)
    for library in libraries(str(Path(sys.base_prefix, "bin", "python3"))):
        if Path(library).is_relative_to("/lib"):
            copy_once(library, root)
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/bash\napp:x:999:999::/srv:/bin/sh\n"
    )
    (root / "etc/group").write_text("root:x:0:\napp:x:999:\n")
    (root / "etc/os-release").write_text('PRETTY_NAME="Small"\n')
    return root


def copy_once(library: str, root: Path) -> None:
    target = root / library.lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, target)


def libraries(program: str) -> list[str]:
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return re.findall(r"(?:=> )?(/\S+) \(0x", done.stdout)


def tarball(path: Path, members: dict[str, object], mode: str = "w") -> Path:
    """Write an archive: bytes are a file, a str a symbolic link, None a directory, else a TarInfo."""
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.mode = 0o755
            if content is None:
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            elif isinstance(content, str):
                member.type = tarfile.SYMTYPE
                member.linkname = content
                tar.addfile(member)
            else:
                assert isinstance(content, bytes)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return path
