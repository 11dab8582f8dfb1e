"""A machine's private disk: the part of the file system that belongs to it, /opt.

For the machine's processes /opt is the directory `opt` of the disk (see `namespace`). Code of the
region that acts for the machine from outside translates paths here, resolving symbolic links as
the machine would, so that none leads out of the disk.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from region.machines.errors import DiskError

# The names under /opt that always belong to the machine, even where the host has them as well.
PRIVATE_NAMES = frozenset({"haproof", "codedeploy-agent"})
_MAX_LINKS = 40
_HOST_OPT = Path("/opt")


class Disk:
    """The private disk of one machine, kept in the directory `root` of the host."""

    def __init__(self, root: Path, host_opt: Path = _HOST_OPT) -> None:
        """Use `root`, which need not exist yet; `host_opt` is the host's own /opt."""
        self.root = root
        self._host_opt = host_opt

    @property
    def opt(self) -> Path:
        """The host's directory that the machine sees as /opt."""
        return self.root / "opt"

    @property
    def home(self) -> Path:
        """Home directory of the machine's processes (the host's path; not under /opt)."""
        return self.root / "home"

    @property
    def tmp(self) -> Path:
        """Temporary directory of the machine's processes (the host's path; not under /opt)."""
        return self.root / "tmp"

    def create(self) -> None:
        """Create the directories; existing ones stay as they are."""
        for directory in (self.opt, self.home, self.tmp):
            directory.mkdir(parents=True, exist_ok=True)

    def resolve(self, path: str | PurePosixPath) -> Path:
        """Translate the machine's absolute `path`, which need not exist, to the host's.

        Raises:
            DiskError: If it is relative, lies outside the private part of /opt, or its links form
                a loop.
        """
        wanted = PurePosixPath(path)
        if not wanted.is_absolute():
            raise DiskError(f"Path {str(path)!r} is relative; give an absolute path below /opt.")
        parts = self._follow(wanted)
        if len(parts) < 2 or parts[0] != "opt":
            raise DiskError(
                f"Path {str(path)!r} is outside the machine's private disk; "
                "use a path below /opt, such as /opt/haproof."
            )
        if parts[1] not in PRIVATE_NAMES and (self._host_opt / parts[1]).exists():
            raise DiskError(
                f"Path {str(path)!r} belongs to this host's own /opt/{parts[1]}; "
                "choose another directory below /opt, such as /opt/haproof."
            )
        return self.root.joinpath(*parts)

    def inside(self, host_path: Path) -> PurePosixPath:
        """Translate a host path on the disk to the machine's; the inverse of `resolve`."""
        return PurePosixPath("/") / host_path.relative_to(self.root).as_posix()

    def _follow(self, wanted: PurePosixPath) -> list[str]:
        pending = list(reversed(wanted.parts[1:]))
        resolved: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                resolved = resolved[:-1]
                continue
            candidate = self.root.joinpath(*resolved, part)
            if not candidate.is_symlink():
                resolved.append(part)
                continue
            links += 1
            if links > _MAX_LINKS:
                raise DiskError(f"Path {str(wanted)!r} follows more than {_MAX_LINKS} links.")
            target = PurePosixPath(candidate.readlink())
            if target.is_absolute():
                resolved = []
                target = target.relative_to("/")
            pending.extend(reversed(target.parts))
        return resolved
