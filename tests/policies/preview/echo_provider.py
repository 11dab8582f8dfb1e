"""An `aws` provider that keeps nothing: it echoes inputs and leaves computed outputs unknown.

In a preview a real provider answers with the inputs and, for each output that only the cloud can
know, an unknown. That is all that a policy pack sees. What is really created has the outputs of the
recording engine, so that the whole program runs against it.
"""

# The method names are those of the gRPC service.
# ruff: noqa: N802
from __future__ import annotations

from google.protobuf import json_format
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN

from tests.components.wire_provider import WireProvider, serve, struct
from tests.policies.computed import computed


class EchoProvider(WireProvider):
    """Serves on a loopback port of its own from construction to `stop`."""

    def __init__(self):
        super().__init__()
        self._server, self.port = serve(self)

    def stop(self):
        self._server.stop(0)

    def Create(self, request, context):
        if not request.preview:
            created = super().Create(request, context)
            created.properties["id"] = created.id  # as the real provider has it
            return created
        unknown = dict.fromkeys(computed(request.type), UNKNOWN)
        outputs = {**unknown, **json_format.MessageToDict(request.properties)}
        return provider_pb2.CreateResponse(properties=struct(outputs))
