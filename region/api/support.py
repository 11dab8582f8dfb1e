"""Which operations and parameters of AWS's services the region has: it does them or refuses them.

`region/services/supported/<service>.toml` declares a service, by boto3's names:

    [operations]
    CreateAutoScalingGroup = "AutoScalingGroupName MinSize Tags LaunchTemplate.Version"

    [without_effect]
    "CreateAutoScalingGroup.SkipZonalShiftValidation" = "no zone here is ever shifted away from"

An operation that is not listed is refused with `NotImplemented`, unless a patch of the region answers it.
So is a parameter that is not listed, and the message names it. Listing `Tags` admits all that is inside;
once a parameter inside is listed, as above, only those that are. `*` is for operations of which moto does
everything. `without_effect` is for parameters whose meaning has nothing to act on here, with the reason;
they are admitted too. What moto or a patch merely stores does not belong in either.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from moto.core.utils import camelcase_to_underscores

from region.api import patching
from region.api.calls import Call

DIRECTORY: Final = Path(__file__).parent.parent / "services" / "supported"
EVERYTHING: Final = "*"
STORED: Final[Mapping[str, str]] = {
    "sts": "identities of the region's own callers",
    "sqs": "queues, as targets of notifications and events",
    "resourcegroupstaggingapi": "tags of what is there",
    "dynamodb": "tables, which moto serves as a whole",
}
"""Services without a declaration whose answers are what they do, with what they are good for here."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that the region has."""

    done: frozenset[str] = frozenset()
    without_effect: Mapping[str, str] = field(default_factory=dict[str, str])

    def admits(self, path: str) -> bool:
        """Return whether a parameter is done, or known to have no effect here."""
        if EVERYTHING in self.done:
            return True
        listed = self.done | self.without_effect.keys()
        if path in listed or any(known.startswith(f"{path}.") for known in listed):
            return True
        parent = path.rpartition(".")[0]
        while parent:
            if any(known.startswith(f"{parent}.") for known in listed):
                return False
            if parent in listed:
                return True
            parent = parent.rpartition(".")[0]
        return False


@dataclass(frozen=True, slots=True)
class Support:
    """A service's operations."""

    service: str
    operations: Mapping[str, Operation]

    def refusal(self, call: Call) -> str:
        """Return why a call is refused, empty if it is not."""
        operation = self.operations.get(call.operation)
        if operation is None and self.patched(call.operation):
            return ""
        if operation is None:
            return f"The local region does not implement {call.operation or 'this call'} of {self.service}."
        if EVERYTHING in operation.done:
            return ""
        refused = sorted({path for path in call.paths() if not operation.admits(path)})
        if not refused:
            return ""
        # Only the outermost: what is inside goes with it.
        outermost = [
            path for path in refused if not any(path.startswith(f"{other}.") for other in refused)
        ]
        return (
            f"The local region does not implement the parameter {', '.join(outermost)} of "
            f"{call.operation}: leave it out here (docs/emulator-coverage.md lists those that it has)."
        )

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
    reasons: dict[str, dict[str, str]] = {}
    for key, reason in content.get("without_effect", {}).items():
        name, _, parameter = key.partition(".")
        reasons.setdefault(name, {})[parameter] = reason
    operations: dict[str, str] = content["operations"]
    unknown = reasons.keys() - operations.keys()
    if unknown:
        raise ValueError(f"{path} gives parameters of {sorted(unknown)}, which it does not list")
    return Support(
        service,
        {
            name: Operation(frozenset(parameters.split()), reasons.get(name, {}))
            for name, parameters in operations.items()
        },
    )


def unknown_service(service: str) -> str:
    """Return why a call of a service without declaration is refused, empty if it is not."""
    if not service or service in STORED:
        return ""
    return (
        f"The local region does not implement the service {service}: it has "
        f"{', '.join(sorted({*declared(), *STORED}))}."
    )
