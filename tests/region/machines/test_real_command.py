"""Run Command's script in a real machine: as root, its own files, one CPU with the services."""

from __future__ import annotations

from threading import Event

import pytest

from region.machines.errors import MachineError
from region.machines.processes import SESSIONS
from region.machines.run_command import RunOutcome
from tests.region.builders import until

pytestmark = pytest.mark.region

SLEEPS = "echo begun; sleep 300 & wait\n"


def run(machine, script: str, *, timeout: float = 30, cancelled: Event | None = None) -> RunOutcome:
    return machine.run_command(
        script,
        working_directory="",
        timeout=timeout,
        environment={"AWS_SSM_INSTANCE_ID": machine.spec.instance_id},
        cancelled=cancelled or Event(),
    )


@pytest.fixture
def machine(pool, spec_of, user_data_of):
    found = pool.launch(spec_of(user_data_of({}, "true"), 25))
    found.boot()
    return found


def test_it_runs_in_the_machine_as_root(machine, tmp_path) -> None:
    outcome = run(
        machine,
        "#!/bin/bash\nid -u; hostname; pwd; echo $AWS_SSM_INSTANCE_ID; echo oops >&2\n"
        "echo x > /opt/made-by-command; exit 5\n",
    )
    spec = machine.spec
    lines = ["0", spec.hostname, "/usr/bin", spec.instance_id]
    assert outcome == RunOutcome(5, "\n".join(lines) + "\n", "oops\n")
    assert run(machine, "cat /opt/made-by-command\n").stdout == "x\n"


def test_its_time_and_its_end_hold_for_all_of_it(machine) -> None:
    assert run(machine, SLEEPS, timeout=1) == RunOutcome(137, "begun\n", "", timed_out=True)
    cancelled = Event()
    cancelled.set()
    assert run(machine, SLEEPS, cancelled=cancelled).cancelled
    until(lambda: not machine._processes.pids(SESSIONS))


def test_a_machine_that_is_off_runs_nothing(machine, pool) -> None:
    pool.stop(machine.spec.instance_id)
    with pytest.raises(MachineError, match="off"):
        run(machine, "true\n")
