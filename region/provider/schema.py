"""The names and kinds of a resource type's inputs and outputs, read from the `pulumi_aws` package.

The package is the one the program uses, so the names, the required properties and the scalar types
cannot drift from what users write. Reading it takes two seconds and 40 MB, of which the schemas
themselves are a hundredth: a region lets a process of its own do it, see `preload`.
"""

from __future__ import annotations

import importlib
import inspect
import keyword
import logging
import pickle
import subprocess
import sys
import threading
import types
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal, Union, cast, get_args, get_origin

import pulumi
from pulumi import _types as sdk  # pyright: ignore[reportPrivateUsage]  # the only reader of names

from region.daemons import DaemonError, bound_command
from toolchain import paths

Kind = Literal["string", "integer", "number", "boolean", "list", "map", "object", "any"]


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a value: its kind, and what its elements or properties look like."""

    kind: Kind
    element: Shape | None = None
    properties: Mapping[str, Shape] = field(default_factory=dict[str, "Shape"])
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ResourceSchema:
    """One resource type: its token, its inputs (an object shape) and its computed outputs' names."""

    token: str
    inputs: Shape
    outputs: frozenset[str]


ANY: Final = Shape("any")
_SCALARS: Final[Mapping[Any, Shape]] = {
    bool: Shape("boolean"),
    int: Shape("integer"),
    float: Shape("number"),
    str: Shape("string"),
}
_CONTAINERS: Final = {"Sequence": "list", "list": "list", "Mapping": "map", "dict": "map"}
_LOADING: Final = threading.Lock()
"""Held while reading the package, whose modules load on first use by `importlib.util.LazyLoader`: in
Python 3.11 a second thread sees such a module half loaded, without the class that it asks for."""


_READER: Final = "region.provider.schema_reader"
_READER_TIMEOUT_S: Final = 60.0

_schemas: dict[str, ResourceSchema] = {}

log: Final = logging.getLogger(__name__)


def resource_schema(token: str) -> ResourceSchema:
    """Return the schema of a type token such as `aws:ec2/vpc:Vpc`.

    Raises:
        KeyError: `pulumi_aws` has no such resource type.
    """
    if token not in _schemas:
        with _LOADING:
            if token not in _schemas:
                _schemas[token] = _read_schema(token)
    return _schemas[token]


def preload(tokens: Collection[str]) -> None:
    """Let another process read schemas, so that this one does not keep the package in memory.

    Whoever asks for a schema meanwhile waits. If the other process fails, this one reads them when
    they are asked for.
    """
    with _LOADING:
        wanted = sorted(set(tokens) - _schemas.keys())
        if not wanted:
            return
        try:
            done = subprocess.run(
                bound_command([sys.executable, "-m", _READER, *wanted]),
                cwd=paths.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=_READER_TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError, DaemonError) as error:
            log.warning("reading schemas in this process, the other one failed: %s", error)
        else:
            _schemas.update(pickle.loads(done.stdout))  # noqa: S301  # our own process wrote it


def _read_schema(token: str) -> ResourceSchema:
    cls = resource_class(token)
    module = sys.modules[cls.__module__]
    # If a nested type already has the name, the generator calls the resource's own InitArgs.
    args = getattr(module, f"{cls.__name__}InitArgs", None)
    args = args or getattr(module, f"{cls.__name__}Args")
    state = getattr(module, f"_{cls.__name__}State")
    inputs = _object_shape(args)
    outputs = frozenset(sdk.input_type_py_to_pulumi_names(state).values())
    return ResourceSchema(token, inputs, outputs - frozenset(inputs.properties))


def resource_class(token: str) -> type[Any]:
    """Return the package's class of a type.

    Raises:
        KeyError: `pulumi_aws` has no such resource type.
    """
    try:
        package, module, name = token.split(":")
        if package != "aws":
            raise KeyError(token)
        with warnings.catch_warnings():  # the package warns about classes that nobody asked for
            warnings.simplefilter("ignore", DeprecationWarning)
            name_of_module = module.split("/")[0]
            # `lambda` is a word of Python's.
            name_of_module += "_" if keyword.iskeyword(name_of_module) else ""
            namespace = importlib.import_module(f"pulumi_aws.{name_of_module}")
            return getattr(namespace, name)
    except (ValueError, ImportError, AttributeError) as error:
        raise KeyError(token) from error


def output_hints(token: str) -> Mapping[str, Any]:
    """Return the types of a resource's outputs, by their names; an optional one as if it were not.

    Raises:
        KeyError: `pulumi_aws` has no such resource type.
    """
    with _LOADING:
        return cast("Mapping[str, Any]", sdk.resource_types(resource_class(token)))


def lookup_hints(token: str) -> Mapping[str, Any]:
    """Return the types of what a function returns, by their names; an optional value as if it were not.

    Raises:
        KeyError: `pulumi_aws` has no such function.
    """
    name = token.rpartition(":")[2]
    with _LOADING:
        cls = resource_class(token.replace(f":{name}", f":{name[:1].upper()}{name[1:]}Result"))
        return cast("Mapping[str, Any]", sdk.output_type_types(cls))


@lru_cache(maxsize=2048)
def _object_shape(args: type[Any]) -> Shape:
    """Return the shape of a generated `…Args` class."""
    names = sdk.input_type_py_to_pulumi_names(args)
    hints = cast("Mapping[str, Any]", sdk.input_type_types(args))
    parameters = inspect.signature(args.__init__).parameters
    required = {
        names[name]
        for name, parameter in parameters.items()
        if name in names and parameter.default is inspect.Parameter.empty
    }
    properties = {name: _shape(hint) for name, hint in hints.items()}
    return Shape("object", properties=properties, required=frozenset(required))


def _shape(hint: Any) -> Shape:
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _union_shape(get_args(hint))
    container = _CONTAINERS.get(getattr(origin, "__name__", ""))
    if container == "list":
        return Shape("list", element=_shape(get_args(hint)[0]))
    if container == "map":
        return Shape("map", element=_shape(get_args(hint)[1]))
    if isinstance(hint, type):
        return _class_shape(hint)
    return ANY


def _class_shape(cls: type[Any]) -> Shape:
    if issubclass(cls, Enum):
        return _SCALARS[str]
    if sdk.is_input_type(cls):
        # A policy document refers to itself by other names; its text is what matters.
        return ANY if "PolicyDocument" in cls.__name__ else _object_shape(cls)
    return ANY


def _union_shape(members: Sequence[Any]) -> Shape:
    """Return the shape of `Input[T]`: a union of T, an awaitable and an output."""
    shapes = [_shape(member) for member in members if _is_plain(member)]
    distinct = [shape for index, shape in enumerate(shapes) if shape not in shapes[:index]]
    return distinct[0] if len(distinct) == 1 else ANY


def _is_plain(member: Any) -> bool:
    origin = get_origin(member) or member
    name = getattr(origin, "__name__", "")
    return member is not type(None) and name != "Awaitable" and origin is not pulumi.Output


def coerce(shape: Shape, value: Any) -> Any:
    """Return the value with scalars in the schema's type if nothing is lost: `1` for a string is `"1"`.

    Programs pass a launch template's number as its version and a string as a port; the real provider
    converts as well.
    """
    if shape.kind == "object" and isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {key: coerce(shape.properties.get(key, ANY), item) for key, item in members.items()}
    if shape.kind == "map" and isinstance(value, dict) and shape.element:
        members = cast("dict[str, Any]", value)
        return {key: coerce(shape.element, item) for key, item in members.items()}
    if shape.kind == "list" and isinstance(value, list) and shape.element:
        return [coerce(shape.element, item) for item in cast("list[Any]", value)]
    return _coerce_scalar(shape.kind, value)


def _coerce_scalar(kind: Kind, value: Any) -> Any:
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        if kind == "boolean" and value in {"true", "false"}:
            return value == "true"
        if kind in {"integer", "number"}:
            return _number(value)
    return value


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


_CLASSES: Final[Mapping[Kind, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "list": (list,),
    "map": (dict,),
    "object": (dict,),
    "any": (object,),
}


def fits(shape: Shape, value: Any) -> bool:
    """Whether the value is of the shape's kind (not whether its parts are)."""
    number = shape.kind in {"integer", "number"}
    return isinstance(value, _CLASSES[shape.kind]) and not (number and isinstance(value, bool))
