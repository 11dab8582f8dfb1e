"""The engine's resource monitor, seen through a change to the program.

Registrations are changed on their way to the engine: by type and name, with properties as they are
on the wire. What is left out is answered like a resource that is still to be created. Where `only`
lists types, all others are left out too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Container, Iterator, Sequence
from typing import Any

from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.rpc import UNKNOWN

_PATIENCE_SECONDS = 10


class ChangingMonitor:
    """Wraps the monitor of one program run; everything but registrations passes through."""

    def __init__(self, monitor: Any, changes: dict[str, Any]) -> None:
        self._monitor = monitor
        self._changes = changes
        self._pending = list(changes["adds"])
        self._responses: dict[str, Any] = {}
        self._left_out: dict[str, str] = {}
        """URN of what is left out -> URN of its parent."""
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._monitor, name)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        key = self._key(request)
        self._forget_left_out(request)
        if key in self._changes["drops"] or self._is_beside(request):
            self._responses[key] = self._leave_out(request)
            return self._responses[key]
        for change in self._changes["sets"]:
            if change["resource"] == key:
                self._set(request, change)
        for change in self._changes["options"]:
            if change["resource"] == key:
                _set_options(request, **change["options"])
        response = self._register(key, request)
        for twin in self._changes["twins"]:
            if twin["resource"] == key:
                second = resource_pb2.RegisterResourceRequest()
                second.CopyFrom(request)
                second.name = twin["name"]
                self._register(twin["name"], second)
        if request.custom:
            for addition in self._ready():
                self._register(addition["name"], self._addition(addition, request))
        return response

    def _key(self, request: Any) -> str:
        """Return how the changes name this registration."""
        return f"{request.type}::{request.name}"

    def _register(self, key: str, request: Any) -> Any:
        response = self._monitor.RegisterResource(request)
        self._responses[key] = response
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn in self._left_out:
            return empty_pb2.Empty()
        return self._monitor.RegisterResourceOutputs(request)

    # --- leaving out ------------------------------------------------------------------------------

    def _is_beside(self, request: Any) -> bool:
        return bool(self._changes["only"]) and request.type not in self._changes["only"]

    def _leave_out(self, request: Any) -> Any:
        urn = f"urn:pulumi:left-out::program::{request.type}::{request.name}"
        self._left_out[urn] = request.parent
        return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)

    def _forget_left_out(self, request: Any) -> None:
        """Remove dependencies on what was left out; the engine does not know it."""
        if not self._left_out:
            return
        request.parent = self._left_out.get(request.parent, request.parent)
        _keep(request.dependencies, self._left_out)
        for sources in request.propertyDependencies.values():
            _keep(sources.urns, self._left_out)

    # --- changing ---------------------------------------------------------------------------------

    def _set(self, request: Any, change: dict[str, Any]) -> None:
        properties = json_format.MessageToDict(request.object)
        path = [int(step) if step.isdigit() else step for step in change["path"].split(".")]
        top, last = path[0], path[-1]
        place: Any = properties
        for step in path[:-1]:
            place = place[step]
        if "value" in change:
            place[last] = change["value"]
        else:
            del place[last]
        value = properties.get(top)
        sources: list[str] = []
        if top in properties:
            properties[top] = self._decode(value, sources)
        if _has_unknown(value):
            sources += request.propertyDependencies[top].urns
        self._write(request, properties, {top: sources})

    def _addition(self, addition: dict[str, Any], template: Any) -> Any:
        """Build the registration of a further resource, beside one of the program."""
        request = resource_pb2.RegisterResourceRequest(
            type=addition["type"],
            name=addition["name"],
            parent=template.parent,
            custom=True,
            version=template.version,
            acceptSecrets=True,
            acceptResources=template.acceptResources,
            supportsPartialValues=True,
            supportsResultReporting=True,
        )
        properties: dict[str, Any] = {}
        sources: dict[str, list[str]] = {}
        for name, value in addition["properties"].items():
            sources[name] = []
            properties[name] = self._decode(value, sources[name])
        self._write(request, properties, sources)
        return request

    def _ready(self) -> list[dict[str, Any]]:
        """Take the additions whose references are registered by now."""
        with self._lock:
            ready = [
                addition
                for addition in self._pending
                if all(ref["$ref"] in self._responses for ref in _refs(addition["properties"]))
            ]
            self._pending = [addition for addition in self._pending if addition not in ready]
        return ready

    def _decode(self, value: Any, sources: list[str]) -> Any:
        """Replace references by what they are known to be, and collect their URNs."""
        if isinstance(value, list):
            return [self._decode(element, sources) for element in value]
        if not isinstance(value, dict):
            return value
        if "$unknown" in value:
            return UNKNOWN
        if "$ref" not in value:
            return {key: self._decode(element, sources) for key, element in value.items()}
        response = self._response(value["$ref"])
        if response.urn not in self._left_out:
            sources.append(response.urn)
        if value["output"] == "id":
            return response.id or UNKNOWN
        return json_format.MessageToDict(response.object).get(value["output"], UNKNOWN)

    def _response(self, key: str) -> Any:
        """Return what a resource was answered; the program registers side by side, so wait."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while key not in self._responses and time.monotonic() < deadline:
            time.sleep(0.02)
        return self._responses[key]

    @staticmethod
    def _write(request: Any, properties: dict[str, Any], sources: dict[str, list[str]]) -> None:
        request.object.Clear()
        json_format.ParseDict(properties, request.object)
        for prop, urns in sources.items():
            request.propertyDependencies[prop].urns[:] = list(dict.fromkeys(urns))
            request.dependencies.extend(urn for urn in urns if urn not in request.dependencies)


def _set_options(
    request: Any,
    *,
    protected: bool = False,
    deleted_first: bool | None = None,
    ignored: Sequence[str] | None = None,
) -> None:
    request.protect = request.protect or protected
    if deleted_first is not None:
        request.deleteBeforeReplace = deleted_first
        request.deleteBeforeReplaceDefined = True
    if ignored is not None:
        request.ignoreChanges[:] = ignored


def _keep(urns: Any, left_out: Container[str]) -> None:
    urns[:] = [urn for urn in urns if urn not in left_out]


def _refs(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and "$ref" in value:
        yield value
    elif isinstance(value, dict | list):
        for element in value.values() if isinstance(value, dict) else value:
            yield from _refs(element)


def _has_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return "$unknown" in value or any(_has_unknown(element) for element in value.values())
    if isinstance(value, list):
        return any(_has_unknown(element) for element in value)
    return value == UNKNOWN
