"""Property values between the engine's wire form (protobuf `Struct`) and Python.

The engine marks what JSON cannot say with signature keys: secrets, assets, archives, outputs and
resource references are objects that carry a well-known signature, an unknown value is a well-known
string. They are fixed by the Pulumi protocol (`sdk/go/common/resource`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, cast

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (a protocol constant)
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Properties = dict[str, Any]
"""Property names (camelCase) to values."""


class Unknown(Enum):
    """The type of `UNKNOWN`: a value the engine cannot know before something is created."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        """Its name, for messages."""
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must stay encrypted in the stack's state and masked in every display."""

    value: Any

    def __repr__(self) -> str:
        """Never the value: this text can reach a log."""
        return "Secret([secret])"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file given by its path, its text or its URI; `hash` is the SHA-256 of its bytes."""

    hash: str = ""
    path: str | None = field(default=None, compare=False)
    text: str | None = field(default=None, compare=False)
    uri: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Archive:
    """Many files; only identity matters here, because no implemented resource takes one."""

    hash: str = ""
    path: str | None = field(default=None, compare=False)
    uri: str | None = field(default=None, compare=False)
    assets: Mapping[str, Any] | None = field(default=None, compare=False)


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Return the properties in a wire message, with secrets, unknowns and assets as Python objects."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return the wire message of some properties."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _fill(struct.fields[key], value)
    return struct


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_STRING else value.string_value
    if kind == "number_value":
        # The wire knows only doubles: whole numbers were integers in the program.
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _from_object(value.struct_value)
    return None


def _from_object(struct: struct_pb2.Struct) -> Any:
    fields = {key: _from_value(value) for key, value in struct.fields.items()}
    decoder = _DECODERS.get(cast("str", fields.get(SIGNATURE, "")))
    return fields if decoder is None else decoder(fields)


def _decode_output(fields: Properties) -> Any:
    if "value" not in fields:
        return UNKNOWN
    return Secret(fields["value"]) if fields.get("secret") else fields["value"]


def _decode_reference(fields: Properties) -> Any:
    if "id" not in fields:
        return fields.get("urn")
    return fields["id"] or UNKNOWN


_DECODERS: Final[Mapping[str, Callable[[Properties], Any]]] = {
    SECRET_SIGNATURE: lambda fields: Secret(fields.get("value")),
    OUTPUT_SIGNATURE: _decode_output,
    RESOURCE_SIGNATURE: _decode_reference,
    ASSET_SIGNATURE: lambda fields: Asset(
        hash=fields.get("hash") or "",
        path=fields.get("path"),
        text=fields.get("text"),
        uri=fields.get("uri"),
    ),
    ARCHIVE_SIGNATURE: lambda fields: Archive(
        hash=fields.get("hash") or "",
        path=fields.get("path"),
        uri=fields.get("uri"),
        assets=fields.get("assets"),
    ),
}


def _encode(value: Any) -> Any:
    """Return an object of this module as the plain object that the protocol writes for it."""
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET_SIGNATURE, "value": value.value}
    if isinstance(value, Asset):
        parts: dict[str, Any] = {"path": value.path, "text": value.text, "uri": value.uri}
        signature = ASSET_SIGNATURE
    else:
        parts = {"path": value.path, "uri": value.uri, "assets": value.assets}
        signature = ARCHIVE_SIGNATURE
    given = {key: part for key, part in parts.items() if part is not None}
    return {SIGNATURE: signature, "hash": value.hash, **given}


def _fill(target: struct_pb2.Value, value: Any) -> None:
    if isinstance(value, Secret | Asset | Archive):
        value = _encode(value)
    if isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in cast("Mapping[str, Any]", value).items():
            _fill(target.struct_value.fields[key], item)
    elif isinstance(value, list | tuple | set | frozenset):
        target.list_value.SetInParent()
        for item in cast("Iterable[Any]", value):
            _fill(target.list_value.values.add(), item)
    else:
        _fill_scalar(target, value)


def _fill_scalar(target: struct_pb2.Value, value: Any) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_STRING
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = float(value)
    else:
        # Dates, for instance: AWS's clients return them, the wire has only text for them.
        target.string_value = str(value)


def plain(value: Any) -> Any:
    """Return the value without its secret wrappers and without null members of objects."""
    match value:
        case Secret():
            return plain(value.value)
        case dict():
            members = cast("Properties", value).items()
            return {key: plain(item) for key, item in members if not _is_null(item)}
        case list():
            return [plain(item) for item in cast("list[Any]", value)]
        case _:
            return value


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, Secret) and _is_null(value.value))


def is_known(value: Any) -> bool:
    """Whether no part of the value is unknown."""
    return not _any(value, lambda item: item is UNKNOWN)


def has_secret(value: Any) -> bool:
    """Whether some part of the value is a secret."""
    return _any(value, lambda item: isinstance(item, Secret))


def _any(value: Any, test: Callable[[Any], bool]) -> bool:
    if test(value):
        return True
    if isinstance(value, Secret):
        return _any(value.value, test)
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value).values()
        return any(_any(item, test) for item in members)
    if isinstance(value, list):
        return any(_any(item, test) for item in cast("list[Any]", value))
    return False


def seal(properties: Mapping[str, Any], tagged: Mapping[str, Any]) -> Properties:
    """Return the properties, wrapped as secrets if their namesake in `tagged` holds a secret."""
    return {
        key: Secret(value) if has_secret(tagged.get(key)) else value
        for key, value in properties.items()
    }
