"""The Resource Groups Tagging API, where moto tells each key and value as often as a resource has it."""

from __future__ import annotations

from collections.abc import Iterator

from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

from region.api.patching import Original, Patches

patches = Patches()


def install() -> None:
    """Patch moto's tagging API."""
    patches.install()


@patches.around(ResourceGroupsTaggingAPIBackend, "_get_tag_keys_generator")
def _keys(moto: Original, self: ResourceGroupsTaggingAPIBackend) -> Iterator[str]:
    """Yield each key once."""
    return iter(dict.fromkeys(moto(self)))


@patches.around(ResourceGroupsTaggingAPIBackend, "_get_tag_values_generator")
def _values(moto: Original, self: ResourceGroupsTaggingAPIBackend, tag_key: str) -> Iterator[str]:
    """Yield each value once."""
    return iter(dict.fromkeys(moto(self, tag_key)))
