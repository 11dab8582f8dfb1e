"""The control plane's resources on disk.

All moto backends go into one pickle, because they refer to each other: an Auto Scaling group holds
EC2 instances and a load balancer's target group. What cannot be pickled (locks, keys,
certificates, moto's registries) is replaced by a recipe. IAM's AWS-managed policies, about 24 MB,
are moto's own data: of those that nothing is attached to nothing is stored.

The contents of S3 objects are files of their own (region.api.blobs).

The file is one line of JSON (format, versions, digest) and the pickle. It is read back only by the
versions that wrote it, from the user's own directory: a pickle is code as much as data.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import pickle
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import cloudpickle
import moto
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto.backends import get_backend, list_of_moto_modules
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy
from moto.s3.models import FakeKey, s3_backends

from region import private
from region.api.blobs import BlobStore, Reduced, References, reading

FORMAT = 17
"""Raised when what the region adds to moto's objects changes: older states lack it."""

_get_backend = cast("Callable[[str], Any]", get_backend)
GLOBAL_REGION = "aws"


class StateError(Exception):
    """A state file that cannot be used; the message says why and where it was moved."""


def reset() -> None:
    """Clear every moto backend of this process; they are created again on demand."""
    for accounts in _live_backends():
        accounts.clear()
    vars(BackendDict)["_instances"].clear()
    s3_backends.bucket_accounts.clear()


def backend(service: str, account: str, where: str) -> Any:
    """Return moto's backend of a service in a region, or in GLOBAL_REGION."""
    return _get_backend(service)[account][where]


@dataclass(frozen=True, slots=True)
class Dump:
    """A region's state at one moment: the content of its state file, and what that refers to."""

    payload: bytes
    header: dict[str, object]
    references: References

    def write(self, path: Path, blobs: BlobStore) -> None:
        """Write everything, and return when it is on the disk. A crash leaves the earlier state."""
        blobs.write(self.references.new)
        header = {**self.header, "sha256": _digest(self.payload)}
        private.write_to_disk(path, json.dumps(header).encode() + b"\n" + self.payload)
        self.references.written()
        blobs.keep(self.references.digests)


def dump(account: str, region: str, extra: dict[str, object]) -> Dump:
    """Serialize the state of `account` in `region`.

    The caller holds the control plane's lock. `extra` is whatever else has to survive a restart.
    """
    backends = {
        _module_of(accounts.service_name): {
            name: instance
            for name, instance in accounts[account].items()
            if name in {region, GLOBAL_REGION}
        }
        for accounts in _live_backends()
        if account in accounts
    }
    buffer, references = io.BytesIO(), References()
    _Pickler(buffer, references).dump({"backends": backends, "extra": extra})
    header = {**_identity(), "account": account, "region": region}
    return Dump(buffer.getvalue(), header, references)


def _live_backends() -> list[Any]:
    return list(vars(BackendDict)["_instances"])


def load(path: Path, blobs: BlobStore, account: str, region: str) -> dict[str, object]:
    """Load the resources of the state file into moto's backends and return `dump`'s `extra`.

    Raises:
        StateError: If the file is damaged or was written by another version of moto or Python, or
            for another account, region or user. It is moved aside then, and moto is empty.
    """
    try:
        with reading(blobs):
            return _load(path, account, region)
    except Exception as error:
        reset()
        aside = set_aside(path)
        reason = str(error) if isinstance(error, StateError) else f"{type(error).__name__}: {error}"
        message = (
            f"State file {path} cannot be used ({reason}); it was moved to {aside.name} and the "
            "region starts empty. Stacks still refer to what it held: start over with "
            "`python -m rehearsal stop --remove`, or remove that from them with `pulumi refresh`."
        )
        raise StateError(message) from error


def set_aside(path: Path) -> Path:
    """Rename an unusable state file and return its new path."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.unusable-{stamp}")
    path.replace(aside)
    return aside


def _load(path: Path, account: str, region: str) -> dict[str, object]:
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise StateError(f"it belongs to user id {owner}, not to yours, {os.geteuid()}")
    head, separator, payload = path.read_bytes().partition(b"\n")
    if not separator:
        raise StateError("it has no header")
    _check_header(head, payload, {**_identity(), "account": account, "region": region})
    content = cast("dict[str, Any]", pickle.loads(payload))  # noqa: S301 - ours, checked above
    for module, regions in content["backends"].items():
        accounts = _get_backend(module)[account]
        for name, instance in regions.items():
            dict.__setitem__(accounts, name, instance)
    _name_bucket_owners(account)
    return content["extra"]


def _name_bucket_owners(account: str) -> None:
    """Restore the table that keeps bucket names unique, which moto holds outside its backends."""
    for partition, instance in s3_backends[account].items():
        for name in instance.buckets:
            s3_backends.bucket_accounts[name] = (partition, account)


def _check_header(head: bytes, payload: bytes, expected: dict[str, object]) -> None:
    try:
        header = json.loads(head)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise StateError("it is not a state file of this program")
    header = cast("dict[str, object]", header)
    for key, value in expected.items():
        if header.get(key) != value:
            raise StateError(f"its {key} is {header.get(key)}, this is {value}")
    if header.get("sha256") != _digest(payload):
        raise StateError("its content does not match its checksum")


def _identity() -> dict[str, object]:
    python = ".".join(platform.python_version_tuple()[:2])
    return {"format": FORMAT, "moto": moto.__version__, "python": python}


def _digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


@functools.cache
def _module_of(service_name: str) -> str:
    """Return the moto module of a service; the names of a few differ.

    Every save asks it of every service, with the control plane's lock held, and moto lists its folder
    for that.
    """
    names = set(list_of_moto_modules())
    if service_name in names:
        return service_name
    for name in names:
        try:
            if _get_backend(name).service_name == service_name:
                return name
        except (ImportError, AttributeError):
            continue
    raise StateError(f"moto has no module for service {service_name}")


class _Pickler(cloudpickle.Pickler):
    """A pickler that knows which parts of a moto backend are not data.

    Every API call that changes something waits for one, so what is to be done with an object is looked
    up by its exact type.
    """

    def __init__(self, file: io.BytesIO, references: References) -> None:
        super().__init__(file, protocol=5)
        self._recipes: dict[type, Callable[[Any], Any]] = {FakeKey: references.reduce}

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        recipe = self._recipes.get(kind)
        if recipe is None:
            recipe = self._recipes[kind] = self._recipe_for(kind)
        return recipe(obj)

    def _recipe_for(self, kind: type) -> Callable[[Any], Any]:
        for base, reduce in _RECIPES:
            if issubclass(kind, base):
                return reduce
        if issubclass(kind, dict) and kind.__module__.startswith("moto."):
            return _reduce_mapping
        if hasattr(kind, "private_bytes"):
            return lambda key: (_private_key, (_pem(key),))
        if issubclass(kind, type | FunctionType):
            return super().reducer_override
        return _as_usual


def _as_usual(_: object) -> Any:
    return NotImplemented


def _reduce_mapping(mapping: dict[object, object]) -> Reduced:
    """Reduce a dict subclass to its raw items: S3's store of object versions overrides items()."""
    state = (
        mapping.__dict__,
        dict(dict.items(mapping)),
        getattr(mapping, "default_factory", None),
    )
    return (_empty_mapping, (type(mapping),), state, None, None, _fill_mapping)


def _empty_mapping(kind: type[dict[object, object]]) -> dict[object, object]:
    return kind.__new__(kind)


def _fill_mapping(
    mapping: Any, state: tuple[dict[str, object], dict[object, object], object]
) -> None:
    attributes, items, default_factory = state
    mapping.__dict__.update(attributes)
    if default_factory is not None:
        mapping.default_factory = default_factory
    for key, value in items.items():
        dict.__setitem__(mapping, key, value)


def _account_backend(module: str, account: str) -> object:
    return _get_backend(module)[account]


def _managed_policy(account: str, arn: str) -> AWSManagedPolicy:
    found = get_backend("iam")[account][GLOBAL_REGION].managed_policies[arn]
    return cast("AWSManagedPolicy", found)


def _reduce_managed_policy(policy: AWSManagedPolicy) -> Reduced:
    identity = (policy.account_id, policy.arn)
    state = {"count": policy.attachment_count}
    return (_managed_policy, identity, state, None, None, _set_count)


def _reduce_iam(iam: IAMBackend) -> Reduced:
    """Reduce IAM to what the account has made and attached; the rest is moto's data."""
    used = {
        arn: policy
        for arn, policy in iam.managed_policies.items()
        if type(policy) is not AWSManagedPolicy or policy.attachment_count
    }
    omitted = {"managed_policies", "aws_managed_policies"}
    state = {name: value for name, value in vars(iam).items() if name not in omitted}
    return (_empty_iam, (), (state, used), None, None, _fill_iam)


def _empty_iam() -> IAMBackend:
    return IAMBackend.__new__(IAMBackend)


def _fill_iam(iam: IAMBackend, content: tuple[dict[str, object], dict[str, ManagedPolicy]]) -> None:
    state, used = content
    vars(iam).update(state)
    fresh = cast("IAMBackend", _get_backend("iam")[iam.account_id][GLOBAL_REGION])
    iam.aws_managed_policies = fresh.aws_managed_policies
    iam.managed_policies = {**fresh.managed_policies, **used}


def _set_count(policy: AWSManagedPolicy, state: dict[str, int]) -> None:
    policy.attachment_count = state["count"]


def _pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _private_key(pem: bytes) -> PrivateKeyTypes:
    return serialization.load_pem_private_key(pem, None)


def _certificate(pem: bytes) -> x509.Certificate:
    # cryptography's own function has a module that cannot be imported by its name.
    return x509.load_pem_x509_certificate(pem)


# What is not data, and how it is created again. Order matters: the first match counts.
_RECIPES: tuple[tuple[type, Callable[[Any], Reduced]], ...] = (
    (type(threading.RLock()), lambda _lock: (threading.RLock, ())),
    (type(threading.Lock()), lambda _lock: (threading.Lock, ())),
    (AWSManagedPolicy, _reduce_managed_policy),
    (IAMBackend, _reduce_iam),
    (BackendDict, lambda backend: (_get_backend, (_module_of(backend.service_name),))),
    (
        AccountSpecificBackend,
        lambda backend: (_account_backend, (_module_of(backend.service_name), backend.account_id)),
    ),
    (
        x509.Certificate,
        lambda certificate: (
            _certificate,
            (certificate.public_bytes(serialization.Encoding.PEM),),
        ),
    ),
)
