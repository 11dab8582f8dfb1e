"""What is released and measured again when it changes. The release itself is a hook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component


@dataclass(frozen=True, kw_only=True)
class ReleaseArgs:
    """Arguments of `Release`.

    Attributes:
        causes: Digests of what is released and of the settings, and the ids of what it is released to. A
            server that is replaced without any change of a setting is another one.
        outputs: What the hook after the release is told.
    """

    causes: Mapping[str, pulumi.Input[Any]]
    outputs: Mapping[str, pulumi.Input[Any]]


class Release(Component):
    """Changes with every cause of a release, so that the hooks bound to it run then."""

    def __init__(
        self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # A hook after an update runs only when the component's own inputs change.
        super().__init__("deployment:Release", name, dict(args.causes), opts)
        self.register(dict(args.outputs))
