"""SQS queues, where moto differs: a change of one attribute leaves the queue's policy as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.sqs.models import Queue

from region.api.patching import Original, Patches

patches = Patches()
_POLICY: Final = "Policy"


def install() -> None:
    """Patch moto's SQS."""
    patches.install()


@patches.around(Queue, "_set_attributes")
def _set_attributes(
    moto: Original, self: Queue, attributes: Mapping[str, Any], now: float | None = None
) -> None:
    kept = self.policy if _POLICY not in attributes and hasattr(self, "_policy_json") else None
    moto(self, {**attributes, _POLICY: kept} if kept else attributes, now)
