"""The base class of all resource types, and helpers that handlers share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from region.provider import upstream
from region.provider.autoname import Naming
from region.provider.compare import Semantics
from region.provider.errors import CheckFailure
from region.provider.operation import Operation
from region.provider.values import UNKNOWN, Properties

DEFAULTS_KEY: Final = "__defaults"
"""The key under which inputs list those that the provider filled in, as in the real provider."""

MINUTE: Final = 60.0


class Handler:
    """One resource type over boto3.

    The provider calls `create` (one creating call, returns the id), then `apply` with `old=None`
    (the remaining calls and the wait until it is ready), and `read` for the outputs. An update is
    `apply` with the old inputs and `read`. `apply` must be safe to repeat: after a failed one the
    engine calls it again with unchanged inputs.
    """

    resource_type: ClassVar[str]
    supported: ClassVar[frozenset[str]]
    """Paths of the supported input properties (`healthCheck.path`), except `region`."""
    hints: ClassVar[Mapping[str, str]] = {}
    """What to write instead of some unsupported properties."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Top-level inputs that AWS's provider fills in if the program does not set them."""
    sets: ClassVar[frozenset[str]] = frozenset()
    """Paths of lists whose order does not matter."""
    documents: ClassVar[frozenset[str]] = frozenset()
    """Paths of JSON documents."""
    naming: ClassVar[Naming | None] = None
    computed: ClassVar[frozenset[str]] = frozenset()
    """Inputs that AWS fills in if the program does not set them: unknown in a preview."""
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Outputs that an update may change: unknown in its preview."""
    fixed_identity: ClassVar[bool] = False
    """Whether old and new cannot exist side by side, so a replacement deletes first."""
    regional: ClassVar[bool] = True
    """Whether the type has a `region` input."""

    @property
    def force_new(self) -> frozenset[str]:
        """The paths whose change always replaces the resource, as in Pulumi's own provider."""
        return upstream.replacing(self.resource_type)

    def replacing(self, path: str) -> bool:
        """Whether a change at a dotted path always replaces the resource."""
        return any(path == item or path.startswith(f"{item}.") for item in self.force_new)

    @property
    def semantics(self) -> Semantics:
        """How two sets of inputs of this type compare."""
        return Semantics(self.sets, self.documents)

    @property
    def taggable(self) -> bool:
        """Whether the type has a map of tags, and so takes the provider's default tags."""
        return "tags" in self.supported and "tags" not in self.sets

    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Yield what AWS or the region would reject in complete inputs; unknown ones are `UNKNOWN`.

        `old` holds the last inputs, and is empty if the resource does not exist yet.
        """
        del op, inputs, old
        return ()

    def replaces(self, old: Properties, new: Properties, changed: frozenset[str]) -> frozenset[str]:
        """Return further changed top-level properties that replace the resource, by their values.

        Each of them is listed in `upstream.DYNAMIC_REPLACEMENTS`.
        """
        del old, new, changed
        return frozenset()

    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return the outputs that are unknown while an update of these top-level inputs is previewed."""
        del changed
        return self.volatile

    def create(self, op: Operation, inputs: Properties) -> str:
        """Create the resource and return its id."""
        raise NotImplementedError

    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Update what can be changed to the inputs, and wait until the resource is ready."""
        del op, identity, new, old

    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Return the inputs and outputs that the region reports, or None if the resource is gone.

        `state` holds the last known inputs and outputs; it is empty while importing.
        """
        raise NotImplementedError

    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Delete the resource and wait until it is gone. A missing one may raise."""
        raise NotImplementedError


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Return tags as most AWS calls take them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def tag_map(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Return tags as most AWS calls report them, without AWS's own."""
    return {
        str(tag["Key"]): str(tag.get("Value", ""))
        for tag in tags or ()
        if not str(tag["Key"]).startswith("aws:")
    }


def sync_tags(
    new: Properties,
    old: Properties | None,
    add: Callable[[dict[str, str]], object],
    remove: Callable[[list[str]], object],
) -> None:
    """Call `add` and `remove` for the differences between the tags of two inputs, never after a create."""
    if old is None:
        return
    before: dict[str, str] = old.get("tags") or {}
    after: dict[str, str] = new.get("tags") or {}
    gone = [key for key in before if key not in after]
    set_now = {key: value for key, value in after.items() if before.get(key) != value}
    if gone:
        remove(gone)
    if set_now:
        add(set_now)


def given(mapping: Mapping[str, str], inputs: Properties) -> dict[str, Any]:
    """Return AWS parameters from inputs: `{"CidrBlock": "cidrBlock"}`, without absent inputs."""
    return {
        parameter: inputs[name]
        for parameter, name in mapping.items()
        if inputs.get(name) is not None
    }


def found(mapping: Mapping[str, str], description: Mapping[str, Any]) -> Properties:
    """Return properties from AWS's description, with the same mapping as `given`."""
    return {
        name: description[parameter]
        for parameter, name in mapping.items()
        if description.get(parameter) is not None
    }


def changed(new: Properties, old: Properties | None, *names: str) -> bool:
    """Whether one of the inputs differs from the old ones; after a create, whether one is set."""
    if old is None:
        return any(new.get(name) is not None for name in names)
    return any(new.get(name) != old.get(name) for name in names)


def known(inputs: Properties, *names: str) -> bool:
    """Whether all the inputs are set and known."""
    return all(inputs.get(name) is not None and inputs[name] is not UNKNOWN for name in names)


def document_text(value: Any) -> Any:
    """Return a JSON document as text, also if the program passed an object."""
    return json.dumps(value) if isinstance(value, dict | list) else value
