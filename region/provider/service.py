"""The gRPC service that the engine calls: wire messages in, the steps of `lifecycle`, messages out."""

from __future__ import annotations

import json
import logging
import secrets
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from importlib import metadata
from typing import Any, Final, NoReturn, cast

import grpc
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from region.provider import creation, invokes, lifecycle
from region.provider.compare import ChangeKind
from region.provider.errors import Cancelled, CheckFailure, describe
from region.provider.handler import Handler
from region.provider.lifecycle import Autonaming, CheckTask, Difference, InitError
from region.provider.operation import Operation, ProviderContext
from region.provider.resources import UNSUPPORTED_BY_DESIGN
from region.provider.sessions import Session, Sessions
from region.provider.values import Properties, from_struct, plain, to_struct

logger: Final = logging.getLogger(__name__)

SEED_BYTES: Final = 32

_KINDS: Final[Mapping[tuple[ChangeKind, bool], int]] = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def sdk_version() -> str:
    """Return the version of the `pulumi_aws` package of the program."""
    return metadata.version("pulumi-aws")


class ProviderService(provider_pb2_grpc.ResourceProviderServicer):
    """One service for all engines; what differs per engine is kept in its session."""

    def __init__(
        self,
        provider_context: ProviderContext,
        handlers: Mapping[str, Handler],
        sessions: Sessions,
        creations: creation.Log,
    ) -> None:
        self._provider_context = provider_context
        self._handlers = handlers
        self._sessions = sessions
        self._creations = creations
        self._seeds: dict[str, bytes] = {}
        """By URN, what the last Check made its name from."""

    # --- the plugin itself -------------------------------------------------------------------

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Agree on the protocol's features."""
        self._sessions.of(context).attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, supports_autonaming_configuration=True
        )

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Accept the address at which the engine receives messages."""
        self._sessions.of(context).attach(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return the version that the program's SDK asks for."""
        return plugin_pb2.PluginInfo(version=sdk_version())

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return a schema without types: the program brings its own SDK."""
        schema = {"name": "aws", "version": sdk_version()}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Reject a configured region that is not the local one, unless nothing is created in it."""
        config = plain(from_struct(request.news))
        region = config.get("region", self._provider_context.region)
        elsewhere = isinstance(region, str) and region != self._provider_context.region
        if elsewhere and not self._provider_context.preview_only:
            reason = (
                f"the local region is {self._provider_context.region!r} and aws:region is {region!r}; set "
                "aws:region to it or start the local region as that one"
            )
            return provider_pb2.CheckResponse(failures=_failures([CheckFailure("region", reason)]))
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Report that a changed configuration never replaces resources."""
        same = from_struct(request.old_inputs) == from_struct(request.news)
        kind = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=kind)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Keep the default tags for this engine's resources."""
        config = plain(from_struct(request.args)) or dict(request.variables)
        with _answers(context, "configuring the provider"):
            self._sessions.of(context).default_tags = _default_tags(config)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """End the waits of this engine."""
        self._sessions.of(context).cancelled.set()
        return empty_pb2.Empty()

    # --- resources ---------------------------------------------------------------------------

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return complete inputs, or what is wrong with them."""
        handler = self._handlers.get(request.type or _type_of(request.urn))
        if handler is None:
            failure = CheckFailure("", self._not_implemented(request.type or _type_of(request.urn)))
            return provider_pb2.CheckResponse(failures=_failures([failure]))
        task = CheckTask(
            logical_name=request.name or request.urn.rpartition("::")[2],
            news=from_struct(request.news),
            olds=from_struct(request.olds),
            seed=self._seed(request),
            autonaming=_autonaming(request),
        )
        with _answers(context, f"checking {request.urn}"):
            inputs, failures = lifecycle.check(handler, self._operation(request, context), task)
            if failures:
                return provider_pb2.CheckResponse(failures=_failures(failures))
            return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return the differences between the last inputs and the new ones, and what replaces."""
        handler = self._handler(request, context)
        old = request.old_inputs if request.old_inputs.fields else request.olds
        with _answers(context, f"comparing {request.urn}"):
            difference = lifecycle.diff(handler, from_struct(old), from_struct(request.news))
        return _diff_response(difference)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Create a resource, or return what it would be."""
        handler = self._handler(request, context)
        inputs = from_struct(request.properties)
        if request.preview:
            outputs = lifecycle.preview_create(handler, inputs)
            return provider_pb2.CreateResponse(properties=to_struct(outputs))
        with _answers(context, f"creating {_label(request.urn)}"):
            op = self._operation(request, context)
            try:
                with creation.marked(request.urn, self._seeds.get(request.urn, b"")):
                    identity, outputs = lifecycle.create(handler, op, inputs)
            finally:
                # Whatever it is, the engine is told: only the region's death is not.
                self._creations.created(creation.token_of(request.urn))
            return provider_pb2.CreateResponse(id=identity, properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Return what the region holds; an empty id if the resource is gone."""
        handler = self._handler(request, context)
        with _answers(context, f"reading {_label(request.urn)}"):
            result = lifecycle.read(
                handler,
                self._operation(request, context),
                request.id,
                from_struct(request.properties),
                from_struct(request.inputs),
            )
            if result is None:
                return provider_pb2.ReadResponse()
            outputs, inputs = result
            return provider_pb2.ReadResponse(
                id=request.id, properties=to_struct(outputs), inputs=to_struct(inputs)
            )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Change a resource in place, or return what it would become."""
        handler = self._handler(request, context)
        state, old = from_struct(request.olds), from_struct(request.old_inputs)
        new = from_struct(request.news)
        if request.preview:
            outputs = lifecycle.preview_update(handler, state, old, new)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))
        with _answers(context, f"updating {_label(request.urn)}"):
            op = self._operation(request, context)
            outputs = lifecycle.update(handler, op, request.id, (state, old), new)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Delete a resource and wait until it is gone."""
        handler = self._handler(request, context)
        with _answers(context, f"deleting {_label(request.urn)}"):
            op = self._operation(request, context)
            lifecycle.delete(handler, op, request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Call a function such as `aws:index/getRegion:getRegion`."""
        with _answers(context, f"calling {request.tok}"):
            arguments = plain(from_struct(request.args))
            result, failures = invokes.call(self._provider_context, request.tok, arguments)
            response: dict[str, Any] = {"return": to_struct(result)}
            return provider_pb2.InvokeResponse(**response, failures=_failures(failures))

    # --- helpers -----------------------------------------------------------------------------

    def _seed(self, request: Any) -> bytes:
        """Return the seed of the name: that of an interrupted creation first, then the engine's."""
        interrupted = self._creations.interrupted_seed(creation.token_of(request.urn))
        seed = interrupted or request.randomSeed or secrets.token_bytes(SEED_BYTES)
        self._seeds[request.urn] = seed
        return seed

    def _operation(self, request: Any, context: Any) -> Operation:
        timeout = getattr(request, "timeout", 0.0)
        return Operation(self._provider_context, self._sessions.of(context), request.urn, timeout)

    def _handler(self, request: Any, context: Any) -> Handler:
        token = request.type or _type_of(request.urn)
        handler = self._handlers.get(token)
        if handler is None:
            _abort(context, grpc.StatusCode.UNIMPLEMENTED, self._not_implemented(token))
        return handler

    def _not_implemented(self, token: str) -> str:
        if token in UNSUPPORTED_BY_DESIGN:
            return f"the local region does not implement {token}: {UNSUPPORTED_BY_DESIGN[token]}"
        package = token.split("/", maxsplit=1)[0]
        near = [name for name in self._handlers if name.startswith(f"{package}/")]
        known = ", ".join(sorted(near or self._handlers))
        return (
            f"the local region does not implement {token}; leave it out of the rehearsal or run "
            f"this stack on AWS (implemented: {known})"
        )


def _type_of(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _label(urn: str) -> str:
    return f"{_type_of(urn)} {urn.rsplit('::', 1)[-1]!r}"


def _failures(failures: Iterable[CheckFailure]) -> list[Any]:
    """Return check failures with the path in the text: the engine would print a named property's value."""
    return [
        provider_pb2.CheckFailure(
            reason=f"{failure.path}: {failure.reason}" if failure.path else failure.reason
        )
        for failure in failures
    ]


def _autonaming(request: Any) -> Autonaming:
    if not request.HasField("autonaming"):
        return Autonaming()
    options = provider_pb2.CheckRequest.AutonamingOptions
    mode = request.autonaming.mode
    return Autonaming(
        proposed=request.autonaming.proposed_name,
        disabled=mode == options.DISABLE,
    )


def _default_tags(config: Properties) -> dict[str, str]:
    """Return the tags of `aws:defaultTags`, which arrives as JSON text."""
    value = config.get("defaultTags") or {}
    if isinstance(value, str):
        value = json.loads(value)
    tags = cast("Mapping[str, Any]", value).get("tags") or {}
    return {str(key): str(item) for key, item in tags.items()}


def _diff_response(difference: Difference) -> Any:
    response = provider_pb2.DiffResponse
    detailed = {
        change.path: provider_pb2.PropertyDiff(
            kind=cast("Any", _KINDS[change.kind, change.top in difference.replacing]),
            inputDiff=True,
        )
        for change in difference.changes
    }
    return response(
        changes=response.DIFF_SOME if difference.changes else response.DIFF_NONE,
        diffs=sorted({change.top for change in difference.changes}),
        replaces=sorted(difference.replacing),
        deleteBeforeReplace=difference.delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


@contextmanager
def _answers(context: Any, doing: str) -> Generator[None]:
    """Turn every exception into one gRPC error with one clear sentence."""
    try:
        yield
    except InitError as error:
        logger.warning("%s: %s", doing, error.why)
        context.set_trailing_metadata(_init_failed(error))
        _abort(context, grpc.StatusCode.UNKNOWN, f"{doing}: {error.why}")
    except Cancelled as error:
        _abort(context, grpc.StatusCode.CANCELLED, f"{doing}: {error}")
    except Exception as error:  # the engine must get an answer whatever happens
        logger.warning("%s: %s", doing, describe(error))
        # Frames only: the exception's own text may quote a property's value.
        logger.debug("%s", "".join(traceback.format_tb(error.__traceback__)))
        _abort(context, grpc.StatusCode.UNKNOWN, f"{doing}: {describe(error)}")


def _init_failed(error: InitError) -> tuple[tuple[str, bytes], ...]:
    """Return the detail that makes the engine keep a resource that exists and is not ready."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.identity,
        properties=to_struct(error.properties),
        inputs=to_struct(error.inputs),
        reasons=[error.why],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=error.why)
    status.details.add().Pack(detail)
    return (("grpc-status-details-bin", status.SerializeToString()),)


def _abort(context: Any, code: grpc.StatusCode, message: str) -> NoReturn:
    abort: Callable[[grpc.StatusCode, str], NoReturn] = context.abort
    abort(code, message)


__all__ = ["ProviderService", "Session", "sdk_version"]
