"""Whoever works on a machine's behalf does so in its memory, and what it leaves can be removed."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from region.machines.errors import DiskError
from tests.region.machines.isolation.arena import Arena
from tests.region.machines.revisions import run

pytestmark = pytest.mark.region

MEBIBYTE = 1024**2


def _program(directory: Path, body: str) -> Path:
    file = directory / "program.py"
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    file.write_text(f"import os\ndef main(request):\n{lines}\n    return {{}}\n")
    return file


def test_a_helper_that_needs_more_than_the_machines_memory_is_ended(arena: Arena, tmp_path: Path):
    hog = _program(tmp_path, "held = [bytearray(2**26) for _ in range(30)]")
    with pytest.raises(DiskError, match="program was killed in the machine: it needed more memory"):
        arena.attacker.files.call(hog, {})
    assert arena.attacker.alive()


def test_what_a_helper_writes_into_memory_is_the_machines(arena: Arena, tmp_path: Path):
    write = _program(
        tmp_path, 'open("/dev/shm/x", "wb").write(bytes(2**20) * 200); os.remove("/dev/shm/x")'
    )
    arena.attacker.files.call(write, {})
    assert arena.attacker.usage().memory_peak_bytes > 200 * MEBIBYTE


def test_a_long_answer_or_message_of_a_helper_is_refused(arena: Arena, tmp_path: Path):
    with pytest.raises(DiskError, match="its answer has"):
        arena.attacker.files.call(_program(tmp_path, "return {'x': 'y' * 5_000_000}"), {})
    with pytest.raises(DiskError) as raised:
        arena.attacker.files.call(_program(tmp_path, "raise ValueError('y' * 5_000_000)"), {})
    assert len(str(raised.value)) < 5000


def test_endless_files_in_the_place_of_accounts_and_records_fail_the_event(
    arena: Arena, tmp_path: Path
):
    deployment = arena.store.upload({"appspec.yml": "version: 0.0\nos: linux\n"})
    instructions = "/opt/codedeploy-agent/deployment-root/deployment-instructions"
    before = psutil.virtual_memory().available
    restore = _program(
        tmp_path,
        "text = open('/srv/group').read()\nos.remove('/etc/group')\n"
        "open('/etc/group', 'w').write(text)",
    )
    results: list[str] = []
    try:
        for harm in (
            "ln -sf /dev/zero /etc/group",
            f"mkdir -p {instructions} && truncate -s 4G {instructions}/group-0001-cleanup",
            f"rm -f {instructions}/group-0001-cleanup; mkfifo {instructions}/group-0001-cleanup",
        ):
            arena.attack(f"cp /etc/group /srv/group; {harm}")
            result = run(arena.attacker, deployment, ("DownloadBundle", "Install"))["Install"]
            results.append(f"{result.status} {result.message}")
            # Not by a hook: none starts without its groups.
            arena.attacker.files.call(restore, {})
    finally:
        arena.attack(f"rm -rf {instructions}")
    assert [result.split()[0] for result in results] == ["Failed"] * 3, results
    assert "not a regular file" in results[0]
    assert before - psutil.virtual_memory().available < 1024 * MEBIBYTE


def test_full_memory_file_systems_are_an_error_of_who_writes(arena: Arena):
    said = arena.attack(
        "for d in /dev/shm /run; do dd if=/dev/zero of=$d/x bs=1M count=900 2>&1; rm $d/x; done"
    )
    assert said.count("No space left on device") == 2
    assert arena.attacker.alive()


def test_the_oom_killer_takes_anything_but_the_init(arena: Arena):
    scores = arena.attack("cat /proc/1/oom_score_adj /proc/self/oom_score_adj").split()
    assert int(scores[1]) - int(scores[0]) >= 300
    arena.attack(
        "for i in $(seq 60); do (head -c 40M /dev/zero | tail -c 30M | sleep 3) & done; wait"
    )
    assert arena.attacker.usage().oom_kills > 0
    assert arena.attacker.alive()


def test_directories_of_any_depth_are_removed_with_the_machine(arena: Arena, spec_of):
    deep = "import os\nfor i in range(3000): os.mkdir('d' * 50); os.chdir('d' * 50)"
    machine = arena.pool.launch(spec_of(b"", 31))
    machine.boot()
    arena.attack(f'cd /tmp && python3 -c "{deep}"; cd /srv && python3 -c "{deep}"', machine)
    arena.pool.stop(machine.spec.instance_id)
    machine.boot()
    assert machine.files.names("/tmp") == []
    arena.pool.terminate(machine.spec.instance_id)
    assert not machine.directory.exists()
