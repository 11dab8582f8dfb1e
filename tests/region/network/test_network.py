"""The region's network with real namespaces, cables and rules."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from region.network import (
    API,
    API_PORT,
    CONTROL_PORT,
    GATEWAY,
    METADATA,
    Firewall,
    FirewallError,
    Interface,
    NetworkError,
    NetworkUnavailable,
    Permission,
    RegionNetwork,
    SecurityGroup,
    leftovers,
)
from region.network import namespace as namespaces
from region.network.namespace import Namespace
from tests.region.network.hosts import SILENCE, Host, answered, asleep, datagram

pytestmark = pytest.mark.region

OPEN = Permission("-1", cidrs=("0.0.0.0/0",))
BALANCER, DATABASE = "10.20.0.100", "10.20.9.5"
GROUPS = {
    "sg-lb": SecurityGroup("sg-lb", (Permission("tcp", 80, 80, cidrs=("0.0.0.0/0",)),), (OPEN,)),
    "sg-app": SecurityGroup(
        "sg-app",
        (
            Permission("tcp", 8080, 8080, groups=("sg-lb",)),
            Permission("udp", 9000, 9000, cidrs=("10.20.0.0/16",)),
        ),
        (OPEN,),
    ),
    "sg-db": SecurityGroup("sg-db", (Permission("tcp", 5432, 5432, groups=("sg-app",)),)),
    "sg-mute": SecurityGroup("sg-mute"),
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegionNetwork]:
    made = RegionNetwork(tmp_path_factory.mktemp("region"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def hosts(network: RegionNetwork) -> Iterator[dict[str, Host]]:
    """Two in one subnet, one in another with the same group, one without any permission."""
    with ExitStack() as stack:
        found = {
            name: Host(f"i-0123456789abcde{name}", stack.enter_context(asleep()), address, subnet)
            for name, address, subnet in (
                ("01", "10.20.1.11", "10.20.1.0/24"),
                ("02", "10.20.1.12", "10.20.1.0/24"),
                ("03", "10.20.2.13", "10.20.2.0/24"),
                ("04", "10.20.2.14", "10.20.2.0/24"),
            )
        }
        for host in found.values():
            network.attach(host.id, host.pid, host.address, host.subnet)
            for port in (8080, 8081):
                stack.enter_context(host.serve(port))
        network.add_address(BALANCER)
        network.add_address(DATABASE)
        for address, port in ((DATABASE, 5432), (DATABASE, 5433), (BALANCER, 80)):
            stack.enter_context(network.listen(address, port))
        for address, port in ((METADATA, 80), (API, API_PORT), (API, CONTROL_PORT), (API, 22)):
            stack.enter_context(network.listen(address, port))
        yield found


@pytest.fixture
def a(hosts: dict[str, Host]) -> Host:
    return hosts["01"]


@pytest.fixture
def neighbor(hosts: dict[str, Host]) -> Host:
    return hosts["02"]


@pytest.fixture
def b(hosts: dict[str, Host]) -> Host:
    return hosts["03"]


@pytest.fixture
def mute(hosts: dict[str, Host]) -> Host:
    return hosts["04"]


@pytest.fixture(autouse=True)
def plain(network: RegionNetwork, request: pytest.FixtureRequest) -> None:
    """Every test begins with the same rules and all cables plugged."""
    if "hosts" in request.fixturenames:
        network.apply(firewall())
        for host in request.getfixturevalue("hosts").values():
            network.set_link(host.id, up=True)


def firewall(**changed: tuple[Permission, ...]) -> Firewall:
    """The groups of this module, with the ingress of `sg_app` changed if given."""
    groups = dict(GROUPS)
    if "sg_app" in changed:
        groups["sg-app"] = SecurityGroup("sg-app", changed["sg_app"], (OPEN,))
    members = {
        "sg-app": ("10.20.1.11", "10.20.1.12", "10.20.2.13"),
        "sg-mute": ("10.20.2.14",),
        "sg-lb": (BALANCER,),
        "sg-db": (DATABASE,),
    }
    interfaces = [Interface(at, (group,)) for group, all_of in members.items() for at in all_of]
    return Firewall(tuple(interfaces), tuple(groups.values()))


def test_reachability_follows_the_groups(
    network: RegionNetwork, a: Host, neighbor: Host, b: Host, mute: Host
) -> None:
    region = Namespace(network.path)
    found = {
        "balancer to target": answered(region, a.address, 8080, BALANCER),
        "balancer to another port": answered(region, a.address, 8081, BALANCER),
        "balancer to a target without permission": answered(region, mute.address, 8080, BALANCER),
        "instance to balancer": a.reaches(BALANCER, 80),
        "instance to another subnet": a.reaches(b.address, 8080),
        "instance to its neighbor": a.reaches(neighbor.address, 8080),
        "member to database": b.reaches(DATABASE, 5432),
        "member to the database's other port": b.reaches(DATABASE, 5433),
        "another to database": mute.reaches(DATABASE, 5432),
        "internet to balancer": answered(region, BALANCER, 80, GATEWAY),
        "internet to target": answered(region, a.address, 8080, GATEWAY),
        "internet to database": answered(region, DATABASE, 5432, GATEWAY),
        "balancer to database": answered(region, DATABASE, 5432, BALANCER),
    }
    assert {name for name, reached in found.items() if reached} == {
        "balancer to target",
        "instance to balancer",
        "member to database",
        "internet to balancer",
    }


def test_the_services_are_reachable_whatever_the_groups(mute: Host) -> None:
    assert [mute.reaches(at, p) for at, p in ((METADATA, 80), (API, 4566), (API, 8))] == [True] * 3
    assert not mute.reaches(API, 22)
    assert not mute.reaches("10.20.2.1", 4566)


def test_a_rule_can_be_added_and_removed_while_connections_go_on(
    network: RegionNetwork, a: Host, neighbor: Host
) -> None:
    """Neighbors of one subnet too: they are routed, so that the firewall sees them."""
    with neighbor.serve(8090) as server:
        assert not a.reaches(neighbor.address, 8090)
        network.apply(firewall(sg_app=(Permission("tcp", 8090, 8090, groups=("sg-app",)),)))
        with a.connect(neighbor.address, 8090) as client:
            at_server, (source, _) = server.accept()
            assert source == a.address
            network.apply(firewall())
            assert not a.reaches(neighbor.address, 8090)
            with at_server:
                client.sendall(b"question")
                assert at_server.recv(8) == b"question"
                at_server.sendall(b"answer")
                assert client.recv(6) == b"answer"
        # The way back is an answer's only: the other side cannot begin.
        assert not neighbor.reaches(a.address, 8090)


def test_a_port_that_nobody_listens_on_is_refused_not_lost(network: RegionNetwork, a: Host) -> None:
    network.apply(firewall(sg_app=(OPEN,)))
    with pytest.raises(ConnectionRefusedError):
        a.connect("10.20.1.12", 9999)


def test_ping_needs_a_rule_of_its_own(network: RegionNetwork, a: Host, b: Host) -> None:
    def ping() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.settimeout(SILENCE)
            raw.sendto(b"\x08\x00\xf7\xfd\x00\x01\x00\x01", (b.address, 0))
            try:
                return raw.recv(100)[20] == 0
            except TimeoutError:
                return False

    assert not a.namespace.inside(ping)
    network.apply(firewall(sg_app=(Permission("icmp", 8, -1, cidrs=("10.20.1.0/24",)),)))
    assert a.namespace.inside(ping)


def inbox_at_9000() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("", 9000))
    made.settimeout(SILENCE)
    return made


def send_to_9000(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"hey!", (address, 9000))


def test_an_error_comes_back_to_who_sent(a: Host, b: Host) -> None:
    """A closed UDP port answers by ICMP, for which no group has a rule."""

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.connect((b.address, 9000))
            out.settimeout(SILENCE)
            out.send(b"hey!")
            out.recv(10)

    with pytest.raises(ConnectionRefusedError):
        a.namespace.inside(send)


def test_a_cut_cable_loses_packets_in_both_directions(
    network: RegionNetwork, a: Host, b: Host
) -> None:
    for cut, sender, receiver in ((a, a, b), (a, b, a)):
        with receiver.namespace.inside(inbox_at_9000) as inbox:
            network.set_link(cut.id, up=False)
            sender.namespace.inside(lambda to=receiver: send_to_9000(to.address))
            with pytest.raises(TimeoutError):
                inbox.recv(10)
            network.set_link(cut.id, up=True)
            sender.namespace.inside(lambda to=receiver: send_to_9000(to.address))
            assert inbox.recv(10) == b"hey!"


def test_a_false_source_address_is_dropped(a: Host, b: Host) -> None:
    def send(source: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            raw.sendto(datagram(source, b.address, 9000), (b.address, 0))

    with b.namespace.inside(inbox_at_9000) as inbox:
        for lie in (
            "10.20.1.12",
            "10.20.2.13",
            BALANCER,
            GATEWAY,
            METADATA,
            "10.20.1.1",
            "127.0.0.1",
        ):
            a.namespace.inside(lambda lie=lie: send(lie))
            with pytest.raises(TimeoutError):
                inbox.recvfrom(100)
        a.namespace.inside(lambda: send(a.address))
        assert inbox.recvfrom(100) == (b"hey!", (a.address, 4000))


def test_nothing_leads_out(network: RegionNetwork, a: Host) -> None:
    def interfaces() -> list[str]:
        return [name for _, name in socket.if_nameindex()]

    for outside in ("93.184.216.34", "8.8.8.8", "100.64.0.1"):
        for _ in range(10):  # The kernel would hold back notices to one that asks often.
            with pytest.raises(OSError, match="Network is unreachable"):
                a.connect(outside, 80)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), 1).close()
        with pytest.raises(ConnectionRefusedError):
            a.connect("127.0.0.1", port)
        with pytest.raises(ConnectionRefusedError):
            a.connect("127.20.1.11", port)
    assert all(
        name == "lo" or name[:2] == "i-" for name in Namespace(network.path).inside(interfaces)
    )


def test_an_address_that_nobody_has_swallows_packets(network: RegionNetwork, a: Host) -> None:
    assert not a.reaches("10.20.1.99", 80)
    for elsewhere in ("10.77.0.1", "192.168.1.1", "172.17.0.1"):
        assert not a.reaches(elsewhere, 80)
    assert not answered(Namespace(network.path), "10.20.1.99", 80, BALANCER)


def test_the_interface_is_as_on_ec2(a: Host) -> None:
    assert "inet 10.20.1.11/24 brd 10.20.1.255" in a.shell("ip -4 address show eth0")
    assert a.shell("ip route show default").split() == [
        "default",
        "via",
        "10.20.1.1",
        "dev",
        "eth0",
    ]
    assert "mtu 1500" in a.shell("ip link show eth0")
    assert a.shell("ip -6 address show eth0") == ""
    with a.namespace.inside(lambda: socket.create_server(("::1", 8082), family=socket.AF_INET6)):
        pass


def test_the_network_itself_has_no_ipv6(network: RegionNetwork, a: Host) -> None:
    found = Namespace(network.path).inside(Path("/proc/thread-self/net/if_inet6").read_text)
    assert found == ""
    assert a.namespace.inside(Path("/proc/thread-self/net/if_inet6").read_text) != ""


def test_ipv6_does_not_pass_even_if_an_instance_turns_it_on(a: Host, neighbor: Host) -> None:
    for host in (a, neighbor):
        host.namespace.inside(
            lambda: Path("/proc/sys/net/ipv6/conf/eth0/disable_ipv6").write_text("0\n")
        )
    a.shell("ip -6 address add fd00::1/64 dev eth0 nodad")
    neighbor.shell("ip -6 address add fd00::2/64 dev eth0 nodad")

    def send() -> None:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as out:
            out.sendto(b"hey!", ("fd00::2", 9000))

    def receiver() -> socket.socket:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.bind(("::", 9000))
        made.settimeout(SILENCE)
        return made

    with neighbor.namespace.inside(receiver) as inbox:
        a.namespace.inside(send)
        with pytest.raises(TimeoutError):
            inbox.recv(100)


def test_a_cut_instance_hears_nothing_and_recovers(
    network: RegionNetwork, a: Host, b: Host
) -> None:
    region = Namespace(network.path)
    with a.connect(BALANCER, 80) as before:
        assert answered(region, a.address, 8080, BALANCER)
        network.set_link(a.id, up=False)
        assert not answered(region, a.address, 8080, BALANCER)
        assert not a.reaches(API, API_PORT)
        assert a.reaches(METADATA, 80)
        assert a.reaches(API, CONTROL_PORT)
        assert answered(region, b.address, 8080, BALANCER)
        before.sendall(b"lost for now")
        network.set_link(a.id, up=True)
        assert answered(region, a.address, 8080, BALANCER)


def test_a_cable_stays_cut_over_a_reboot(network: RegionNetwork, a: Host) -> None:
    network.set_link(a.id, up=False)
    network.attach(a.id, a.pid, a.address, a.subnet)
    assert not answered(Namespace(network.path), a.address, 8080, BALANCER)
    network.set_link(a.id, up=True)
    assert answered(Namespace(network.path), a.address, 8080, BALANCER)


def test_rules_that_are_refused_leave_the_earlier_ones(network: RegionNetwork, a: Host) -> None:
    with pytest.raises(FirewallError):
        network.apply(Firewall((Interface("10.20.1.11", ()), Interface("10.20.1.11", ()))))
    assert answered(Namespace(network.path), a.address, 8080, BALANCER)


def test_equal_rules_are_not_applied_again(
    network: RegionNetwork, hosts: dict[str, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[str] = []
    monkeypatch.setattr(network, "_nft", applied.append)
    network.apply(firewall())
    assert applied == []
    network.apply(firewall(sg_app=(OPEN,)))
    assert len(applied) == 1
    network._applied = ""


def test_addresses_come_and_go(network: RegionNetwork) -> None:
    with pytest.raises(NetworkError, match=r"10\.20\.0\.101:80"):
        network.listen("10.20.0.101", 80)
    network.add_address("10.20.0.101")
    network.add_address("10.20.0.101")
    with network.listen("10.20.0.101", 80), pytest.raises(NetworkError, match="only once"):
        network.listen("10.20.0.101", 80)
    network.remove_address("10.20.0.101")
    network.remove_address("10.20.0.101")
    with pytest.raises(NetworkError):
        network.listen("10.20.0.101", 80)


def test_instances_come_and_go_side_by_side(network: RegionNetwork) -> None:
    with ExitStack() as stack:
        pids = [stack.enter_context(asleep()) for _ in range(6)]
        with ThreadPoolExecutor(6) as threads:
            list(
                threads.map(
                    lambda n: network.attach(
                        f"i-{n}", pids[n], f"10.20.8.{10 + n}", "10.20.8.0/24"
                    ),
                    range(6),
                )
            )
            host = Host("i-3", pids[3], "10.20.8.13", "10.20.8.0/24")
            with network.listen("169.254.169.254", 81):
                assert "10.20.8.13/24" in host.shell("ip -4 address show eth0")
            list(threads.map(lambda n: network.detach(f"i-{n}"), [*range(6), *range(6)]))
        assert "eth0" not in host.shell("ip link")


def test_an_ended_or_shared_namespace_is_refused(network: RegionNetwork) -> None:
    with asleep() as pid:
        pass
    with pytest.raises(NetworkError, match="has ended"):
        network.attach("i-1", pid, "10.20.8.10", "10.20.8.0/24")
    with pytest.raises(NetworkError, match="no network namespace of its own"):
        network.attach("i-1", os.getpid(), "10.20.8.10", "10.20.8.0/24")
    with asleep() as pid, pytest.raises(NetworkError, match="not in its subnet"):
        network.attach("i-1", pid, "10.20.9.10", "10.20.8.0/24")


def test_a_cable_that_cannot_be_laid_leaves_nothing(network: RegionNetwork) -> None:
    with asleep() as pid:
        host = Host("i-1", pid, "10.20.8.10", "10.20.8.0/24")
        host.shell("ip link add eth0 type veth peer name eth1")
        before = leftovers_of(network)
        with pytest.raises(NetworkError, match=r"File exists"):
            network.attach(host.id, pid, host.address, host.subnet)
        assert leftovers_of(network) == before


def leftovers_of(network: RegionNetwork) -> list[str]:
    return [name for _, name in Namespace(network.path).inside(socket.if_nameindex)]


def test_stop_leaves_nothing_even_while_something_holds_the_namespace(tmp_path: Path) -> None:
    network = RegionNetwork(tmp_path)
    network.stop()
    assert leftovers(tmp_path) == []
    network.start()
    with asleep() as pid, network.listen(METADATA, 80):
        host = Host("i-1", pid, "10.20.8.10", "10.20.8.0/24")
        network.attach(host.id, pid, host.address, host.subnet)
        assert leftovers(tmp_path) == [
            f"network namespace {network.path}",
            f"interface i-i-1 in {network.name}",
        ]
        network.stop()
        network.stop()
        assert leftovers(tmp_path) == []
        assert "eth0" not in host.shell("ip link")
    with pytest.raises(NetworkError, match="start the region again"):
        network.listen(METADATA, 80)


def test_what_a_killed_region_left_is_replaced(tmp_path: Path) -> None:
    program = """
        import sys, time
        from pathlib import Path
        from region.network import *
        network = RegionNetwork(Path(sys.argv[1]))
        network.start()
        network.add_address("10.20.0.100")
        network.attach("i-1", int(sys.argv[2]), "10.20.8.10", "10.20.8.0/24")
        network.set_link("i-1", up=False)
        print("ready", flush=True)
        time.sleep(60)
    """
    with asleep() as pid:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), str(tmp_path), str(pid)],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        host = Host("i-1", pid, "10.20.8.10", "10.20.8.0/24")
        assert "eth0" in host.shell("ip link")
        assert len(leftovers(tmp_path)) == 2

        network = RegionNetwork(tmp_path)
        network.start()
        try:
            assert "eth0" not in host.shell("ip link")
            assert leftovers(tmp_path) == [f"network namespace {network.path}"]
            network.attach(host.id, pid, host.address, host.subnet)
            with network.listen(API, API_PORT):
                assert host.reaches(API, API_PORT)
            with pytest.raises(NetworkError):
                network.listen("10.20.0.100", 80)
        finally:
            network.stop()


def test_a_network_that_starts_again_has_forgotten_what_was_cut(tmp_path: Path) -> None:
    network = RegionNetwork(tmp_path)
    try:
        with asleep() as pid:
            host = Host("i-1", pid, "10.20.8.10", "10.20.8.0/24")
            for _ in range(2):
                network.start()
                network.attach(host.id, pid, host.address, host.subnet)
                with network.listen(API, API_PORT):
                    assert host.reaches(API, API_PORT)
                    network.set_link(host.id, up=False)
                    assert not host.reaches(API, API_PORT)
    finally:
        network.stop()


def test_a_name_without_a_namespace_is_replaced(tmp_path: Path) -> None:
    network = RegionNetwork(tmp_path)
    network.path.touch()
    assert leftovers(tmp_path) == [f"network namespace {network.path}"]
    network.start()
    network.stop()
    assert leftovers(tmp_path) == []


def test_two_regions_do_not_see_each_other(network: RegionNetwork, a: Host, tmp_path: Path) -> None:
    """Both may even use the same addresses."""
    other = RegionNetwork(tmp_path)
    assert other.name != network.name
    other.start()
    try:
        with asleep() as pid, other.listen(API, API_PORT) as api:
            twin = Host(a.id, pid, a.address, a.subnet)
            other.attach(twin.id, pid, twin.address, twin.subnet)
            assert twin.reaches(API, API_PORT)
            api.settimeout(1)
            assert api.accept()[1][0] == a.address
            assert a.reaches(API, API_PORT)
            api.settimeout(0.2)
            with pytest.raises(TimeoutError):
                api.accept()
        assert answered(Namespace(network.path), a.address, 8080, BALANCER)
    finally:
        other.stop()
    assert answered(Namespace(network.path), a.address, 8080, BALANCER)


def test_the_calling_thread_and_its_errors_stay_outside(network: RegionNetwork) -> None:
    before = Path("/proc/thread-self/ns/net").readlink()
    assert (
        Namespace(network.path).inside(lambda: Path("/proc/thread-self/ns/net").readlink())
        != before
    )

    def fail() -> None:
        raise KeyError(threading.current_thread().name)

    with pytest.raises(KeyError, match="in-namespace"):
        Namespace(network.path).inside(fail)
    assert Path("/proc/thread-self/ns/net").readlink() == before


def test_another_user_is_told_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NetworkUnavailable, match=r"user 1000: run it as root"):
        RegionNetwork(tmp_path).start()


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces.locate, "which", lambda name: None)
    with pytest.raises(NetworkUnavailable, match=r"ip is not installed; .*iproute2"):
        RegionNetwork(tmp_path).start()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """As in a container with a read-only root."""
    program = (
        "import sys; from pathlib import Path; from region.network import *\n"
        "try: RegionNetwork(Path(sys.argv[1])).start()\n"
        "except NetworkUnavailable as error: print(error)"
    )
    assert "/run/netns" in in_user_namespace("mount -t tmpfs -o ro tmpfs /run", program, tmp_path)


def test_root_of_a_user_namespace_is_enough(tmp_path: Path) -> None:
    program = """if True:
        import socket, subprocess, sys, time
        from pathlib import Path
        from region.network import *
        from tests.region.network.hosts import Host, asleep
        network = RegionNetwork(Path(sys.argv[1]))
        network.start()
        with asleep() as pid, network.listen(METADATA, 80):
            host = Host("i-1", pid, "10.20.8.10", "10.20.8.0/24")
            network.attach(host.id, pid, host.address, host.subnet)
            print(host.reaches(METADATA, 80), host.reaches("10.20.8.11", 80))
        network.stop()
        print(leftovers(Path(sys.argv[1])))
    """
    said = in_user_namespace("mount -t tmpfs tmpfs /run", program, tmp_path)
    assert said.splitlines() == ["True False", "[]"]


def in_user_namespace(prepare: str, program: str, root: Path) -> str:
    command = ["unshare", "--user", "--map-root-user", "--mount", "--net", "sh", "-c"]
    run = f'{prepare} && exec "$@"'
    if subprocess.run([*command, "mount -t tmpfs tmpfs /run"], check=False).returncode:
        pytest.skip("this host has no user namespaces")
    done = subprocess.run(
        [*command, run, "sh", sys.executable, "-c", program, str(root)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_network_that_a_killed_region_left_is_taken_over(tmp_path: Path) -> None:
    left = RegionNetwork(tmp_path)
    left.start()
    try:
        left.add_address(DATABASE)
        left.set_link("i-cut", up=False)
        inode = left.path.stat().st_ino
        adopted = RegionNetwork(tmp_path)
        adopted.start(adopt=True)
        assert adopted.path.stat().st_ino == inode
        adopted.listen(DATABASE, 5432).close()
        adopted.listen(API, API_PORT).close()
        # A cut cable stays cut until somebody mends it.
        assert adopted._unplugged == {"i-cut"}
        adopted.set_link("i-cut", up=True)
        assert adopted._unplugged == set()
    finally:
        RegionNetwork(tmp_path).stop()
    assert leftovers(tmp_path) == []


def test_without_anything_to_take_over_a_network_is_made(tmp_path: Path) -> None:
    made = RegionNetwork(tmp_path)
    made.start(adopt=True)
    try:
        made.listen(API, API_PORT).close()
    finally:
        made.stop()
