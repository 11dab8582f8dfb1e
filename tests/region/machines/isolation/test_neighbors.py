"""What a hook tries against another machine and the region, over disks and network."""

from __future__ import annotations

import ctypes
import os
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from region import credentials, session
from region.machines.images import prepare
from region.machines.machine_pool import MachinePool
from region.network import GATEWAY
from tests.region.machines.isolation.arena import Arena
from tests.region.machines.revisions import Store, run_hook

pytestmark = pytest.mark.region


def test_the_disk_of_a_neighbor_is_not_there(arena: Arena):
    said = arena.attack(f"""
        ls -d '{arena.victim.directory}' '{arena.attacker.directory}' '{arena.root}'
        grep -o 'upperdir=[^,]*' /proc/self/mountinfo | sed 's/upperdir=//' | sort -u > /uppers
        wc -l < /uppers
        sed 's/{arena.attacker.spec.instance_id}/{arena.victim.spec.instance_id}/' /uppers |
          while read -r upper; do ls -d "$upper"; echo harm > "$upper/harm"; done
        cat /proc/[0-9]*/root/opt/haproof/environment
    """)
    assert said.count("No such file or directory") >= 3 + 2 * 3
    assert "INSTANCE_ID" not in said
    for top in ("", "/etc", "/opt", "/srv", "/usr", "/var"):
        assert not arena.victim.files.exists(f"{top}/harm"), top


def test_metadata_and_control_of_a_neighbor_are_out_of_reach(arena: Arena):
    victim = arena.victim
    token = (victim.directory / "control/token").read_text()
    said = arena.attack(f"""
        imds=http://169.254.169.254/latest
        header='X-aws-ec2-metadata-token-ttl-seconds: 60'
        session=$(curl -sS -X PUT -H "$header" $imds/api/token)
        for extra in 'X-Forwarded-For: {victim.spec.private_ip}' 'Host: {victim.spec.private_ip}'; do
          curl -sS -H "X-aws-ec2-metadata-token: $session" -H "$extra" $imds/meta-data/instance-id
          echo
        done
        curl -sS -o /dev/null -w 'v1 %{{http_code}}\n' $imds/meta-data/instance-id
        curl -sS --interface {victim.spec.private_ip} -m 3 $imds/meta-data/instance-id
        call() {{ curl -sS -o /dev/null -w 'control %{{http_code}}\n' -H "X-Haproof-Token: $1" \
          -d a=stop -d a=placeholder http://169.254.170.1:8/systemctl; }}
        call '{token}'; call guess; call ''
    """)
    assert victim.spec.instance_id not in said
    assert said.count(arena.attacker.spec.instance_id) == 2
    assert "v1 401" in said
    assert "bind failed" in said
    assert said.count("control 403") == 3
    assert arena.answer(victim) == victim.spec.instance_id


def test_the_regions_secrets_are_not_there(arena: Arena):
    secret = credentials.read(arena.root).secret_access_key
    said = arena.attack(f"""
        cat '{credentials.file(arena.root)}' '{session.record(arena.root)}'
        grep -rslF --exclude-dir=proc --exclude-dir=sys '{secret}' /etc /opt /run /var /root /home \
          /tmp /srv /mnt /dev | grep -v /opt/codedeploy-agent
        env | grep -F '{secret}'
    """)
    assert said.count("No such file or directory") == 2
    assert secret not in said
    assert len(said.splitlines()) == 2


def test_a_region_below_opt_works_and_is_hidden(tmp_path: Path, network, spec_of, store: Store):
    """Where a user may well clone the project to: the image `host` shows /opt."""
    with tempfile.TemporaryDirectory(prefix="haproof-test-", dir="/opt") as name:
        Path(name).chmod(0o755)  # What not everybody may enter is hidden anyway.
        root = Path(name) / "region"
        root.mkdir()
        image = prepare("host", {}, tmp_path / "cache", hidden=(root,)).default
        pool = MachinePool(root, network, "r", aws_endpoint=store.endpoint, image=lambda _: image)
        pool.start()
        try:
            key = credentials.ensure(root)
            machine = pool.launch(spec_of(b"", 5))
            machine.boot()
            said = f"ls -A '{name}' '{root}' > /said 2>&1; cat '{credentials.file(root)}' >> /said"
            run_hook(machine, store, f"{said}; true")
            seen = machine.files.read_text("/said")
            assert "secrets" not in seen
            assert key.access_key_id not in seen
        finally:
            pool.close()


def test_other_users_of_the_host_do_not_get_at_set_user_id_programs(arena: Arena):
    arena.attack("cp /bin/bash /srv/rootshell; chmod 4755 /srv/rootshell")
    directory = arena.attacker.directory
    made = arena.attacker._root() / "srv/rootshell"
    assert made.stat().st_mode & stat.S_ISUID
    assert stat.S_IMODE((arena.root / "instances").stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "volume.img").stat().st_mode) == 0o600
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    for path in (made, directory / "root/srv/rootshell", directory / "volume/root/srv/rootshell"):
        command = [*nobody, "sh", "-c", f"'{path}' -pc 'id -u'"]
        tried = subprocess.run(command, capture_output=True, check=False)
        assert tried.returncode != 0
        assert b"0\n" not in tried.stdout


@pytest.fixture
def host_listener() -> Iterator[tuple[int, list[str]]]:
    """A server of the host on all its addresses, and who reached it."""
    reached: list[str] = []
    with socket.create_server(("", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                reached.append(str(peer))
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], reached
        server.shutdown(socket.SHUT_RDWR)


CONNECT = """
import socket, sys
for address in sys.argv[2:]:
    try:
        socket.create_connection((address, int(sys.argv[1])), 2).close()
        print(address, "reached")
    except OSError as error:
        print(address, error)
"""


def test_the_host_is_not_reached_by_any_of_its_addresses(
    arena: Arena, host_listener: tuple[int, list[str]]
):
    port, reached = host_listener
    families = [each for nic in psutil.net_if_addrs().values() for each in nic]
    own = [each.address for each in families if each.family == socket.AF_INET]
    assert "127.0.0.1" in own
    others = ["127.77.9.1", "169.254.170.1", "169.254.170.3", "10.77.9.0", "0", "::1"]
    said = arena.python(CONNECT, port, *own, *others)
    assert len(said.splitlines()) == len(own) + len(others)
    assert " reached" not in said
    assert reached == []
    with socket.create_connection(("127.0.0.1", port)):
        pass  # The listener was there all the time.


def test_no_address_of_the_internet_is_reached(arena: Arena):
    said = arena.python(CONNECT, 443, "52.95.110.1", "54.239.28.85", "1.1.1.1", "8.8.8.8")
    assert said.count("Network is unreachable") == 4
    said = arena.python(CONNECT, 53, "169.254.169.253", "169.254.169.123", "168.63.129.16")
    assert said.count("unreachable") == 3


SPOOF = """
import socket, struct, sys
own, victim = sys.argv[1], sys.argv[2]
def send(source, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        data = payload.encode()
        udp = struct.pack("!HHHH", 999, 9999, 8 + len(data), 0) + data
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                           socket.inet_aton(source), socket.inet_aton(victim))
        raw.sendto(head + udp, (victim, 0))
for source in sys.argv[3:]:
    try:
        send(source, "forged " + source)
        print("sent", source)
    except OSError as error:
        print(source, error)
send(own, "genuine")
"""
RECEIVE = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 9999))
open("/srv/ready", "w").close()
with open("/srv/received", "a", 1) as file:
    while True:
        data, peer = server.recvfrom(2000)
        print(data.decode(), "from", peer[0], file=file)
"""


def test_no_packet_arrives_with_a_forged_source(arena: Arena, read, eventually):
    victim, own = arena.victim, arena.attacker.spec.private_ip
    program = f"python3 - > /dev/null 2>&1 <<'END' &\n{RECEIVE}\nEND\n"
    assert run_hook(victim, arena.store, program).status == "Succeeded"
    eventually(lambda: victim.files.exists("/srv/ready"), "the receiver listens")
    forged = [GATEWAY, "169.254.169.254", "169.254.170.1", "10.77.9.9", "10.77.9.1", "52.1.1.1"]
    forged += [victim.spec.private_ip, "127.0.0.1"]
    said = arena.python(SPOOF, own, victim.spec.private_ip, *(f for f in forged if f != own))
    assert said.count("sent") >= 6
    eventually(lambda: "genuine" in read(victim, "/srv/received"), "the genuine one arrives")
    assert read(victim, "/srv/received") == f"genuine from {own}\n"


def test_a_claimed_address_does_not_divert_a_neighbors_traffic(arena: Arena):
    said = arena.python(
        """
import socket, sys, struct
mac = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
victim = socket.inet_aton(sys.argv[1])
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind(("eth0", 0))
    for operation in (1, 2):
        arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, operation, mac, victim, b"\\xff" * 6, victim)
        for _ in range(20):
            raw.send(b"\\xff" * 6 + mac + b"\\x08\\x06" + arp)
print("claimed")
""",
        arena.victim.spec.private_ip,
    )
    assert said == "claimed\n"
    assert {arena.answer(arena.victim) for _ in range(5)} == {arena.victim.spec.instance_id}


def test_addresses_routes_and_rules_cannot_be_changed(arena: Arena):
    said = arena.attack(f"""
        ip address add {arena.victim.spec.private_ip}/24 dev eth0
        ip route add 8.8.8.8 dev eth0; ip link set eth0 down; ip link add dummy0 type dummy
        ip netns add other; nft flush ruleset; echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
        ip -br address show eth0
    """)
    assert said.count("not permitted") >= 5
    assert "Read-only file system" in said
    assert f"UP             {arena.attacker.spec.private_ip}/24" in said


def test_unix_sockets_shared_memory_and_queues_of_the_host_are_not_there(arena: Arena):
    libc = ctypes.CDLL(None, use_errno=True)
    key = 0x6861_0000 | (os.getpid() & 0xFFFF)
    segment = libc.shmget(key, 4096, 0o1666)
    assert segment >= 0
    shared = Path(f"/dev/shm/haproof-test-{os.getpid()}")
    shared.write_text("of the host")
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"\0haproof-test-{os.getpid()}")
            server.listen()
            server.settimeout(0)
            said = arena.python(
                """
import ctypes, os, socket, sys
name, key = sys.argv[1], int(sys.argv[2])
try:
    socket.socket(socket.AF_UNIX).connect("\\0" + name)
    print("socket reached")
except OSError as error:
    print(error)
libc = ctypes.CDLL(None, use_errno=True)
print("segment", libc.shmget(key, 4096, 0))
print("memory", os.listdir("/dev/shm"), os.listdir("/dev/mqueue"))
print(len(open("/proc/net/unix").read().splitlines()))
""",
                f"haproof-test-{os.getpid()}",
                key,
            )
            with pytest.raises(BlockingIOError):
                server.accept()
    finally:
        libc.shmctl(segment, 0, None)
        shared.unlink()
    assert said.splitlines() == [
        "[Errno 111] Connection refused", "segment -1", "memory [] []", "1"
    ]  # fmt: skip
