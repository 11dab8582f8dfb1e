"""Which units a start pulls in, and in which order (systemd.unit(5))."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Final

from region.machines.errors import UnitError
from region.machines.systemd.search_path import SearchPath, UnitMasked, UnitNotFound
from region.machines.systemd.unit import Unit

# Types of units that a machine of the region does not have. Others (targets, mounts, slices,
# devices) stand for what a machine has as soon as it runs.
_NOT_RUN: Final = (".socket", ".timer", ".path", ".automount")


def refuse_other_types(name: str) -> None:
    """Refuse a unit that is not a service.

    Raises:
        UnitError: If it is none; the message says what the region runs.
    """
    if not name.endswith(".service"):
        raise UnitError(
            f"Unit {name}: the local region runs services (*.service) only; start the service "
            "itself, or run the work in a service of its own."
        )


class StartOrder:
    """Collects the services that must start together with others."""

    def __init__(
        self,
        search: SearchPath,
        load: Callable[[str], Unit],
        built_in: Iterable[str],
        report: Callable[[str], None],
    ) -> None:
        """Load units by `load`; those in `built_in` always run. Messages go to `report`."""
        self._search = search
        self._load = load
        self._built_in = frozenset(built_in)
        self._report = report

    def of(self, names: Iterable[str]) -> list[Unit]:
        """Return the units to start for `names`, in the order of After= and Before=.

        A unit that is required comes before the one that requires it.

        Raises:
            UnitNotFound: If one of `names`, or a service that one requires, does not exist.
            UnitError: If a unit is invalid, or requires what the region does not run.
        """
        units: dict[str, Unit] = {}
        for name in names:
            self._collect(self._load(name), units)
        return [units[name] for name in self._sorted(units)]

    def requires(self, unit: Unit) -> list[str]:
        """Return the services that must run for `unit`, including those linked to it."""
        linked = self._search.wanted_by(unit.name, "requires")
        return self._services([*unit.dependencies.requires, *linked])

    def _services(self, names: Iterable[str]) -> list[str]:
        return [n for n in names if n.endswith(".service") and n not in self._built_in]

    def _collect(self, unit: Unit, units: dict[str, Unit]) -> None:
        if unit.name in units:
            return
        units[unit.name] = unit
        for name in unit.dependencies.requires:
            if name.endswith(_NOT_RUN):
                raise UnitError(
                    f"Unit {unit.name} requires {name}, but the local region runs services only; "
                    "remove Requires=, or use Wants= if the service works without it."
                )
        for name in self.requires(unit):
            self._collect(self._load(name), units)
        wanted = [*unit.dependencies.wants, *self._search.wanted_by(unit.name)]
        for name in self._services(wanted):
            try:
                other = self._load(name)
            except (UnitNotFound, UnitMasked):
                continue
            except UnitError as error:
                self._report(f"systemd: {unit.name} wants {name}: {error}")
                continue
            self._collect(other, units)

    def _sorted(self, units: dict[str, Unit]) -> list[str]:
        # Sorted by name first, so that the order is the same at every boot.
        names = sorted(units)
        before: dict[str, set[str]] = {name: set() for name in names}
        for name in names:
            dependencies = units[name].dependencies
            before[name].update(set(dependencies.after) & units.keys())
            for later in set(dependencies.before) & units.keys():
                before[later].add(name)
        ordered = {name: set(found) for name, found in before.items()}
        for name in names:
            # Without an order systemd starts both at once; here the required one comes first.
            for other in set(self.requires(units[name])) & units.keys():
                if name not in before[other]:
                    ordered[name].add(other)
        for graph in (ordered, before):
            try:
                return list(TopologicalSorter(graph).static_order())
            except CycleError:
                continue
        self._report(f"systemd: After= and Before= of {', '.join(names)} form a circle; ignored.")
        return names
