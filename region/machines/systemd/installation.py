"""Enables, disables, links and masks units by links in the machine, as systemctl(1) does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from region.machines import inside
from region.machines.errors import UnitError
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd.search_path import ETC, RUN, SEARCH, SearchPath, UnitNotFound
from region.machines.systemd.specifiers import UnitName, expand
from region.machines.systemd.unit import Install
from region.machines.systemd.unit_file import parse_unit

_PROGRAM: Final = Path(inside.__file__).parent / "unit_links.py"
NOT_INSTALLABLE: Final = (
    "The unit files have no installation config (WantedBy=, RequiredBy=, Also=,\n"
    "Alias= settings in the [Install] section, and DefaultInstance= for template\n"
    "units). This means they are not meant to be enabled using systemctl.\n"
)


class Installation:
    """The links of one machine's units. Every method returns what systemctl prints."""

    def __init__(self, files: RootFileSystem, search: SearchPath) -> None:
        """Change the file system of a running machine."""
        self._files = files
        self._search = search

    def enable(self, word: str, *, runtime: bool = False, force: bool = False) -> str:
        """Link a unit, given by name or absolute path, into what wants it.

        Raises:
            UnitNotFound: If there is no such unit.
            UnitError: If it is masked or invalid, or a link's place is taken.
        """
        directory = RUN if runtime else ETC
        name = PurePosixPath(word).name
        links = self._link(word, directory)
        if links:
            file, install = PurePosixPath(word), self._install_of_file(word)
        else:
            try:
                source = self._search.find(name)
            except UnitNotFound:
                message = f"Failed to enable unit, unit {name} does not exist."
                raise UnitError(message) from None
            name, file = source.name, source.target
            install = self._search.load(source).install
        wanted = self._links(name, file, install, directory)
        if not wanted and not install.also:
            if links:
                return self._change(links=links, force=force) + NOT_INSTALLABLE
            return NOT_INSTALLABLE
        printed = self._change(links=[*links, *wanted], force=force)
        for other in install.also:
            if other.endswith(".service") and other != name:
                printed += self.enable(other, runtime=runtime, force=force)
        return printed

    def disable(self, word: str) -> str:
        """Remove the links of a unit; also the unit's own, if it was linked from elsewhere.

        Raises:
            UnitError: If there is no such unit.
        """
        name = PurePosixPath(word).name
        path = self._search.fragment(name)
        remove = [*self._search.links(name), *self._search.links(name, RUN)]
        if path is None and not remove:
            raise UnitError(f"Failed to disable unit, unit {name} does not exist.")
        if path is not None:
            target = self._files.link_target(str(path))
            if target and not target.startswith(tuple(f"{place}/" for place in SEARCH)):
                remove += [str(path)] if target != "/dev/null" else []
            install = self._installed(name)
            for other in install.also:
                if other.endswith(".service") and other != name:
                    remove += self._search.links(other)
        return self._change(remove=remove)

    def link(self, path: str, *, runtime: bool = False, force: bool = False) -> str:
        """Make the unit file at an absolute `path` known by its name.

        Raises:
            UnitError: If there is no such file, or the name is taken.
        """
        return self._change(links=self._link(path, RUN if runtime else ETC), force=force)

    def mask(self, name: str, *, runtime: bool = False) -> str:
        """Keep a unit, which need not exist, from being started.

        Raises:
            UnitError: If its file is in the place where the mask would go.
        """
        place = f"{RUN if runtime else ETC}/{name}"
        if self._files.link_target(place) is None and self._files.exists(place):
            raise UnitError(f'Failed to mask unit, file "{place}" already exists.')
        return self._change(links=[(place, "/dev/null")], force=True)

    def unmask(self, name: str) -> str:
        """Undo `mask`."""
        places = [f"{directory}/{name}" for directory in (ETC, RUN)]
        return self._change(
            remove=[place for place in places if self._files.link_target(place) == "/dev/null"]
        )

    def _links(
        self, name: str, file: PurePosixPath, install: Install, directory: str
    ) -> list[tuple[str, str]]:
        unit = UnitName(name)
        if unit.is_template:
            if not install.default_instance:
                return []
            unit = UnitName(f"{unit.prefix}@{install.default_instance}.service")
        hostname = self._search.hostname()
        names = [
            *(expand(alias, unit, hostname) for alias in install.aliases),
            *(f"{target}.wants/{unit.full}" for target in install.wanted_by),
            *(f"{target}.requires/{unit.full}" for target in install.required_by),
        ]
        return [(f"{directory}/{path}", str(file)) for path in names]

    def _link(self, path: str, directory: str) -> list[tuple[str, str]]:
        """Return the link that makes a file known; none for what systemd finds anyway."""
        if not path.startswith("/") or str(PurePosixPath(path).parent) in SEARCH:
            return []
        if not self._files.exists(path):
            raise UnitNotFound(f"Failed to link unit, unit {path} does not exist.")
        return [(f"{directory}/{PurePosixPath(path).name}", path)]

    def _install_of_file(self, path: str) -> Install:
        return parse_unit(self._files.read_text(path), PurePosixPath(path)).install

    def _installed(self, name: str) -> Install:
        try:
            return self._search.load(self._search.find(name)).install
        except UnitError:
            return Install()

    def _change(
        self,
        *,
        links: Iterable[tuple[str, str]] = (),
        remove: Iterable[str] = (),
        force: bool = False,
    ) -> str:
        request: Mapping[str, object] = {
            "links": list(links),
            "remove": list(remove),
            "force": force,
        }
        if not request["links"] and not request["remove"]:
            return ""
        done: dict[str, Any] = self._files.call(_PROGRAM, request)
        if done["conflict"]:
            path, target = done["conflict"]
            is_link = f' and is a symlink to "{target}"' if target else ""
            raise UnitError(f'Failed to enable unit, file "{path}" already exists{is_link}.')
        created = [f"Created symlink {path} → {target}.\n" for path, target in done["created"]]
        return "".join([*(f'Removed "{path}".\n' for path in done["removed"]), *created])
