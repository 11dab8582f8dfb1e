"""`python -m benchmarks.machines`: boots of instances, and what their network adds. Needs root.

A hop's cost is the difference of two medians, of requests over one open connection each, sent in
turn: what else the computer does meets both alike. Prints; asserts nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import tempfile
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import yaml

from benchmarks.command import Parser, run
from benchmarks.timing import seconds
from region.loopback.addresses import loopback_of
from region.machines.images import prepare
from region.machines.machine import Machine
from region.machines.machine_pool import MachinePool
from region.machines.spec import MachineSpec
from region.machines.volumes import GIBIBYTE, RootVolume
from region.network import GATEWAY, Firewall, Interface, Permission, RegionNetwork, SecurityGroup
from region.runtime_directories import remove_runtime_directory, runtime_directory
from region.services.vpc.internet_gateway import Forwarding, InternetGateway

FLEET = 6
REQUESTS = 3000
VOLUMES = 20
PORT = 8080
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SERVER = f"""
import asyncio

async def serve(reader, writer):
    try:
        while True:
            await reader.readuntil(b"\\r\\n\\r\\n")
            writer.write({ANSWER!r})
    except asyncio.IncompleteReadError:
        writer.close()

async def main():
    async with await asyncio.start_server(serve, "0.0.0.0", {PORT}) as server:
        await server.serve_forever()

asyncio.run(main())
"""
UNIT = "[Service]\nExecStart=/usr/bin/env python3 /opt/server.py\n[Install]\nWantedBy=multi-user.target\n"


def user_data() -> bytes:
    """A server that answers as fast as Python can."""
    files = {"/opt/server.py": SERVER, "/etc/systemd/system/server.service": UNIT}
    document = {
        "write_files": [{"path": path, "content": text} for path, text in files.items()],
        "runcmd": [["systemctl", "enable", "--now", "server"]],
    }
    return b"#cloud-config\n" + yaml.safe_dump(document).encode()


def address_of(number: int) -> str:
    """Return the private address of instance `number`."""
    return f"10.76.0.{10 + number}"


@contextlib.contextmanager
def region(root: Path) -> Generator[tuple[RegionNetwork, MachinePool]]:
    """A region's network and machines, without anything else."""
    network = RegionNetwork(root)
    network.start()
    everything = (Permission("-1", cidrs=("0.0.0.0/0",)),)
    group = SecurityGroup("sg-open", ingress=everything, egress=everything)
    members = [Interface(address_of(number), (group.id,)) for number in range(FLEET + 1)]
    network.apply(Firewall(tuple(members), (group,)))
    image = prepare("host", {}, hidden=(root,))
    pool = MachinePool(
        root, network, "ap-northeast-2", aws_endpoint="http://127.0.0.1:9", image=image.for_ami
    )
    try:
        pool.start()
        yield network, pool
    finally:
        pool.close()
        network.stop()
        remove_runtime_directory(root)


def launch(pool: MachinePool, number: int) -> Machine:
    """Prepare instance `number`."""
    return pool.launch(
        MachineSpec(
            instance_id=f"i-{number:017x}",
            instance_type="t4g.micro",
            private_ip=address_of(number),
            subnet="10.76.0.0/24",
            region="ap-northeast-2",
            availability_zone="ap-northeast-2a",
            user_data=user_data(),
        )
    )


def boots(pool: MachinePool) -> tuple[float, float]:
    """Return the seconds in which one instance boots, and in which six boot side by side."""
    one = seconds(launch(pool, 0).boot)
    fleet = [launch(pool, number) for number in range(1, FLEET + 1)]
    with ThreadPoolExecutor(FLEET) as executor:
        six = seconds(lambda: list(executor.map(Machine.boot, fleet)))
    return one, six


def volumes(root: Path) -> tuple[float, float]:
    """Return how long a boot waits for a new root volume of 8 GiB, and for one that is there (s)."""
    made, mounted = list[float](), list[float]()
    for number in range(VOLUMES):
        volume = RootVolume(root / f"volume-{number}", 8 * GIBIBYTE)
        made.append(seconds(lambda volume=volume: volume.mounted(lambda _: None)))
        mounted.append(seconds(lambda volume=volume: volume.mounted(lambda _: None)))
    return median(made), median(mounted)


def connect(address: str, source: str = "") -> http.client.HTTPConnection:
    """Return an open connection; waits until somebody listens."""
    place = (source, 0) if source else None
    for _ in range(100):
        connection = http.client.HTTPConnection(address, PORT, timeout=5, source_address=place)
        with contextlib.suppress(OSError):
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        time.sleep(0.1)
    raise SystemExit(f"{address}:{PORT} does not answer")


def medians(connections: Sequence[http.client.HTTPConnection]) -> list[float]:
    """Return the median seconds of a request on each connection; they are used in turn."""
    taken: list[list[float]] = [[] for _ in connections]
    for _ in range(REQUESTS):
        for connection, times in zip(connections, taken, strict=True):
            started = time.perf_counter()
            connection.request("GET", "/")
            connection.getresponse().read()
            times.append(time.perf_counter() - started)
    return [median(times) for times in taken]


def serve_on(listening: socket.socket) -> None:
    """Answer one connection as the instances' server does, with as little code."""
    client, _ = listening.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while client.recv(65536):
        client.sendall(ANSWER)


def hops(network: RegionNetwork, root: Path) -> list[float]:
    """Return medians: loopback, into an instance by its cable, the same through the gateway."""
    private = address_of(0)
    public = loopback_of(private)
    gateway = InternetGateway(root, runtime_directory(root), network.path)
    gateway.serve([Forwarding(public, PORT, private)])
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_on, args=(listening,), daemon=True).start()
    bare = http.client.HTTPConnection(*listening.getsockname(), timeout=5)
    bare.connect()
    bare.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        inside = network.inside(lambda: connect(private, GATEWAY))
        return medians([bare, inside, connect(public)])
    finally:
        gateway.close()


def measure() -> Generator[tuple[str, str, str]]:
    """Yield what was measured, the value and the goal."""
    with tempfile.TemporaryDirectory(prefix="haproof-bench-") as name:
        root = Path(name)
        with region(root) as (network, pool):
            one, six = boots(pool)
            yield "boot of one instance", f"{one:.2f} s", ""
            yield "boot of six, side by side", f"{six:.2f} s", "<= 3 s more than one"
            made, mounted = volumes(root)
            yield "making and mounting a volume", f"{1000 * made:.0f} ms", ""
            yield "mounting one that is there", f"{1000 * mounted:.0f} ms", ""
            loopback, cable, gateway = (1000 * value for value in hops(network, root))
            yield "request on the host's loopback", f"{loopback:.3f} ms", ""
            yield "request to an instance", f"{cable:.3f} ms", ""
            yield "the same through the gateway", f"{gateway:.3f} ms", ""
            yield "added by the gateway's hop", f"{gateway - cable:.3f} ms", "<= 0.2 ms"


def main() -> None:
    """Measure and print."""
    Parser(__doc__).parse_args()
    for what, value, goal in measure():
        print(f"{what:31} {value:>9}   {goal}", flush=True)


if __name__ == "__main__":
    run(main)
