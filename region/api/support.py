"""Which operations and parameters of AWS's services the region has: it does them or refuses them.

`region/services/supported/<service>.toml` declares a service, by boto3's names:

    [operations]
    CreateAutoScalingGroup = "AutoScalingGroupName MinSize Tags LaunchTemplate.Version"

    [structures]
    Tag = "Key Value"

    [only]
    "Placement.Tenancy" = ["default"]

    [without_effect]
    "CreateAutoScalingGroup.SkipZonalShiftValidation" = "no zone here is ever shifted away from"

An operation that is not listed is refused with `NotImplemented`, unless a patch of the region answers it.
So is a parameter that is not listed, and the message names it. Of what is inside a parameter, those
members are admitted that `structures` lists for botocore's shape, wherever that shape occurs; an
operation may list them itself, as above. `only` is for members and parameters of which the region does
some values. `without_effect` is for those whose meaning has nothing to act on here, with the reason; they
are admitted too. What moto or a patch merely stores does not belong in any of them.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moto.core.utils import camelcase_to_underscores

from region.api import patching
from region.api.calls import Call

DIRECTORY: Final = Path(__file__).parent.parent / "services" / "supported"
STORED: Final[Mapping[str, str]] = {
    "sts": "identities of the region's own callers",
    "sqs": "queues, as targets of notifications and events",
    "resourcegroupstaggingapi": "tags of what is there",
    "dynamodb": "tables, which moto serves as a whole",
}
"""Services without a declaration whose answers are what they do, with what they are good for here."""


@dataclass(frozen=True, slots=True)
class Members:
    """What the region has of an operation's parameters, or of a structure's members.

    Attributes:
        done: Those that it does; of an operation also members inside, with dots.
        without_effect: Those that have nothing to act on here, with the reason.
        only: The values that it does, of those of which it does not do all.
    """

    done: frozenset[str] = frozenset()
    without_effect: Mapping[str, str] = field(default_factory=dict[str, str])
    only: Mapping[str, tuple[object, ...]] = field(default_factory=dict[str, tuple[object, ...]])

    def admits(self, path: str) -> bool:
        """Return whether it is done at least in part, or known to have no effect here."""
        return any(
            known == path or known.startswith(f"{path}.")
            for known in (*self.done, *self.without_effect, *self.only)
        )

    def lists_inside(self, path: str) -> bool:
        """Return whether it says itself what is admitted inside a parameter."""
        listed = (*self.done, *self.without_effect, *self.only)
        return any(known.startswith(f"{path}.") for known in listed)

    def takes(self, path: str, value: object) -> bool:
        """Return whether it admits a parameter with this value."""
        if path in self.only:
            return value in self.only[path]
        # What is false asks for nothing, as tools send it that name every parameter.
        return value is False or self.admits(path)


_NOTHING: Final = Members()


@dataclass(frozen=True, slots=True)
class Support:
    """A service's operations, and the structures in their parameters by botocore's names."""

    service: str
    operations: Mapping[str, Members]
    structures: Mapping[str, Members] = field(default_factory=dict[str, Members])

    def refusal(self, call: Call) -> str:
        """Return why a call is refused, empty if it is not."""
        operation = self.operations.get(call.operation)
        if operation is None and self.patched(call.operation):
            return ""
        if operation is None:
            return f"The local region does not implement {call.operation or 'this call'} of {self.service}."
        refused = self._refused(operation, call)
        if not refused:
            return ""
        return (
            f"The local region does not implement the parameter {', '.join(sorted(refused))} of "
            f"{call.operation}: leave it out here (docs/emulator-coverage.md lists those that it has)."
        )

    def _refused(self, operation: Members, call: Call) -> set[str]:
        """Return the parameters of a call that are not admitted, the outermost only."""
        refused: set[str] = set()
        settled: set[str] = set()  # What is inside of these goes with them.
        for given in call.parameter_values():
            if any(given.path.startswith(f"{path}.") for path in settled):
                continue
            own = not given.structure or operation.lists_inside(given.parent)
            lister = operation if own else self.structures.get(given.structure, _NOTHING)
            name = given.path if own else given.member
            if name in lister.without_effect:
                settled.add(given.path)
            elif not lister.takes(name, given.value):
                settled.add(given.path)
                values = " or ".join(map(str, lister.only.get(name, ())))
                refused.add(f"{given.path} (other than {values})" if values else given.path)
        return refused

    def patched(self, operation: str) -> bool:
        """Return whether a patch of the region answers the operation."""
        name, package = camelcase_to_underscores(operation), f"moto.{self.service}.responses"
        return any(
            patch.name == name and patch.target.startswith(package) for patch in patching.applied()
        )


def declared() -> list[str]:
    """List the services that are declared."""
    return sorted(path.stem for path in DIRECTORY.glob("*.toml"))


@functools.cache
def of(service: str) -> Support | None:
    """Return the declaration of a service, None if it has none."""
    path = DIRECTORY / f"{service}.toml"
    if not path.is_file():
        return None
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    operations: dict[str, str] = content["operations"]
    structures: dict[str, str] = content.get("structures", {})
    reasons = _by_owner(content.get("without_effect", {}))
    only = _by_owner(content.get("only", {}))
    unknown = {*reasons, *only} - {*operations, *structures}
    if unknown:
        raise ValueError(f"{path} gives parameters of {sorted(unknown)}, which it does not list")

    def members(lists: Mapping[str, str]) -> dict[str, Members]:
        return {
            name: Members(
                frozenset(listed.split()),
                reasons.get(name, {}),
                {member: tuple(values) for member, values in only.get(name, {}).items()},
            )
            for name, listed in lists.items()
        }

    return Support(service, members(operations), members(structures))


def _by_owner(table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Turn `Owner.member` into the members of each owner."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in table.items():
        owner, _, member = key.partition(".")
        found.setdefault(owner, {})[member] = value
    return found


def unknown_service(service: str) -> str:
    """Return why a call of a service without declaration is refused, empty if it is not."""
    if not service or service in STORED:
        return ""
    return (
        f"The local region does not implement the service {service}: it has "
        f"{', '.join(sorted({*declared(), *STORED}))}."
    )
