"""What a machine tries against the region's own work in it: reading, installing, starting."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.errors import MachineError
from region.machines.machine import Machine
from tests.region.machines.isolation.arena import Arena, unharmed
from tests.region.machines.revisions import run, run_hook
from toolchain import locate

pytestmark = pytest.mark.region


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
    outside, up = precious[4].parent, "../" * 12
    program = f"""
import os, time
os.makedirs("/srv/plain", exist_ok=True)
end = time.time() + 6
while time.time() < end:
    for target in ("{outside}", "{up}{outside}", "/proc/self/root{outside}", "/srv/plain"):
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
    assert unharmed(precious)


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
        assert any(word in result.message for word in ("Read-only", "denied", "permitted")), (
            result.message
        )


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


def test_links_that_a_machine_leaves_in_its_root_are_not_followed_at_the_next_boot(
    arena: Arena, spec_of, precious: list[Path]
):
    rebooted = arena.pool.launch(spec_of(b"", 8))
    rebooted.boot()
    outside = precious[4].parent
    run_hook(
        rebooted,
        arena.store,
        f"""
        for name in tmp srv mnt media boot; do rm -rf /$name; ln -s {outside} /$name; done
        ln -sfn {outside}/missing /srv; rm -f /etc/hostname /etc/hosts /etc/resolv.conf
        for name in hostname hosts resolv.conf environment; do ln -sfn {outside}/file /etc/$name; done
        true
        """,
    )
    arena.pool.stop(rebooted.spec.instance_id)
    rebooted.boot()
    assert rebooted.files.read_text("/etc/hostname") == f"{rebooted.spec.hostname}\n"
    assert unharmed(precious)
    arena.pool.terminate(rebooted.spec.instance_id)
    assert unharmed(precious)


def test_files_of_a_machine_that_was_killed_are_not_those_of_the_computer(
    arena: Arena, spec_of, eventually
):
    """Its first process's id may be anybody's by now."""
    killed = arena.pool.launch(spec_of(b"", 9))
    killed.boot()
    assert killed.files.exists("/usr")
    killed._context.limits.kill(killed._processes.group(""))
    eventually(lambda: not killed.alive(), "not alive")
    with pytest.raises(MachineError, match="is off"):
        killed.files.exists("/usr")
    with pytest.raises(MachineError, match="is off"):
        killed.files.call(Path(__file__), {})
    result = killed.agent.run_event("Install", arena.store.upload({}))
    assert (result.status, "is off" in result.message) == ("Failed", True)
    arena.pool.terminate(killed.spec.instance_id)
