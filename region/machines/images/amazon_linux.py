"""The image `al2023`: the distribution's own container image, unpacked once into the cache."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from region.machines.images import cache as caching
from region.machines.images import foreign
from region.machines.images.image import Image
from region.machines.images.registry import Manifest, Registry
from region.machines.images.unpack import unpack
from toolchain import progress

REGISTRY: Final = "public.ecr.aws"
REPOSITORY: Final = "amazonlinux/amazonlinux"
TAG: Final = "2023"
"""The newest release at the time of the first use; the cache then keeps its digest."""


def al2023(cache: Path, registry: Registry | None = None) -> Image:
    """Return Amazon Linux 2023; the first time it is fetched, later the network is not used.

    Raises:
        ImageError: If it is not in the cache and cannot be fetched.
    """
    record = cache / "al2023.json"
    digest = _recorded(record)
    root = _root(cache, digest)
    if not digest or not root.is_dir():
        source = registry or Registry(REGISTRY, REPOSITORY)
        # A digest on record is fetched again rather than what the tag stands for by now.
        manifest = source.manifest(digest or TAG)
        root = _root(cache, manifest.digest)
        caching.prepared(root, cache, lambda part: _fetch(source, manifest, part))
        digest = manifest.digest
        part = record.with_suffix(".part")
        part.write_text(json.dumps({"tag": TAG, "digest": digest}), encoding="utf-8")
        part.replace(record)
    description = f"Amazon Linux 2023 ({digest[:19]}, {REGISTRY}/{REPOSITORY})"
    return foreign.of_directory("al2023", root, cache, description)


def fetched(cache: Path) -> Image | None:
    """Return Amazon Linux 2023 if it was fetched before, None otherwise; no network is used."""
    digest = _recorded(cache / "al2023.json")
    return al2023(cache) if digest and _root(cache, digest).is_dir() else None


def _recorded(record: Path) -> str:
    try:
        return str(json.loads(record.read_text(encoding="utf-8"))["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _root(cache: Path, digest: str) -> Path:
    return cache / "roots" / digest.replace(":", "-")


def _fetch(source: Registry, manifest: Manifest, root: Path) -> None:
    total = sum(layer.size for layer in manifest.layers)
    with tempfile.TemporaryDirectory(prefix=".blobs-", dir=root.parent) as scratch:
        archives: list[Path] = []
        with progress.step("fetch Amazon Linux 2023", total) as report:
            before = 0
            for number, layer in enumerate(manifest.layers):
                archives.append(Path(scratch, str(number)))
                source.fetch(layer, archives[-1], lambda done, sum_=before: report(sum_ + done))
                before += layer.size
        with progress.step("unpack Amazon Linux 2023", len(archives)) as report:
            unpack(archives, root, report)
