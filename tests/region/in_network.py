"""What tests put into a region's network in place of machines and their security groups."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from region.network import Firewall, Interface, Permission, RegionNetwork, SecurityGroup


def open_to_all(addresses: Iterable[str]) -> Firewall:
    """Interfaces at these addresses that send and accept everything."""
    everything = (Permission("-1", cidrs=("0.0.0.0/0",)),)
    group = SecurityGroup("sg-open", ingress=everything, egress=everything)
    members = tuple(Interface(address, (group.id,)) for address in addresses)
    return Firewall(members, (group,))


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/health" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        pass


class Answering(ThreadingHTTPServer):
    """A server at an address of the network, as an instance would have one. Answers until `close`.

    Attributes:
        status: What it answers on /health.
    """

    def __init__(self, network: RegionNetwork, address: str, port: int) -> None:
        network.add_address(address)
        super().__init__((address, port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = network.listen(address, port)
        self.status = 200
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
