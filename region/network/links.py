"""The cables of instances: a veth pair between the region's namespace and the instance's own.

Instances are routed, not bridged. Each cable is a link of its own with one host route to the
instance, and the region's end answers ARP for every other address of the VPC, so that each packet
from one instance to another passes the firewall's forward chain, also within a subnet.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from region.loopback.addresses import PRIVATE, hardware_address
from region.network.errors import NetworkError, NetworkUnavailable
from region.network.firewall import API, GATEWAY, MACHINE_SERVICES, METADATA, pairs
from region.network.namespace import Namespace
from toolchain import locate

FIXED_ADDRESSES = (API, METADATA, GATEWAY)
"""Addresses of the namespace itself."""

_SIOCGIFFLAGS = 0x8913
_IFF_RUNNING = 0x40
_LONGEST_WAIT = 5.0
"""Seconds for a cable to come up; it takes a few milliseconds."""

_SYSCTL = Path("/proc/sys/net")
_CONF = {
    "rp_filter": 1,  # A packet's source must be the address behind the cable that it came by.
    "accept_redirects": 0,
    "accept_source_route": 0,
    "send_redirects": 0,
    "accept_local": 0,
    "route_localnet": 0,
    "arp_filter": 0,
    "arp_ignore": 0,
    "arp_accept": 0,
}
"""Settings of all interfaces, written out because a new namespace copies the host's."""


def prepare(namespace: Namespace) -> None:
    """Turn a new namespace into a router without a way out.

    The VPCs' ranges are routed to where no interface is, so that packets to an address that nobody
    has are lost silently, as in a VPC; any other address is unreachable at once.

    Raises:
        NetworkUnavailable: `/proc/sys` is read-only, as in a container without privileges.
    """
    namespace.inside(_configure_router)
    batch(
        namespace,
        [
            "link set lo up",
            *(f"address add {address}/32 dev lo" for address in FIXED_ADDRESSES),
            *(f"route add {block} dev lo" for block in PRIVATE),
        ],
    )


def mark(namespace: Namespace, root: Path) -> None:
    """Let the namespace say whose it is, for `doctor`: the directory of its region, as an alias of lo.

    A directory whose name is longer than an alias may be stays unknown.
    """
    with contextlib.suppress(NetworkError):
        namespace.run([str(locate.ip()), "link", "set", "dev", "lo", "alias", str(root)], "")


def rules(unplugged: Iterable[str]) -> str:
    """Write the rules of cables for `nft -f -`: what passes if a cable is `unplugged`.

    Packets are dropped and the interface stays up. Taking it down would remove the route, and a
    load balancer would be told at once that its target is unreachable; behind a broken network it
    hears nothing.
    """
    elements = ", ".join(f'"{interface_name(instance)}"' for instance in sorted(unplugged))
    return f"""\
table ip cables
delete table ip cables
table ip cables {{
  set unplugged {{ type ifname;{f" elements = {{ {elements} }};" if elements else ""} }}
  chain incoming {{
    type filter hook prerouting priority -300; policy accept;
    iifname @unplugged ip daddr . tcp dport {pairs(MACHINE_SERVICES)} accept
    iifname @unplugged drop
    fib daddr type != local fib daddr oif missing reject with icmp net-unreachable
  }}
  chain outgoing {{
    type filter hook postrouting priority -300; policy accept;
    oifname @unplugged ip saddr . tcp sport {pairs(MACHINE_SERVICES)} accept
    oifname @unplugged drop
  }}
}}
"""


def interface_name(instance_id: str) -> str:
    """Return the name of an instance's cable in the region's namespace: at most 15 characters."""
    return f"i-{instance_id[-13:]}"


def attach(region: Namespace, instance_id: str, pid: int, address: str, subnet: str) -> None:
    """Lay the cable between the region and the namespace of process `pid`: see `RegionNetwork`."""
    block = IPv4Network(subnet)
    own = IPv4Interface(f"{address}/{block.prefixlen}")
    if own.network != block:
        raise NetworkError(f"address {address} of {instance_id} is not in its subnet {subnet}.")
    name = interface_name(instance_id)
    with _namespace_of(instance_id, pid) as (file, instance):
        if instance.same_as(region.path) or instance.same_as(Path("/proc/self/ns/net")):
            raise NetworkError(
                f"process {pid} of {instance_id} has no network namespace of its own: "
                "start it with one."
            )
        detach(region, instance_id)
        try:
            batch(region, _region_side(name, own, instance.path), files=[file])
            instance.inside(_disable_ipv6_on_cable)
            batch(instance, _instance_side(own, block))
            region.inside(lambda: _wait_until_running(name))
        except NetworkError:
            detach(region, instance_id)
            raise


def detach(region: Namespace, instance_id: str) -> None:
    """Remove the cable of an instance if it is there."""
    name = interface_name(instance_id)

    def remove() -> None:
        if _exists(name):
            try:
                batch(region, [f"link delete dev {name}"])
            except NetworkError:
                # The kernel removes it too, when the instance's namespace ends.
                if _exists(name):
                    raise

    region.inside(remove)


def remove_all(region: Namespace) -> None:
    """Remove every cable. The instances' ends go with them, even if something holds the namespace."""
    names = cables(region)
    if names:
        # -force goes on where the kernel was faster; what is left is an error.
        batch(region, [f"link delete dev {name}" for name in names], force=True)


def cables(region: Namespace) -> list[str]:
    """Return the names of the interfaces in the namespace except lo."""
    return sorted(name for _, name in region.inside(socket.if_nameindex) if name != "lo")


def batch(
    namespace: Namespace, commands: Iterable[str], *, files: Iterable[int] = (), force: bool = False
) -> None:
    """Run commands of `ip` inside, all in one process.

    Raises:
        NetworkError: one failed; those before it have an effect, those after it have none.
            With `force` failures are ignored.
    """
    program = [str(locate.ip()), *(["-force"] if force else []), "-batch", "-"]
    try:
        namespace.run(program, "\n".join([*commands, ""]), files=list(files))
    except NetworkError:
        if not force:
            raise


def _region_side(name: str, own: IPv4Interface, instance: Path) -> list[str]:
    gateway = own.network.network_address + 1
    mac = hardware_address(str(own.ip))
    return [
        f"link add name {name} type veth peer name eth0 address {mac} netns {instance}",
        # Without this the kernel waits up to 0.8 s before it answers ARP for another instance.
        f"ntable change name arp_cache dev {name} proxy_delay 0",
        f"address add {gateway}/32 dev {name}",
        f"link set dev {name} up",
        f"route replace {own.ip}/32 dev {name}",
        f"neighbor replace {own.ip} lladdr {mac} dev {name} nud permanent",
    ]


def _instance_side(own: IPv4Interface, block: IPv4Network) -> list[str]:
    return [
        "link set dev lo up",
        f"address add {own} broadcast + dev eth0",
        "link set dev eth0 up",
        f"route add default via {block.network_address + 1} dev eth0",
    ]


@contextmanager
def _namespace_of(instance_id: str, pid: int) -> Generator[tuple[int, Namespace]]:
    """Open the namespace of a process, so that it stays the same one if the process ends."""
    try:
        file = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NetworkError(
            f"process {pid} of {instance_id} has no network ({error.strerror}): it has ended; "
            "see the instance's console log."
        ) from error
    try:
        yield file, Namespace(Path(f"/proc/self/fd/{file}"))
    finally:
        os.close(file)


def _exists(name: str) -> bool:
    try:
        socket.if_nametoindex(name)
    except OSError as error:
        if error.errno in (errno.ENODEV, errno.ENXIO, None):
            return False
        raise
    return True


def _wait_until_running(name: str) -> None:
    """Wait until the kernel, shortly after both ends are up, lets the first packet pass.

    A packet before that is lost, and TCP sends it again only after a second.

    Raises:
        NetworkError: it takes suspiciously long.
    """
    until = time.monotonic() + _LONGEST_WAIT
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        while time.monotonic() < until:
            answer = fcntl.ioctl(
                any_socket, _SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0)
            )
            if struct.unpack("16sH22x", answer)[1] & _IFF_RUNNING:
                return
            time.sleep(0.0005)
    raise NetworkError(
        f"cable {name} is not up after {_LONGEST_WAIT:g} s: start the instance again."
    )


def _configure_router() -> None:
    # First, because the kernel resets other settings when it is changed.
    settings: dict[str, int] = {"ipv4/ip_forward": 1}
    for scope in ("all", "default"):
        settings |= {f"ipv4/conf/{scope}/{name}": value for name, value in _CONF.items()}
    settings["ipv4/conf/default/proxy_arp"] = 1
    # Every instance that asks for the impossible is told so, however often it asks.
    settings["ipv4/icmp_ratelimit"] = 0
    _write(settings)
    _write_if_there({f"ipv6/conf/{scope}/disable_ipv6": 1 for scope in ("all", "default")})


def _disable_ipv6_on_cable() -> None:
    """Only on eth0: programs listen at [::1] and [::], which must work."""
    _write_if_there({"ipv6/conf/eth0/disable_ipv6": 1})


def _write(settings: Mapping[str, int]) -> None:
    for name, value in settings.items():
        try:
            (_SYSCTL / name).write_text(f"{value}\n", encoding="ascii")
        except OSError as error:
            raise NetworkUnavailable(
                f"{_SYSCTL / name} cannot be set to {value} ({error.strerror}): run it as root "
                "where /proc/sys is writable (in a container: --privileged)."
            ) from error


def _write_if_there(settings: Mapping[str, int]) -> None:
    """Write settings that a kernel without IPv6 does not have."""
    _write({name: value for name, value in settings.items() if (_SYSCTL / name).exists()})
