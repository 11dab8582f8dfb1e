"""Finds the unit files of a machine where systemd looks for them (systemd.unit(5))."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from region.machines.errors import DiskError, UnitError
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd.specifiers import UnitName
from region.machines.systemd.unit import Unit
from region.machines.systemd.unit_file import parse_unit

ETC: Final = "/etc/systemd/system"
RUN: Final = "/run/systemd/system"
SEARCH: Final = (
    ETC,
    RUN,
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_MAX_ALIASES: Final = 8
# Targets that are not reached when a machine boots; graphical.target is if it is the default.
_NOT_AT_BOOT: Final = frozenset(
    f"{name}.target"
    for name in (
        "emergency", "exit", "graphical", "halt", "hibernate", "hybrid-sleep", "kexec", "poweroff",
        "reboot", "rescue", "shutdown", "sleep", "suspend", "suspend-then-hibernate",
    )
)  # fmt: skip


class UnitNotFound(UnitError):  # noqa: N818 - systemd's own term
    """The machine has no unit of this name."""


class UnitMasked(UnitError):  # noqa: N818 - systemd's own term
    """The unit is masked: it cannot be started."""


@dataclass(frozen=True)
class UnitSource:
    """A unit's files.

    Attributes:
        name: Its own name, where it was asked for by an alias.
        path: The file in the search path.
        target: The file itself, where the one in the search path is a link.
    """

    name: str
    path: PurePosixPath
    target: PurePosixPath
    text: str
    drop_ins: tuple[tuple[PurePosixPath, str], ...]


class SearchPath:
    """The unit files of one machine; everything is read at every call."""

    def __init__(self, files: RootFileSystem) -> None:
        """Look in the file system of a running machine."""
        self._files = files

    def find(self, name: str) -> UnitSource:
        """Find the files of the unit called `name`.

        Raises:
            UnitNotFound: If there is none.
            UnitMasked: If it is masked.
            UnitError: If a file cannot be read.
        """
        for _ in range(_MAX_ALIASES):
            path = self.fragment(name)
            if path is None:
                raise UnitNotFound(f"Unit {name} not found.")
            target = self._target(path)
            if str(target) == "/dev/null":
                raise UnitMasked(f"Unit {name} is masked.")
            alias = _alias(name, target)
            if not alias:
                text = self._read(path)
                if not text:
                    raise UnitMasked(f"Unit {name} is masked.")
                return UnitSource(name, path, target, text, tuple(self._drop_ins(name)))
            name = alias
        raise UnitError(f"Unit {name}: too many links from one unit name to another.")

    def load(self, source: UnitSource) -> Unit:
        """Parse what was found.

        Raises:
            UnitError: If it is invalid.
        """
        return parse_unit(
            source.text,
            source.target,
            name=source.name,
            drop_ins=source.drop_ins,
            hostname=self.hostname(),
        )

    def hostname(self) -> str:
        """Return the machine's host name."""
        try:
            return self._files.read_text("/etc/hostname").strip() or "localhost"
        except (OSError, UnicodeDecodeError, DiskError):
            return "localhost"

    def fragment(self, name: str) -> PurePosixPath | None:
        """Return the path of a unit's file; of its template if there is none for the instance."""
        for candidate in filter(None, (name, UnitName(name).template)):
            for directory in SEARCH:
                path = PurePosixPath(directory, candidate)
                if self._files.link_target(str(path)) is not None or self._files.exists(str(path)):
                    return path
        return None

    def names(self) -> list[str]:
        """List the services that have a file, templates included."""
        found = {name for directory in SEARCH for name in self._files.names(directory)}
        return sorted(name for name in found if name.endswith(".service"))

    def wanted_by(self, name: str, kind: str = "wants") -> list[str]:
        """List the services with a link in `<name>.wants` or, as `kind`, `<name>.requires`."""
        found = {
            service
            for directory in SEARCH
            for service in self._files.names(f"{directory}/{name}.{kind}")
        }
        return sorted(service for service in found if service.endswith(".service"))

    def enabled_at_boot(self) -> list[str]:
        """List the services that targets reached at boot pull in, by links of /etc and /run."""
        not_reached = _NOT_AT_BOOT - {self._default_target()}
        found: set[str] = set()
        for directory in (ETC, RUN):
            for entry in self._files.names(directory):
                target, _, kind = entry.rpartition(".")
                if kind not in {"wants", "requires"} or not target.endswith(".target"):
                    continue
                if target not in not_reached:
                    found.update(self._files.names(f"{directory}/{entry}"))
        return sorted(name for name in found if name.endswith(".service"))

    def links(self, name: str, directory: str = ETC) -> list[str]:
        """List the links in `directory` that enable a unit: in *.wants and *.requires, aliases."""
        found: list[str] = []
        for entry in self._files.names(directory):
            path = f"{directory}/{entry}"
            if entry.endswith((".wants", ".requires")):
                if name in self._files.names(path):
                    found.append(f"{path}/{name}")
            elif entry != name and entry.endswith(".service"):
                target = self._files.link_target(path)
                if target and PurePosixPath(target).name == name:
                    found.append(path)
        return found

    def state(self, name: str) -> str:
        """Return a unit file's state as `systemctl is-enabled` prints it; "" if there is none."""
        path = self.fragment(name)
        if path is None:
            return ""
        target = self._target(path)
        runtime = "-runtime" if path.is_relative_to(RUN) else ""
        known = (
            (str(target) == "/dev/null", f"masked{runtime}"),
            (bool(_alias(name, target)), "alias"),
            (bool(self.links(name)), "enabled"),
            (bool(self.links(name, RUN)), "enabled-runtime"),
            (target != path and not _in_search_path(target), f"linked{runtime}"),
        )
        for holds, state in known:
            if holds:
                return state
        install = self.load(self.find(name)).install
        if install.wanted_by or install.required_by or install.aliases:
            return "disabled"
        return "indirect" if install.also else "static"

    def _default_target(self) -> str:
        for directory in SEARCH:
            target = self._files.link_target(f"{directory}/default.target")
            if target:
                return PurePosixPath(target).name
        return "multi-user.target"

    def _target(self, path: PurePosixPath) -> PurePosixPath:
        target = self._files.link_target(str(path))
        return path if target is None else path.parent / target

    def _drop_ins(self, name: str) -> Iterable[tuple[PurePosixPath, str]]:
        """Read the drop-ins in order: by file name, of equal ones only the first found counts."""
        chosen: dict[str, PurePosixPath] = {}
        for owner in _drop_in_names(name):
            for directory in SEARCH:
                parent = PurePosixPath(directory, f"{owner}.d")
                for file in self._files.names(str(parent)):
                    if file.endswith(".conf"):
                        chosen.setdefault(file, parent / file)
        for _, path in sorted(chosen.items()):
            if str(self._target(path)) != "/dev/null":
                yield path, self._read(path)

    def _read(self, path: PurePosixPath) -> str:
        try:
            return self._files.read_text(str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise UnitError(f"Unit file {path} cannot be read: {error}.") from error
        except DiskError as error:
            raise UnitError(str(error)) from error


def _drop_in_names(name: str) -> list[str]:
    """Return whose drop-ins apply: the unit, its template, `a-b-` and `a-` of a-b-c, all."""
    unit = UnitName(name)
    parts = unit.prefix.split("-")
    prefixes = [f"{'-'.join(parts[:count])}-.service" for count in range(len(parts) - 1, 0, -1)]
    return [name, *filter(None, [unit.template]), *prefixes, "service"]


def _in_search_path(path: PurePosixPath) -> bool:
    return str(path.parent) in SEARCH


def _alias(name: str, target: PurePosixPath) -> str:
    """Return the unit that a file's link makes `name` another name of; "" if it does not."""
    other = target.name
    template = UnitName(name).template
    if other in {name, template} or not other.endswith(".service"):
        return ""
    if UnitName(other).is_template and UnitName(name).instance:
        return f"{UnitName(other).prefix}@{UnitName(name).instance}.service"
    return other
