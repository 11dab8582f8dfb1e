"""Runs a case: the program, with its change made to the registrations on their way to the engine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pulumi.runtime import settings

from tests.policies.preview.program.changing_monitor import ChangingMonitor
from tests.policies.programs.cases import BROKEN, INNOCENTS, Broken, Edit, Innocent


class NamedChanges(ChangingMonitor):
    """Takes a custom resource by its logical name alone: no program here has a name twice."""

    def _key(self, request: Any) -> str:
        return request.name if request.custom else super()._key(request)


def case(name: str) -> Innocent | Broken:
    return INNOCENTS[name] if name in INNOCENTS else BROKEN[name]


def run(one: Innocent | Broken) -> None:
    """Run the program in the current Pulumi run."""
    if one.edit is not None:
        edit = Edit()
        one.edit(edit)
        changes = NamedChanges(settings.get_monitor(), asdict(edit.changes))
        settings.SETTINGS.monitor = changes
        one.program()
        return
    one.program()
