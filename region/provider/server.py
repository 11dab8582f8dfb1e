"""The provider as a server: the engine attaches with `PULUMI_DEBUG_PROVIDERS=aws:<port>`."""

from __future__ import annotations

import logging
import threading
from concurrent import futures
from typing import Any, Final

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from region.credentials import Credential
from region.loopback import peers
from region.provider import creation
from region.provider.admission import HOST, Admission
from region.provider.clients import Clients
from region.provider.operation import ProviderContext
from region.provider.preview_handlers import PreviewHandlers
from region.provider.resources import all_handlers
from region.provider.schema import preload
from region.provider.service import ProviderService
from region.provider.sessions import Sessions

WORKERS: Final = 32
MAX_MESSAGE_BYTES: Final = 400 * 1024 * 1024
"""The engine's own limit of a gRPC message (sdk/go/common/util/rpcutil)."""
STOP_SECONDS: Final = 5.0

NO_LOG: Final = creation.NoLog()
logger: Final = logging.getLogger(__name__)


class ProviderServer:
    """Serves the `aws` provider of one local region to any number of engines.

    `endpoint_url` must be a literal loopback address; calls of it are signed with `credential`. Only
    processes of this process's user and of root may call the provider.
    """

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        credential: Credential,
        creations: creation.Log = NO_LOG,
        *,
        preview_only: bool = False,
    ) -> None:
        """Prepare the server. `creations` learns how each creation ends.

        With `preview_only` it previews every type of the package, and creates nothing.
        """
        clients = Clients(endpoint_url, region, credential)
        self._provider_context = ProviderContext(clients, region, preview_only=preview_only)
        self._admission = Admission(peers.admitted())
        known = all_handlers()
        self._handlers = PreviewHandlers(known) if preview_only else known
        self._sessions = Sessions()
        self._creations = creations
        self._server: Any = None

    def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and return the port.

        Raises:
            OSError: The port is taken.
        """
        server = grpc.server(
            futures.ThreadPoolExecutor(WORKERS, thread_name_prefix="provider"),
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),  # two regions on one port must not share its requests
            ],
            interceptors=[self._admission],
        )
        service = ProviderService(
            self._provider_context, self._handlers, self._sessions, self._creations
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
        try:
            bound = server.add_insecure_port(f"{HOST}:{port}")
        except RuntimeError:
            bound = 0
        if not bound:
            raise OSError(f"The provider's port {port} is taken; free it or choose another.")
        self._admission.listen_on(bound)
        server.start()
        self._server = server
        # Before the first program needs the schemas.
        threading.Thread(
            target=preload, args=(tuple(self._handlers),), name="provider-schemas", daemon=True
        ).start()
        return bound

    def stop(self) -> None:
        """Cancel pending waits and stop the server. Safe to call twice."""
        self._sessions.close()
        if self._server is not None:
            self._server.stop(STOP_SECONDS).wait()
            self._server = None
