"""Commands on machines that do what a test decides: states, timeouts, limits, restarts."""

from __future__ import annotations

import threading

import pytest
from botocore.exceptions import ClientError

from region.api.server import ControlPlane
from region.machines.errors import MachineError
from region.machines.run_command import RunOutcome
from region.services.ssm import commands
from region.services.ssm.controller import RunCommandController
from tests.region.builders import until
from tests.region.fakes import FakeMachine, FakePool
from tests.region.services.ssm.conftest import Fleet


@pytest.fixture
def speed() -> float:
    """The shortest delivery timeout, 30 s, is half a second."""
    return 60.0


@pytest.fixture
def gate(fleet: Fleet) -> threading.Event:
    """Scripts run until the gate is open or they are cancelled."""
    opened = threading.Event()

    def run(_machine: FakeMachine, _script: str, cancelled: threading.Event) -> RunOutcome:
        while not opened.wait(0.01):
            if cancelled.is_set():
                return RunOutcome(137, "half of it", "", cancelled=True)
        return RunOutcome(0, "done", "")

    fleet.pool.run = run
    return opened


def test_a_command_runs_as_the_document_says(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.pool.run = lambda *_: RunOutcome(0, "hello\n", "a warning\n")
    command = fleet.send(
        name,
        commands=("cd /srv", "ls"),
        parameters={"workingDirectory": ["/tmp"], "executionTimeout": ["90"]},
        Comment="look",
    )

    described = fleet.ended(command)

    script, how = fleet.pool.machines[name].scripts[0]
    assert script == "cd /srv\nls\n"
    assert (how["working_directory"], how["timeout"]) == ("/tmp", 90)
    assert how["environment"]["AWS_SSM_INSTANCE_ID"] == name
    assert (described["Status"], described["StatusDetails"]) == ("Success", "Success")
    assert (described["TargetCount"], described["CompletedCount"]) == (1, 1)
    result = fleet.result(command, name)
    assert result["Status"] == "Success"
    assert result["ResponseCode"] == 0
    assert result["StandardOutputContent"] == "hello\n"
    assert result["StandardErrorContent"] == "a warning\n"
    assert result["PluginName"] == "aws:runShellScript"
    assert result["Comment"] == "look"
    assert result["ExecutionStartDateTime"].endswith("Z")
    assert result["ExecutionElapsedTime"].startswith("PT0.")


def test_an_exit_status_fails_the_command_as_the_agent_words_it(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.pool.run = lambda *_: RunOutcome(3, "", "no such file\n")
    command = fleet.send(name)

    assert fleet.ended(command)["Status"] == "Failed"
    assert fleet.command(command)["ErrorCount"] == 1
    result = fleet.result(command, name)
    assert (result["Status"], result["ResponseCode"]) == ("Failed", 3)
    expected = "no such file\nfailed to run commands: exit status 3"
    assert result["StandardErrorContent"] == expected


def test_a_script_that_runs_too_long_has_timed_out(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.pool.run = lambda *_: RunOutcome(137, "begun", "", timed_out=True)
    command = fleet.send(name, parameters={"executionTimeout": ["1"]})

    described = fleet.ended(command)

    assert (described["Status"], described["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    result = fleet.result(command, name)
    assert (result["Status"], result["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    assert (result["ResponseCode"], result["StandardOutputContent"]) == (137, "begun")


def test_output_has_the_documented_limits(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.pool.run = lambda *_: RunOutcome(0, "x" * 24_001, "y" * 8_000)
    command = fleet.send(name)
    fleet.ended(command)

    result = fleet.result(command, name)

    assert len(result["StandardOutputContent"]) == 24_000
    assert result["StandardOutputContent"].endswith("truncated--")
    assert result["StandardErrorContent"] == "y" * 8_000
    listed = fleet.aws.ssm.list_command_invocations(CommandId=command, Details=True)
    (plugin,) = listed["CommandInvocations"][0]["CommandPlugins"]
    assert len(plugin["Output"]) == 2_500
    assert plugin["Status"] == "Success"


def test_a_command_is_in_progress_until_the_script_has_ended(
    fleet: Fleet, gate: threading.Event
) -> None:
    (name,) = fleet.managed()
    command = fleet.send(name)
    until(lambda: fleet.result(command, name)["Status"] == "InProgress")

    result = fleet.result(command, name)
    assert (result["ResponseCode"], result["StandardOutputContent"]) == (-1, "")
    assert result["ExecutionStartDateTime"]
    assert result["ExecutionEndDateTime"] == ""
    assert fleet.command(command)["Status"] == "InProgress"
    gate.set()
    assert fleet.ended(command)["Status"] == "Success"


def test_a_running_command_is_cancelled(fleet: Fleet, gate: threading.Event) -> None:
    (name,) = fleet.managed()
    command = fleet.send(name)
    until(lambda: fleet.result(command, name)["Status"] == "InProgress")

    fleet.aws.ssm.cancel_command(CommandId=command)

    assert fleet.ended(command)["Status"] == "Cancelled"
    result = fleet.result(command, name)
    assert (result["Status"], result["StandardOutputContent"]) == ("Cancelled", "half of it")


def test_a_command_waits_for_a_node_that_is_stopped(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.aws.ec2.stop_instances(InstanceIds=[name])
    until(lambda: fleet.nodes()[name] == "ConnectionLost")
    command = fleet.send(name)
    assert fleet.result(command, name)["Status"] == "Pending"
    assert fleet.result(command, name)["ResponseCode"] == -1

    until(lambda: fleet.state(name) == "stopped")
    fleet.aws.ec2.start_instances(InstanceIds=[name])

    assert fleet.ended(command)["Status"] == "Success"
    assert fleet.nodes()[name] == "Online"


def test_a_command_that_reaches_no_node_in_time_has_timed_out(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.aws.ec2.stop_instances(InstanceIds=[name])
    until(lambda: fleet.nodes()[name] == "ConnectionLost")
    command = fleet.send(name, TimeoutSeconds=30)

    described = fleet.ended(command)

    assert (described["Status"], described["StatusDetails"]) == ("TimedOut", "DeliveryTimedOut")
    assert (described["DeliveryTimedOutCount"], described["ErrorCount"]) == (1, 0)
    assert fleet.result(command, name)["ResponseCode"] == -1
    assert not fleet.pool.machines[name].scripts


def test_a_waiting_command_is_cancelled_at_once(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.aws.ec2.stop_instances(InstanceIds=[name])
    until(lambda: fleet.nodes()[name] == "ConnectionLost")
    command = fleet.send(name)
    fleet.aws.ssm.cancel_command(CommandId=command, InstanceIds=[name])
    assert fleet.result(command, name)["Status"] == "Cancelled"


def test_a_hung_instance_has_lost_its_connection(fleet: Fleet) -> None:
    (name,) = fleet.managed()
    fleet.pool.machines[name].responds = False
    until(lambda: fleet.nodes()[name] == "ConnectionLost")


def test_a_machine_that_is_gone_makes_the_command_undeliverable(fleet: Fleet) -> None:
    (name,) = fleet.managed()

    def gone(*_: object) -> RunOutcome:
        raise MachineError("the machine is off; boot it first.")

    fleet.pool.run = gone
    command = fleet.send(name)
    until(lambda: fleet.result(command, name)["StatusDetails"] == "Undeliverable")
    assert fleet.result(command, name)["Status"] == "Failed"


def test_a_bug_of_the_region_is_told_and_does_not_hang_the_command(fleet: Fleet) -> None:
    (name,) = fleet.managed()

    def broken(*_: object) -> RunOutcome:
        raise ZeroDivisionError("a bug")

    fleet.pool.run = broken
    command = fleet.send(name)
    assert fleet.ended(command)["Status"] == "Failed"
    assert "ZeroDivisionError: a bug" in fleet.result(command, name)["StandardErrorContent"]


@pytest.mark.parametrize("limit", ["1", "34%", "1%"])
def test_no_more_nodes_at_once_than_permitted(fleet: Fleet, limit: str) -> None:
    names = fleet.managed(3)
    lock, running, most = threading.Lock(), [0], [0]

    def run(_machine: FakeMachine, _script: str, cancelled: threading.Event) -> RunOutcome:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        cancelled.wait(0.1)
        with lock:
            running[0] -= 1
        return RunOutcome(0, "", "")

    fleet.pool.run = run
    command = fleet.send(*names, MaxConcurrency=limit)
    assert fleet.ended(command)["CompletedCount"] == 3
    assert most[0] == 1


def test_an_error_too_many_stops_the_command(fleet: Fleet) -> None:
    names = fleet.managed(3)
    fleet.pool.run = lambda *_: RunOutcome(1, "", "")
    command = fleet.send(*names, MaxConcurrency="1", MaxErrors="1")

    described = fleet.ended(command)

    assert (described["Status"], described["ErrorCount"]) == ("Failed", 2)
    details = [fleet.result(command, name)["StatusDetails"] for name in names]
    assert sorted(details) == ["Failed", "Failed", "Terminated"]


def test_permitted_errors_make_a_command_incomplete(fleet: Fleet) -> None:
    names = fleet.managed(2)
    fleet.pool.run = lambda machine, *_: RunOutcome(
        int(machine.spec.instance_id == names[0]), "", ""
    )
    command = fleet.send(*names, MaxErrors="50%")
    assert fleet.ended(command)["StatusDetails"] == "Incomplete"


def test_a_restart_fails_what_ran_and_keeps_what_waited(
    fleet: Fleet, gate: threading.Event, plane: ControlPlane, pool: FakePool
) -> None:
    running, waiting = fleet.managed(2)
    fleet.aws.ec2.stop_instances(InstanceIds=[waiting])
    until(lambda: fleet.nodes()[waiting] == "ConnectionLost")
    command = fleet.send(running, waiting, MaxErrors="1")
    until(lambda: fleet.result(command, running)["Status"] == "InProgress")

    # As a region that was killed starts: the record says that it runs, and nothing runs.
    restarted = RunCommandController(plane, pool)
    restarted.reconcile()

    result = fleet.result(command, running)
    assert (result["Status"], result["StandardErrorContent"]) == ("Failed", commands.INTERRUPTED)
    assert fleet.result(command, waiting)["Status"] == "Pending"


def test_the_end_of_the_region_ends_its_scripts(fleet: Fleet, gate: threading.Event) -> None:
    (name,) = fleet.managed()
    command = fleet.send(name)
    until(lambda: fleet.result(command, name)["Status"] == "InProgress")
    fleet.loop.stop()
    result = fleet.result(command, name)
    assert (result["Status"], result["StandardErrorContent"]) == ("Failed", commands.INTERRUPTED)
    assert result["StandardOutputContent"] == "half of it"


def test_only_so_many_ended_commands_are_kept(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "KEEP_AT_MOST", 2)
    (name,) = fleet.managed()
    sent = [fleet.send(name) for _ in range(4)]
    until(lambda: len(fleet.aws.ssm.list_commands()["Commands"]) == 2)
    with pytest.raises(ClientError, match="InvalidCommandId"):
        fleet.command(sent[0])
    assert fleet.ended(sent[3])["Status"] == "Success"
