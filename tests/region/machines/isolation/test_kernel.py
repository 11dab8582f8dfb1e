"""What a hook tries against the kernel that all machines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.region.machines.isolation.arena import Arena
from tests.region.machines.revisions import run_hook

pytestmark = pytest.mark.region


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
