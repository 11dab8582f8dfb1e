"""What all components share: type token, parenting, and knowing when everything below exists."""

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
    """

    settled: pulumi.Output[None]

    def __init__(
        self,
        kind: str,
        name: str,
        props: dict[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers the component; `kind` is `module:Name`, without the namespace."""
        # The props are what the engine compares for a component: without them it never updates.
        super().__init__(f"{NAMESPACE}:{kind}", name, props, opts)

    def child(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        ignore_changes: Sequence[str] = (),
        retain_on_delete: bool | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a resource of this component.

        The caller's own options stay with the component: Pulumi's rules already hand down what
        children should inherit.
        """
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on),
            ignore_changes=list(ignore_changes),
            retain_on_delete=retain_on_delete,
        )

    def below(self) -> Iterator[pulumi.Resource]:
        """Every resource that was created below this component so far, components included."""
        for resource in self._childResources:
            yield resource
            if isinstance(resource, Component):
                yield from resource.below()

    def settle(self) -> None:
        """Gathers everything created below; call it once, after the last child."""
        # The set that `depends_on=[component]` expands to as well, so nothing can be forgotten.
        waits: list[pulumi.Output[Any]] = []
        for resource in self._childResources:
            if isinstance(resource, Component):
                waits.append(resource.settled)
            elif isinstance(resource, pulumi.CustomResource):
                waits.append(resource.id)
        self.settled = pulumi.Output.all(*waits).apply(_nothing)

    def finish(self, outputs: dict[str, Any]) -> None:
        """Settles and registers the outputs: the last statement of a component's constructor."""
        self.settle()
        self.register_outputs(outputs)


def _nothing(_: object) -> None:
    return None
