"""A recording engine for Pulumi programs: run one on mocks and record all that it registers.

Everything that the SDK sends is recorded: resources with parents, dependencies and options,
registered outputs, invokes and hooks. Types and functions without a template are rejected, so that a
new resource type cannot slip in with all its outputs missing.
"""

from __future__ import annotations

import asyncio
import contextvars
import runpy
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime import rpc, set_all_config, settings
from pulumi.runtime.mocks import (
    MockCallArgs,
    MockEngine,
    MockMonitor,
    MockResourceArgs,
    Mocks,
    MockSettings,
)
from pulumi.runtime.stack import run_in_stack

from tests.components.templates import INVOKES, OUTPUTS

ROOT = Path(__file__).resolve().parents[2]
SLOW_SECONDS = 0.3

Outputs = Callable[[MockResourceArgs], dict[str, Any]]


@dataclass
class Resource:
    """One registration as the engine receives it; property names are camelCase."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    custom: bool
    parent: str
    dependencies: tuple[str, ...]
    property_dependencies: dict[str, tuple[str, ...]]
    ignore_changes: tuple[str, ...]
    retain_on_delete: bool
    protect: bool
    delete_before_replace: bool
    provider: str
    """URN of the provider that the program names; empty for the default one."""
    hooks: dict[str, tuple[str, ...]]


@dataclass
class Recording:
    """Everything that a program registered."""

    resources: dict[str, Resource] = field(default_factory=dict)
    registered_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hooks: list[pulumi.ResourceHook] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    """URNs, in the order of completed registrations and registered outputs ("outputs <urn>")."""

    def of(self, kind: str) -> list[Resource]:
        """Return the resources of a type, sorted by name."""
        found = (resource for resource in self.resources.values() if resource.type == kind)
        return sorted(found, key=lambda resource: resource.name)

    def one(self, kind: str) -> Resource:
        """Return the only resource of a type."""
        (resource,) = self.of(kind)
        return resource

    def called(self, name: str) -> Resource:
        """Return the only custom resource with a name, of any type."""
        (found,) = (r for r in self.resources.values() if r.name == name and r.custom)
        return found

    def counts(self) -> Counter[str]:
        """Count the custom resources by type."""
        return Counter(r.type for r in self.resources.values() if r.custom)

    def service(self) -> Resource:
        """Return the top component."""
        (found,) = (r for r in self.components() if r.parent.split("::")[2].endswith(":Stack"))
        return found

    def components(self) -> list[Resource]:
        return [r for r in self.resources.values() if not r.custom]

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs."""
        (urn,) = (urn for urn in self.registered_outputs if "::pulumi:pulumi:Stack::" in urn)
        return self.registered_outputs[urn]

    def texts(self) -> Iterator[str]:
        """Yield every string in every input, at any depth."""

        def walk(value: Any) -> Iterator[str]:
            if isinstance(value, str):
                yield value
            elif isinstance(value, Mapping):
                for key, inner in value.items():
                    yield str(key)
                    yield from walk(inner)
            elif isinstance(value, list | tuple):
                for inner in value:
                    yield from walk(inner)

        for resource in self.resources.values():
            yield from walk(resource.inputs)


class RecordingMocks(Mocks):
    """Echoes inputs and adds the type's computed outputs; rejects types without a template."""

    def __init__(
        self,
        recording: Recording,
        invokes: Mapping[str, Any],
        preview: bool,
        outputs: Outputs | None,
    ) -> None:
        self._recording = recording
        self._invokes = invokes
        self._preview = preview
        self._outputs = outputs

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, {}
        if args.typ not in OUTPUTS and self._outputs is None:
            raise AssertionError(
                f"{args.typ} has no output template in tests/components/templates.py"
            )
        if self._preview:
            # In a preview only the inputs of a new resource are known.
            return "", dict(args.inputs)
        computed = (self._outputs or OUTPUTS[args.typ])(args)
        return computed.get("id", f"{args.name}-id"), {**args.inputs, **computed}

    def call(self, args: MockCallArgs) -> Any:
        if args.token not in self._invokes:
            raise AssertionError(f"{args.token} has no answer in tests/components/templates.py")
        self._recording.invokes.append((args.token, dict(args.args)))
        return self._invokes[args.token](args.args), []


class RecordingMonitor(MockMonitor):
    """Records what the SDK's mock monitor drops: options, parents and registered outputs."""

    def __init__(
        self,
        recording: Recording,
        invokes: Mapping[str, Any],
        preview: bool,
        outputs: Outputs | None = None,
    ) -> None:
        super().__init__(RecordingMocks(recording, invokes, preview, outputs))
        self.recording = recording
        self.preview = preview
        self.slow: Collection[str] = ()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        if request.type in self.slow:
            time.sleep(SLOW_SECONDS)
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            assert response.urn not in self.recording.resources, f"{response.urn} registered twice"
            self.recording.resources[response.urn] = _resource(request, response.urn)
            self.recording.order.append(response.urn)
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        assert request.urn not in self.recording.registered_outputs, f"{request.urn}: outputs twice"
        self.recording.registered_outputs[request.urn] = rpc.deserialize_properties(request.outputs)
        self.recording.order.append(f"outputs {request.urn}")
        return empty_pb2.Empty()


def _resource(request: Any, urn: str) -> Resource:
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=rpc.deserialize_properties(request.object),
        custom=request.custom,
        parent=request.parent,
        dependencies=tuple(request.dependencies),
        property_dependencies={
            key: tuple(value.urns) for key, value in request.propertyDependencies.items()
        },
        ignore_changes=tuple(request.ignoreChanges),
        retain_on_delete=request.retainOnDelete,
        protect=request.protect,
        delete_before_replace=request.deleteBeforeReplace,
        provider=request.provider.rpartition("::")[0],
        hooks={
            moment: tuple(getattr(request.hooks, moment))
            for moment in ("after_create", "after_update", "before_create", "before_update")
        },
    )


class RecordingCallbacks:
    """Takes the place of the callback server: hooks never run on mocks, but are recorded."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self._recording.hooks.append(hook)


def project_defaults() -> dict[str, str]:
    """Return the defaults that the engine adds to every stack's configuration."""
    schema = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    return {key: as_text(entry["default"]) for key, entry in schema.items() if "default" in entry}


def stack_config(stack: str) -> dict[str, str]:
    """Return a stack's whole configuration as a program receives it: strings, with defaults."""
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    own = {key: as_text(value) for key, value in document["config"].items()}
    return {**project_defaults(), **own}


def as_text(value: Any) -> str:
    """Convert a configuration value as the engine does when it passes it to a program."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def run_program(
    stack: str,
    config: Mapping[str, str],
    *,
    invokes: Mapping[str, Any] | None = None,
    preview: bool = False,
    slow: Collection[str] = (),
) -> Recording:
    """Run the project's own `__main__.py`; return once every registration has arrived."""
    return record(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        stack=stack,
        config=config,
        invokes=invokes,
        preview=preview,
        slow=slow,
    )


def record(
    program: Callable[[], object],
    *,
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    invokes: Mapping[str, Any] | None = None,
    preview: bool = False,
    slow: Collection[str] = (),
    outputs: Outputs | None = None,
) -> Recording:
    """Run any program on the recording engine, on its own event loop.

    Resources of the types in `slow` take longer to make than all the others. `outputs` returns
    what the provider computes for a resource that is created, instead of the templates.
    """
    recording = Recording()
    monitor = RecordingMonitor(recording, {**INVOKES, **(invokes or {})}, preview, outputs)
    monitor.slow = slow
    # The SDK keeps its state in context variables: a separate context leaks nothing to other runs.
    contextvars.copy_context().run(_run, program, monitor, stack, config or {})
    return recording


def _run(
    program: Callable[[], object],
    monitor: RecordingMonitor,
    stack: str,
    config: Mapping[str, str],
) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        features = monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures
        settings.configure(
            MockSettings(
                monitor=monitor,
                monitor_features=set(features),
                engine=MockEngine(None),
                project="haproof",
                stack=stack,
                dry_run=monitor.preview,
                organization=None,
            )
        )
        settings.SETTINGS.callbacks = RecordingCallbacks(monitor.recording)
        settings.set_root_resource(None)
        set_all_config(dict(config))
        # As the engine does: wait for every registration, then register the stack's outputs.
        loop.run_until_complete(run_in_stack(program))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)
