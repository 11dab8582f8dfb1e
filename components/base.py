"""What all components share: type token, parenting, and knowing when every child exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pulumi

NAMESPACE = "haproof"


class Component(pulumi.ComponentResource):
    """A component whose `settled` output resolves when every resource below it exists.

    Registered outputs resolve when *they* are known, not when all children are done, and the engine
    runs a component's after-hook at that moment. `settled` closes the gap: an output that contains
    it resolves last.

    Every subclass creates all of its children in `__init__(name, args, opts)`, where `name` is the
    prefix of every child's name, and ends with `register`.
    """

    settled: pulumi.Output[None]

    def __init__(
        self,
        token: str,
        name: str,
        props: dict[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the component with the engine.

        Args:
            token: The type token without the namespace, `area:Class` (ADR 14).
            name: The logical name, unique among components of this type.
            props: What the engine compares to decide whether the component has changed.
            opts: The caller's resource options.
        """
        # Without props a component never updates.
        super().__init__(f"{NAMESPACE}:{token}", name, props, opts)

    def child(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        ignore_changes: Sequence[str] = (),
        retain_on_delete: bool | None = None,
        delete_before_replace: bool | None = None,
    ) -> pulumi.ResourceOptions:
        """Return the options for a resource of this component.

        The caller's own options stay with the component: Pulumi already passes on what children
        should inherit.
        """
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on),
            ignore_changes=list(ignore_changes),
            retain_on_delete=retain_on_delete,
            delete_before_replace=delete_before_replace,
        )

    def descendants(self) -> Iterator[pulumi.Resource]:
        """Yield every resource created below this component so far, components included."""
        for resource in children_of(self):
            yield resource
            if isinstance(resource, Component):
                yield from resource.descendants()

    def wait_for_children(self) -> None:
        """Set `settled` from everything created below; call it once, after the last child."""
        # The same set that `depends_on=[component]` expands to, so nothing can be forgotten.
        waits: list[pulumi.Output[Any]] = []
        for resource in children_of(self):
            if isinstance(resource, Component):
                waits.append(resource.settled)
            elif isinstance(resource, pulumi.CustomResource):
                waits.append(resource.id)
        self.settled = pulumi.Output.all(*waits).apply(_nothing)

    def register(self, outputs: dict[str, Any]) -> None:
        """Wait for the children and register the outputs: a constructor's last statement."""
        self.wait_for_children()
        self.register_outputs(outputs)


def children_of(resource: pulumi.Resource) -> set[pulumi.Resource]:
    """Return the resources whose parent is `resource`.

    The SDK has no public way to ask. A version that keeps its children elsewhere must fail here:
    an empty set would let the release hook run before the stack exists.

    Raises:
        RuntimeError: The SDK does not keep a set of children where it did in 3.259.
    """
    children = getattr(resource, "_childResources", None)
    if not isinstance(children, set):
        raise RuntimeError(  # noqa: TRY004 - not the caller's type, but the SDK's
            "this version of the Pulumi SDK does not keep a resource's children in "
            "`_childResources`; adapt components/base.py, or pin pulumi to 3.259"
        )
    return children


def _nothing(_: object) -> None:
    return None
