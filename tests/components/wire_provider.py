"""The `aws` provider of the recording engine as a gRPC server, for the real Pulumi CLI.

Creates nothing: responds with the inputs and the computed outputs of `templates.OUTPUTS`, in a
preview with the inputs only. Attached by `PULUMI_DEBUG_PROVIDERS=aws:PORT`.
"""

# The method names are those of the gRPC service.
# ruff: noqa: N802
from __future__ import annotations

import threading
from concurrent import futures

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.mocks import MockResourceArgs
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.components.templates import INVOKES, OUTPUTS


def struct(values):
    message = struct_pb2.Struct()
    json_format.ParseDict(values, message)
    return message


def plain(message):
    return json_format.MessageToDict(message)


class WireProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Records the order of creations, so that a test can check what existed when."""

    def __init__(self):
        self.created = []
        self.deleted = []
        self.failing_types = set()
        self._lock = threading.Lock()

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="7.51.1")

    def Attach(self, request, context):
        return empty_pb2.Empty()

    def GetSchema(self, request, context):
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse()

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        same = request.old_inputs == request.news
        kind = provider_pb2.DiffResponse
        if same:
            return kind(changes=kind.DIFF_NONE)
        replaces = ["key"] if "BucketObjectv2" in request.urn else []
        return kind(changes=kind.DIFF_SOME, replaces=replaces)

    def Create(self, request, context):
        kind, name = request.type, request.name
        if kind not in OUTPUTS or kind in self.failing_types:
            context.abort(grpc.StatusCode.UNKNOWN, f"{kind} cannot be made")
        inputs = plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        arguments = MockResourceArgs(typ=kind, name=name, inputs=inputs, custom=True)
        outputs = {**inputs, **OUTPUTS[kind](arguments)}
        with self._lock:
            again = f"-{self.created.count(name)}" if name in self.created else ""
            self.created.append(name)
        if "name" in outputs and "name" not in inputs:
            # A replacement has an id of its own, and a generated name.
            outputs["name"] += again
        return provider_pb2.CreateResponse(id=f"{name}-id{again}", properties=struct(outputs))

    def Update(self, request, context):
        outputs = {**plain(request.olds), **plain(request.news)}
        return provider_pb2.UpdateResponse(properties=struct(outputs))

    def Delete(self, request, context):
        with self._lock:
            self.deleted.append(request.name)
        return empty_pb2.Empty()

    def Read(self, request, context):
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Invoke(self, request, context):
        answer = INVOKES[request.tok](plain(request.args))
        return provider_pb2.InvokeResponse(**{"return": struct({"id": "x", **answer})})

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def serve(provider):
    """Start a server on a free loopback port; return both."""
    server = grpc.server(futures.ThreadPoolExecutor(16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
