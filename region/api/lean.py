"""moto and botocore without the data that nobody in the region reads, which they keep for good.

moto reads at its import which instance types each of AWS's regions and zones offers (50 MB), and with EC2
1,200 images for ECS, which would also be in each saved state. botocore keeps the documentation in its
models of the services, half of their size, once for moto's answers and once for clients.
"""

from __future__ import annotations

import functools
import gzip
import importlib
import json
import re
import sys
from contextlib import suppress
from typing import Any, Final

from botocore.loaders import JSONFileLoader, Loader
from moto.utilities import utils

_TABLES: Final = "moto.ec2.models.instance_types"
_OFFERINGS: Final = "ec2/resources/instance_type_offerings"
_ECS: Final = "ec2/resources/ecs/optimized_amis"
_MODEL: Final = "service-2"
_METADATA: Final = re.compile(r'"metadata"\s*:\s*(?=\{)')
_SHARED_TEXT: Final = 80
"""Strings up to this length are kept once, whichever model they are in: the names of shapes."""

_load_resource = utils.load_resource


class Offerings(dict[str, list[dict[str, Any]]]):
    """The instance types on offer by region, for one kind of location; read when they are asked for."""

    def __init__(self, kind: str) -> None:
        """`kind` is EC2's LocationType: `region`, `availability-zone`, `availability-zone-id`."""
        super().__init__()
        self._kind = kind

    def __missing__(self, region: str) -> list[dict[str, Any]]:
        """Read the offers in a region; KeyError if moto has none."""
        try:
            offers = _load_resource(f"{_OFFERINGS}/{self._kind}/{region}.json")
        except FileNotFoundError:
            raise KeyError(region) from None
        for offer in offers:
            offer["LocationType"] = self._kind
        self[region] = offers
        return offers

    def get(self, region: str, default: Any = None) -> Any:
        """Return the offers in a region, or `default` if moto has none."""
        try:
            return self[region]
        except KeyError:
            return default


class _LeanFiles(JSONFileLoader):
    """Reads botocore's models without their documentation."""

    def load_file(self, file_path: str) -> Any:
        """Return the content of `<file_path>.json` or `.json.gz`; None if there is neither."""
        return _read(file_path)


class _EndpointsOnly(JSONFileLoader):
    """Reads, of a service's model, only what says where its endpoints are.

    It reads each file once, until `_heads` is emptied.
    """

    def load_file(self, file_path: str) -> Any:
        """Return what `_LeanFiles` returns, of a service's model only the metadata."""
        return _heads(file_path)


def _read(file_path: str) -> Any:
    text = _text(file_path)
    return None if text is None else json.loads(text, object_pairs_hook=_lean)


def _text(file_path: str) -> str | None:
    for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
        with suppress(FileNotFoundError), opened(f"{file_path}{suffix}", "rb") as file:
            return file.read().decode()
    return None


@functools.cache
def _heads(file_path: str) -> Any:
    text = _text(file_path)
    if text is None:
        return None
    if file_path.endswith(_MODEL) and (metadata := _METADATA.search(text)):
        return {"metadata": json.JSONDecoder().raw_decode(text, metadata.end())[0]}
    return json.loads(text)


def _lean(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {sys.intern(key): _shared(key, value) for key, value in pairs}


def _shared(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if key == "documentation":
        return ""  # botocore relies on its presence
    return sys.intern(value) if len(value) < _SHARED_TEXT else value


def install() -> None:
    """Import moto's EC2 without offers and ECS's images; have models read without documentation.

    Nothing may have imported moto's EC2 before: then its tables are complete, and stay so.
    """
    Loader.FILE_LOADER_CLASS = _LeanFiles
    if _TABLES in sys.modules:
        return
    # At its import moto asks three sessions for EC2's regions, each of which reads EC2's whole model.
    Loader.FILE_LOADER_CLASS = _EndpointsOnly
    utils.load_resource = _without_offerings
    try:
        tables = importlib.import_module(_TABLES).INSTANCE_TYPE_OFFERINGS
    finally:
        utils.load_resource = _load_resource
        Loader.FILE_LOADER_CLASS = _LeanFiles
        _heads.cache_clear()
    for kind in tables:
        tables[kind] = Offerings(kind)


def _without_offerings(resource: str) -> Any:
    # moto's images keep this function for when they are loaded; it knows regions without such a file.
    if resource.startswith(_ECS):
        raise FileNotFoundError(resource)
    return [] if resource.startswith(_OFFERINGS) else _load_resource(resource)
