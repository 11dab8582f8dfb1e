"""Who may call the provider: the engine can send no secret, so the kernel is asked whose it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import grpc

from region.loopback import peers

HOST: Final = "127.0.0.1"


class Admission(grpc.ServerInterceptor):
    """Refuses calls over a connection that another user's process opened.

    Nothing is remembered between calls: a port number that one user's process gave back can be taken
    by another's at once.
    """

    def __init__(self, admitted: Collection[int]) -> None:
        """Admit the users with these ids."""
        self._admitted = admitted
        self._port = 0

    def listen_on(self, port: int) -> None:
        """Set the port of the server, once it is known."""
        self._port = port

    def intercept_service(
        self, continuation: Callable[[Any], Any], handler_call_details: Any
    ) -> Any:
        """Return the handler of a call, behind the check. Streams, which the service lacks: none."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return None

        def checked(request: Any, context: Any) -> Any:
            if self._owner(str(context.peer())) not in self._admitted:
                context.abort(
                    grpc.StatusCode.PERMISSION_DENIED,
                    "this local region belongs to another user: start one of your own, "
                    "python -m rehearsal start",
                )
            return handler.unary_unary(request, context)

        return grpc.unary_unary_rpc_method_handler(
            checked,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _owner(self, peer: str) -> int | None:
        """Return the user at the other end; `peer` is gRPC's `ipv4:<address>:<port>`."""
        kind, _, rest = peer.partition(":")
        address, _, port = rest.rpartition(":")
        if kind != "ipv4" or not port.isdigit():
            return None
        return peers.owner((address, int(port)), (HOST, self._port))
