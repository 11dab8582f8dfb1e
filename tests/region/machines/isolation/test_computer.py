"""What a hook that runs as root tries against files and processes of the computer."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.region.machines.isolation.arena import Arena, unharmed
from tests.region.machines.revisions import entries_of_host, run_hook

pytestmark = pytest.mark.region


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
    assert unharmed(precious)
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
    assert unharmed(precious)


# A whiteout for each of some 100,000 files takes minutes; those of the first case are a tenth of them.
@pytest.mark.parametrize(
    "everything",
    [
        "/etc /home /opt /root /srv /usr/bin /usr/sbin /var",
        pytest.param("--no-preserve-root / /.[!.]*", marks=pytest.mark.slow),
    ],
    ids=["most", "all"],
)
def test_removing_everything_destroys_one_machine_only(
    arena: Arena, spec_of, precious: list[Path], everything: str
):
    before = entries_of_host("/usr/bin", "/etc", "/opt", "/usr/lib")
    doomed = arena.pool.launch(spec_of(b"", 3))
    doomed.boot()
    run_hook(doomed, arena.store, f"rm -rf {everything} 2>/dev/null; true", timeout=600)
    assert not doomed.files.exists("/usr/bin/env")
    assert before <= entries_of_host("/usr/bin", "/etc", "/opt", "/usr/lib")
    assert unharmed(precious)
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


def test_processes_elsewhere_cannot_be_killed(
    arena: Arena, host_process: subprocess.Popen[bytes], runs
):
    neighbors = arena.victim._processes.pids("")
    assert neighbors
    everyone = " ".join(map(str, (host_process.pid, os.getpid(), os.getppid(), *neighbors)))
    arena.attack(f"""
        trap '' TERM
        for pid in {everyone}; do kill -9 $pid; kill -9 -$pid; done
        pkill -9 -f haproof-neighbor; pkill -9 -f placeholder.py; pkill -9 -f pytest; pkill -9 runc
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
