"""What a hook that runs as root tries against the computer and its neighbors: none of it works.

Each attempt has an oracle on the host. `docs/isolation.md` is the promise that this file keeps.
"""

from __future__ import annotations

import ctypes
import http.client
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from region import credentials, session
from region.machines import AgentDeployment, EventResult, Machine, MachinePool
from region.machines.errors import MachineError
from region.machines.images import prepare
from region.network import GATEWAY, Firewall, Interface, Permission, RegionNetwork, SecurityGroup
from tests.region.machines.revisions import Store, run, run_hook
from toolchain import locate

pytestmark = pytest.mark.region

PROJECT = Path(__file__).parents[3]
MARK = "haproof-neighbor"
PRECIOUS = "as it was\n"


@dataclass(frozen=True)
class Arena:
    """Two machines of one region: what is deployed to `attacker` must not reach `victim`."""

    root: Path
    network: RegionNetwork
    pool: MachinePool
    store: Store
    attacker: Machine
    victim: Machine

    def attack(self, script: str, machine: Machine | None = None) -> str:
        """Run a hook, which may do what it likes as root, and return what it printed."""
        target = machine or self.attacker
        shell = f"exec > /said 2>&1\n{script}\ntrue"
        result = run_hook(target, self.store, shell)
        assert result.status == "Succeeded", result
        return target.files.read_text("/said")

    def python(self, program: str, *arguments: object) -> str:
        """Run a Python program as a hook and return what it printed."""
        words = " ".join(f"'{argument}'" for argument in arguments)
        return self.attack(f"python3 - {words} <<'END'\n{program}\nEND")

    def answer(self, machine: Machine, path: str = "/") -> str | None:
        """Return who answers at a machine's port 8080."""

        def ask() -> str | None:
            connection = http.client.HTTPConnection(
                machine.spec.private_ip, 8080, timeout=2, source_address=(GATEWAY, 0)
            )
            with closing(connection):
                connection.request("GET", path)
                return connection.getresponse().getheader("X-Instance-Id")

        try:
            return self.network.inside(ask)
        except OSError:
            return None


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.close()


@pytest.fixture(scope="module")
def arena(
    tmp_path_factory: pytest.TempPathFactory, store: Store, spec_of, placeholder_spec, eventually
) -> Iterator[Arena]:
    root = tmp_path_factory.mktemp("isolation") / "region"
    network = RegionNetwork(root)
    everything = (Permission("-1", cidrs=("0.0.0.0/0",)),)
    group = SecurityGroup("sg-open", ingress=everything, egress=everything)
    image = prepare("host", {}, hidden=(root,)).default
    with ExitStack() as undo:
        undo.callback(network.stop)
        network.start()
        members = tuple(Interface(f"10.77.9.{host}", (group.id,)) for host in range(1, 60))
        network.apply(Firewall(members, (group,)))
        pool = MachinePool(
            root, network, "ap-northeast-2", aws_endpoint=store.endpoint, image=lambda _: image
        )
        undo.callback(pool.close)
        pool.start()
        credentials.ensure(root)
        session.write(root, session.Session(os.getpid(), session.own_creation_time(), 1, 2))
        attacker, victim = pool.launch(spec_of(b"", 11)), pool.launch(placeholder_spec(12))
        attacker.boot()
        victim.boot()
        made = Arena(root, network, pool, store, attacker, victim)
        eventually(lambda: made.answer(victim), "the victim answers")
        yield made
        # Whatever was tried, the neighbor and the region have not noticed.
        assert (attacker.alive(), victim.alive()) == (True, True)
        assert made.answer(victim) == victim.spec.instance_id


@pytest.fixture(scope="module")
def precious() -> Iterator[list[Path]]:
    """Files of the test's own at the places of the host that attacks aim at."""
    places = ["/etc", "/opt", "/usr/local/lib", "/usr/share", "/var/tmp", "/srv", "/home", "/root"]
    directories = [
        Path(tempfile.mkdtemp(prefix=".haproof-test-", dir=place))
        for place in (*places, "/tmp", PROJECT)
    ]
    files = [directory / "file" for directory in directories]
    for directory, file in zip(directories, files, strict=True):
        directory.chmod(0o777)
        file.write_text(PRECIOUS)
        file.chmod(0o666)
    yield files
    for directory in directories:
        shutil.rmtree(directory)


def _unharmed(files: list[Path]) -> bool:
    return all(file.read_text() == PRECIOUS for file in files) and all(
        os.listdir(file.parent) == [file.name] for file in files
    )


@pytest.fixture
def host_process() -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PATH": os.environ["PATH"], "HOST_SECRET": "only-the-host-knows"}
    program = f"import time; time.sleep(600)  # {MARK}"
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as process:
        yield process
        assert process.poll() is None
        process.kill()


# --- Files of the host ---


def test_files_of_the_host_cannot_be_changed(arena: Arena, precious: list[Path]):
    paths = " ".join(f"'{file}'" for file in precious)
    arena.attack(f"""
        for path in {paths}; do
          echo harm > "$path"; echo harm >> "$path"; chmod 0 "$path"; chown 1 "$path"
          mv "$path" "$path.moved"; ln "$path" /opt/hard; touch "$path.new"; truncate -s 0 "$path"
          python3 -c 'import sys; open(sys.argv[1], "r+").write("harm")' "$path"
          rm -rf "$path" "$(dirname "$path")"
        done
    """)
    assert _unharmed(precious)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o666 for file in precious)


def test_other_roots_below_proc_lead_nowhere_else(arena: Arena, precious: list[Path]):
    paths = " ".join(f"'{file}'" for file in precious)
    said = arena.attack(f"""
        for root in /proc/[0-9]*/root /proc/self/root /proc/[0-9]*/cwd /proc/[0-9]*/fd/*; do
          for path in {paths}; do echo harm > "$root$path"; rm -rf "$root$path"; done
          for up in .. ../.. ../../..; do rm -rf "$root/$up{precious[0]}"; done
        done
        ls /proc/1/root/ > /ours; ls / | diff - /ours && echo same
    """)
    assert said.endswith("same\n")
    assert _unharmed(precious)


def test_removing_everything_destroys_one_machine_only(arena: Arena, spec_of, precious: list[Path]):
    before = {top: sorted(os.listdir(top)) for top in ("/usr/bin", "/etc", "/opt", "/usr/lib")}
    doomed = arena.pool.launch(spec_of(b"", 3))
    doomed.boot()
    run_hook(doomed, arena.store, "rm -rf --no-preserve-root / /.[!.]* 2>/dev/null; true")
    assert not doomed.files.exists("/usr/bin/env")
    assert before == {top: sorted(os.listdir(top)) for top in before}
    assert _unharmed(precious)
    assert arena.answer(arena.victim) == arena.victim.spec.instance_id
    arena.pool.terminate(doomed.spec.instance_id)
    assert not doomed.directory.exists()


def test_no_way_out_of_a_chroot_either(arena: Arena, precious: list[Path]):
    said = arena.python(
        """
import os, sys
os.makedirs("/jail/deeper", exist_ok=True)
outside = os.open("/", os.O_RDONLY)
os.chroot("/jail")
os.fchdir(outside)
for _ in range(64):
    os.chdir("..")
os.chroot(".")
print(os.path.exists(sys.argv[1]), sorted(os.listdir("/")) == sorted(os.listdir(outside)))
""",
        precious[4],
    )
    assert said == "False True\n"


def test_what_the_region_binds_into_a_machine_is_read_only(arena: Arena):
    said = arena.attack("""
        for path in /run/haproof/token /proc/meminfo; do
          echo harm > $path; rm -f $path; ln $path /linked; chmod 777 $path; ls -d /linked
        done
        touch /run/haproof/new; mv /run/haproof /run/moved; umount /run/haproof
    """)
    assert said.count("Read-only file system") >= 6
    assert "/linked\n" not in said.replace("'/linked'", "")
    control = arena.attacker.directory / "control"
    assert [path.name for path in control.iterdir()] == ["token"]
    assert stat.S_IMODE((control / "token").stat().st_mode) == 0o600
    assert "MemTotal" in (arena.attacker.directory / "meminfo").read_text()


# --- Processes ---


def test_processes_elsewhere_cannot_be_killed(
    arena: Arena, host_process: subprocess.Popen[bytes], runs
):
    neighbors = arena.victim._processes.pids("")
    assert neighbors
    everyone = " ".join(map(str, (host_process.pid, os.getpid(), os.getppid(), *neighbors)))
    arena.attack(f"""
        trap '' TERM
        for pid in {everyone}; do kill -9 $pid; kill -9 -$pid; done
        pkill -9 -f {MARK}; pkill -9 -f placeholder.py; pkill -9 -f pytest; pkill -9 runc
        pkill -9 haproxy; killall -9 python3; fuser -k -9 8080/tcp
        kill -9 $(lsof -ti tcp:8080); kill -9 $(pgrep -f placeholder.py)
        true
    """)
    assert host_process.poll() is None
    assert all(runs(pid) for pid in neighbors)
    assert arena.answer(arena.victim) == arena.victim.spec.instance_id


def test_killing_all_processes_kills_those_of_the_machine(
    arena: Arena, spec_of, host_process: subprocess.Popen[bytes]
):
    doomed = arena.pool.launch(spec_of(b"", 4))
    doomed.boot()
    result = run_hook(doomed, arena.store, "kill -9 -1; kill -9 $$")
    assert result.status == "Failed"
    assert host_process.poll() is None
    assert arena.victim.alive()
    arena.pool.terminate(doomed.spec.instance_id)


def test_only_own_processes_are_seen_and_no_environment_of_others(
    arena: Arena, host_process: subprocess.Popen[bytes]
):
    said = arena.python("""
import os
own = [int(name) for name in os.listdir("/proc") if name.isdigit()]
print(len(own), max(own))
for pid in own:
    for name in ("environ", "cmdline", "maps"):
        try:
            text = open(f"/proc/{pid}/{name}", "rb").read()
        except OSError:
            continue
        for secret in (b"only-the-" + b"host-knows", b"haproof-" + b"neighbor", b"py" + b"test"):
            if secret in text:
                print("found", secret, "in", pid)
""")
    seen, highest = map(int, said.split()[:2])
    assert "found" not in said
    assert seen < 12
    assert highest < 5000
    assert host_process.poll() is None


def test_processes_elsewhere_cannot_be_traced(arena: Arena, host_process: subprocess.Popen[bytes]):
    pids = (host_process.pid, os.getpid(), *arena.victim._processes.pids(""))
    said = arena.python(
        """
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
for pid in map(int, sys.argv[1:]):
    if pid not in own:
        print(errno.errorcode[ctypes.get_errno()] if libc.ptrace(16, pid, 0, 0) else "attached")
""",
        *pids,
    )
    assert set(said.split()) == {"ESRCH"}
    assert host_process.poll() is None


# --- Neighbors, and the region itself ---


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
    assert not list((arena.victim.directory / "overlay").glob("upper/*/harm"))
    assert not arena.victim.files.exists("/harm")


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
        root = Path(name) / "region"
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
    made = arena.attacker.directory / "root/srv/rootshell"
    assert made.stat().st_mode & stat.S_ISUID
    assert stat.S_IMODE((arena.root / "instances").stat().st_mode) == 0o700
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    command = [*nobody, "sh", "-c", f"'{made}' -pc 'id -u'"]
    tried = subprocess.run(command, capture_output=True, check=False)
    assert tried.returncode != 0
    assert b"0\n" not in tried.stdout


# --- Network ---


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
    others = ["127.77.9.1", "169.254.170.1", "169.254.170.3", "10.77.9.0", "0.0.0.0", "::1"]
    said = arena.python(CONNECT, port, *own, *others)
    assert len(said.splitlines()) == len(own) + len(others)
    assert ") reached" not in said and " reached" not in said
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
    shared.write_text(PRECIOUS)
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


# --- The kernel ---

CALLS = """
import ctypes, errno, os, platform
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
NUMBERS = dict(
    bpf=(321, 280), perf_event_open=(298, 241), keyctl=(250, 219), add_key=(248, 217),
    kexec_load=(246, 104), userfaultfd=(323, 282), pivot_root=(155, 41), io_uring_setup=(425,) * 2,
    open_tree=(428,) * 2, fsopen=(430,) * 2, mount_setattr=(442,) * 2, init_module=(175, 105),
    finit_module=(313, 273), delete_module=(176, 106), clone3=(435,) * 2,
)
def check(name, result):
    print(name, "done" if result >= 0 else errno.errorcode[ctypes.get_errno()])
def call(name, *arguments):
    check(name, libc.syscall(NUMBERS[name][arm], *arguments))
pointer, text = ctypes.create_string_buffer(4096), ctypes.c_char_p(b"/tmp")
for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    check(f"unshare-{flag:x}", libc.unshare(flag))
for kind in ("mnt", "net", "pid", "uts", "ipc", "cgroup", "user"):
    check(f"setns-{kind}", libc.setns(os.open(f"/proc/1/ns/{kind}", os.O_RDONLY), 0))
for kind in (b"tmpfs", b"proc", b"sysfs", b"cgroup", b"overlay", b"devtmpfs"):
    check(f"mount-{kind.decode()}", libc.mount(text, text, ctypes.c_char_p(kind), 0, None))
check("mount-bind", libc.mount(ctypes.c_char_p(b"/etc"), text, None, 4096, None))
check("mount-remount", libc.mount(None, ctypes.c_char_p(b"/proc/sys"), None, 4096 | 32, None))
check("umount2", libc.umount2(ctypes.c_char_p(b"/proc/sys"), 2))
for name in ("bpf", "perf_event_open", "keyctl", "add_key", "kexec_load", "userfaultfd",
             "pivot_root", "io_uring_setup", "open_tree", "fsopen", "mount_setattr",
             "init_module", "finit_module", "delete_module"):
    call(name, 0, pointer, 0, 0, 0)
check("klogctl", libc.klogctl(3, pointer, 4096))
check("reboot", libc.reboot(0))
check("swapon", libc.swapon(text, 0))
check("acct", libc.acct(None))
check("clock_settime", libc.clock_settime(0, ctypes.byref((ctypes.c_long * 2)(1, 0))))
check("open_by_handle_at", libc.open_by_handle_at(0, pointer, 0))
check("sethostname", libc.sethostname(text, 4))
check("mknod-block", libc.mknod(ctypes.c_char_p(b"/tmp/disk"), 0o60600, os.makedev(8, 0)))
check("mknod-char", libc.mknod(ctypes.c_char_p(b"/tmp/mem"), 0o20600, os.makedev(1, 1)))
check("vsock", libc.socket(40, 1, 0))
for request in (0x5412, 0x541C):
    check(f"ioctl-{request:x}", libc.ioctl(os.open("/dev/ptmx", os.O_RDWR), request, pointer))
"""


def test_calls_that_reach_beyond_a_machine_are_not_permitted(arena: Arena):
    said = arena.python(CALLS)
    outcomes = dict(line.split() for line in said.splitlines() if len(line.split()) == 2)
    assert {name: result for name, result in outcomes.items() if result != "EPERM"} == {}
    assert len(outcomes) >= 45, said


def test_only_harmless_devices_are_there(arena: Arena):
    said = arena.attack("find /dev -type b; find /dev -type c | sort; ls -A /dev/pts")
    assert set(said.split()) == {
        "/dev/full", "/dev/null", "/dev/ptmx", "/dev/pts/ptmx", "/dev/random", "/dev/tty",
        "/dev/urandom", "/dev/zero", "ptmx",
    } - ({"/dev/ptmx"} if "/dev/ptmx" not in said else set())  # fmt: skip


def test_settings_of_the_kernel_cannot_be_written(arena: Arena):
    watched = [Path("/proc/sys", name) for name in ("kernel/core_pattern", "kernel/hostname",
               "vm/overcommit_memory", "fs/file-max", "kernel/modprobe")]  # fmt: skip
    before = [path.read_text() for path in watched if path.exists()]
    said = arena.attack("""
        for file in core_pattern hostname modprobe; do echo '|/harm' > /proc/sys/kernel/$file; done
        echo 1 > /proc/sys/vm/overcommit_memory; echo 1 > /proc/sys/fs/file-max
        echo c > /proc/sysrq-trigger; echo harm > /sys/kernel/uevent_helper
        echo mem > /sys/power/state; echo 0 > /sys/devices/system/cpu/cpu1/online
        for file in $(find /sys /proc/sys -maxdepth 4 -type f -perm -200 | head -300); do
          cat /dev/null >> $file && echo "opened $file"
        done
        sysctl -w kernel.core_pattern=harm; date -s 2001-01-01; hostname harm
        head -c 1 /proc/kcore | wc -c; timeout 2 head -c 1 /proc/kmsg | wc -c; dmesg | wc -l
    """)
    assert [path.read_text() for path in watched if path.exists()] == before
    assert "opened" not in said
    assert said.splitlines()[-1] == "0"
    assert [line for line in said.splitlines() if line.isdigit()] == ["0", "0", "0"]


def test_limits_cannot_be_lifted(arena: Arena):
    limits, group = arena.attacker._context.limits, arena.attacker._processes.group("")
    files = [
        path
        for directory in limits.directories(group)
        for name in ("memory.limit_in_bytes", "memory.max", "pids.max", "cpu.max")
        if (path := directory / name).exists()
    ]
    before = [path.read_text() for path in files]
    assert before
    said = arena.attack("""
        find /sys/fs/cgroup -name '*.max' -o -name '*limit_in_bytes' -o -name '*quota_us' -o \
          -name cgroup.procs -o -name release_agent -o -name notify_on_release |
          while read -r file; do echo 1 > $file && echo "written $file"; done
        mkdir /sys/fs/cgroup/own /sys/fs/cgroup/*/own && echo made
        mount -o remount,rw /sys/fs/cgroup; echo -1000 > /proc/self/oom_score_adj && echo spared
        nice -n -20 true; chrt -f 99 true; ulimit -Hn 99999999
    """)
    assert [path.read_text() for path in files] == before
    assert not {"made", "spared"} & set(said.split())
    assert "written" not in said
    assert "Read-only file system" in said


def test_a_fork_bomb_meets_the_limit_of_its_instance_type(arena: Arena, spec_of):
    bomber = arena.pool.launch(spec_of(b"", 6))
    bomber.boot()
    program = """
import os, threading
threading.stack_size(65536)
count, wait = 0, threading.Event()
try:
    while count < 20000:
        threading.Thread(target=wait.wait, daemon=True).start()
        count += 1
except RuntimeError:
    pass
print(count, flush=True)
os._exit(0)
"""
    shell = f"python3 - > /said 2>&1 <<'END'\n{program}\nEND"
    run_hook(bomber, arena.store, shell)
    count = int(bomber.files.read_text("/said"))
    assert 4000 < count < bomber.spec.type.max_processes == 4096
    assert arena.attack("echo fine") == "fine\n"
    arena.pool.terminate(bomber.spec.instance_id)


# --- The region's own work in a machine ---


def test_a_link_that_is_swapped_while_the_region_reads_never_leads_out(
    arena: Arena, precious: list[Path]
):
    outside = precious[4]
    up = "../" * 12
    targets = [str(outside), f"{up}{outside}", f"/proc/self/root{outside}", f"/proc/1/root{outside}",
               "/proc/1/fd/1", "/proc/self/fd/0", str(arena.victim.directory / "console.log")]  # fmt: skip
    program = f"""
import itertools, os, time
os.makedirs("/srv/inside", exist_ok=True)
open("/srv/inside/file", "w").write("inside")
end = time.time() + 4
for number, target in enumerate(itertools.cycle([*{targets!r}, "/srv/inside/file"])):
    os.symlink(target, f"/srv/next")
    os.rename("/srv/next", "/srv/swapped")
    os.symlink(os.path.dirname(target), "/srv/next")
    os.rename("/srv/next", "/srv/directory")
    if time.time() > end:
        break
"""
    run_hook(arena.attacker, arena.store, f"python3 - >/dev/null 2>&1 <<'END' &\n{program}\nEND")
    seen: set[str] = set()
    refused = 0
    for _ in range(3000):
        for path in ("/srv/swapped", "/srv/directory/file"):
            try:
                seen.add(arena.attacker.files.read_text(path))
            except (OSError, MachineError):
                refused += 1
    assert seen <= {"inside", ""}
    assert "inside" in seen
    assert refused > 0


def test_a_destination_that_turns_into_a_link_installs_nothing_outside(
    arena: Arena, precious: list[Path]
):
    outside = precious[4].parent
    program = f"""
import os, time
os.makedirs("/srv/plain", exist_ok=True)
end = time.time() + 6
while time.time() < end:
    for target in ("{outside}", "../../../../../../../..{outside}", "/proc/self/root{outside}", "/srv/plain"):
        os.symlink(target, "/srv/turn")
        os.rename("/srv/turn", "/srv/target")
"""
    run_hook(arena.attacker, arena.store, f"python3 - >/dev/null 2>&1 <<'END' &\n{program}\nEND")
    appspec = "version: 0.0\nos: linux\nfiles: [{source: app, destination: /srv/target}]\n"
    files = {f"app/file{number}": "harm" for number in range(50)}
    deployment = arena.store.upload(
        {"appspec.yml": appspec, "app/file": "harm", **files}, file_exists_behavior="OVERWRITE"
    )
    for _ in range(4):
        run(arena.attacker, deployment, ("DownloadBundle", "Install"))
    assert _unharmed(precious)


@pytest.mark.parametrize(
    ("destination", "name"),
    [("/proc/sys/kernel", "core_pattern"), ("/proc", "sysrq-trigger"), ("/sys/kernel", "uevent_helper"),
     ("/run/haproof", "token"), ("/proc", "meminfo"), ("/sys/fs/cgroup", "release_agent"),
     ("/proc/1/root/proc/sys/vm", "overcommit_memory")],
)  # fmt: skip
def test_a_revision_cannot_install_into_the_kernel(arena: Arena, destination: str, name: str):
    watched = Path("/proc/sys/kernel/core_pattern"), Path("/proc/sys/vm/overcommit_memory")
    before = [path.read_text() for path in watched]
    appspec = f"version: 0.0\nos: linux\nfiles: [{{source: {name}, destination: {destination}}}]\n"
    deployment = arena.store.upload(
        {"appspec.yml": appspec, name: "2"}, file_exists_behavior="OVERWRITE"
    )
    result = _install(arena.attacker, deployment)
    assert [path.read_text() for path in watched] == before
    if name != "sysrq-trigger":  # In its place is /dev/null.
        assert result.status == "Failed"
        assert any(word in result.message for word in ("Read-only", "denied", "permitted"))


def _install(machine: Machine, deployment: AgentDeployment) -> EventResult:
    return run(machine, deployment, ("DownloadBundle", "Install"))["Install"]


def test_helpers_of_the_region_run_with_rights_to_files_only(arena: Arena, tmp_path: Path):
    program = tmp_path / "look.py"
    program.write_text("""
import os, socket
def main(request):
    refused = []
    for work in (lambda: os.chroot("/tmp"), lambda: socket.sethostname("harm"),
                 lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(8, 0)), lambda: os.nice(-5)):
        try:
            work()
        except PermissionError:
            refused.append(1)
    os.chown("/srv", 0, 0)
    return {"refused": len(refused), "precious": os.path.exists(request["path"])}
""")
    answer = arena.attacker.files.call(program, {"path": str(tmp_path)})
    assert answer == {"refused": 4, "precious": False}


def test_a_working_directory_behind_an_open_descriptor_leads_nowhere(
    arena: Arena, precious: list[Path], read
):
    """CVE-2024-21626: a directory of the host that runc had not closed yet."""
    script = ""
    for number in range(3, 12):
        directory = f"/proc/self/fd/{number}"
        script += f"""
cat > /opt/wd{number}.service <<'END'
[Service]
Type=oneshot
WorkingDirectory={directory}
ExecStart=/bin/sh -c 'ls ../../../..{precious[4]} >> /srv/escaped; pwd >> /srv/escaped'
END
systemctl enable --now /opt/wd{number}.service || systemctl start /opt/wd{number}.service
ln -sfn {directory} /srv/link; (cd /srv/link && ls ../../../..{precious[4]} >> /srv/escaped)
"""
    arena.attack(script)
    assert str(precious[4]) not in read(arena.attacker, "/srv/escaped")
    assert arena.attack("ls -l /proc/self/fd | grep -c -- '->'") in ("4\n", "5\n")


def test_the_runtimes_own_program_cannot_be_replaced(arena: Arena, spec_of):
    """CVE-2019-5736: a script whose interpreter is the program that started it."""
    before = locate.runc().read_bytes()
    evil = arena.pool.launch(spec_of(b"", 7))
    evil.boot()
    revision = {
        "appspec.yml": "version: 0.0\nos: linux\nhooks: {AfterInstall: [{location: x.sh, timeout: 10}]}\n",
        "x.sh": "#!/proc/self/exe\n",
    }
    run(evil, arena.store.upload(revision), ("DownloadBundle", "AfterInstall"))
    run_hook(
        evil,
        arena.store,
        """
        (for i in $(seq 400); do
           for exe in /proc/[0-9]*/exe; do
             case $(readlink $exe) in *runc*|*memfd*) echo harm > $exe ;; esac
           done; sleep 0.005
         done) > /dev/null 2>&1 &
        ln -sfn /proc/self/exe /bin/sh; true
    """,
    )
    for _ in range(3):
        run_hook(evil, arena.store, "true", timeout=5)
    assert locate.runc().read_bytes() == before
    arena.pool.terminate(evil.spec.instance_id)


def test_endless_output_of_a_hook_is_cut_where_it_is_reported(arena: Arena):
    before = psutil.Process().memory_info().rss
    result = run_hook(arena.attacker, arena.store, "yes 'a long line of output' | head -c 30000000")
    assert result.status == "Succeeded"
    assert len(result.log_tail) < 2048
    assert psutil.Process().memory_info().rss - before < 200 * 2**20
