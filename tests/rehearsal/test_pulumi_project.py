"""How the engine is run: its events, its output, and its end, with a stand-in for the engine."""

from __future__ import annotations

import dataclasses
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from region.session import Session
from rehearsal import processes
from rehearsal.engine_events import Event, Heartbeat, Message, PhaseStarted
from rehearsal.other_program import Program
from rehearsal.pulumi_project import EngineError, Project
from tests.region.fakes import give_credential
from toolchain import locate

ENGINE = """
    import json, os, sys, time
    import grpc
    from pulumi.runtime.proto import events_pb2, events_pb2_grpc

    assert os.environ.get("PULUMI_DEBUG_COMMANDS") == "true"
    address = sys.argv[sys.argv.index("--event-log") + 1].removeprefix("tcp://")
    events = [
        {"preludeEvent": {}},
        {"diagnosticEvent": {"message": "hello", "severity": "info"}},
    ]

    def requests():
        for event in events:
            yield events_pb2.EventRequest(event=json.dumps(event))

    with grpc.insecure_channel(address) as channel:
        events_pb2_grpc.EventsStub(channel).StreamEvents(requests())
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "project").mkdir()
    give_credential(tmp_path)
    session = Session(pid=1, created=0.0, api_port=4566, provider_port=4567)
    return Project(session, tmp_path)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program that runs instead of Pulumi."""
    file = tmp_path / "bin" / "pulumi"
    file.parent.mkdir()
    monkeypatch.setattr(locate, "pulumi", lambda: file)
    return file


def write(engine: Path, script: str) -> None:
    engine.write_text(f"#!{sys.executable}\n{textwrap.dedent(script)}")
    engine.chmod(0o755)


def test_events_are_passed_on_and_the_output_stays_out_of_them(
    project: Project, engine: Path
) -> None:
    write(engine, f"{ENGINE}\n    print('x' * 1_000_000)")
    events: list[Event] = []

    project.up("ha", events.append)

    assert [event for event in events if event != Heartbeat()] == [
        PhaseStarted(),
        Message("hello", "info", None, ephemeral=False),
    ]


def test_a_failure_has_the_last_lines_of_the_output(project: Project, engine: Path) -> None:
    write(engine, f"{ENGINE}\n    print('the reason', file=sys.stderr); sys.exit(7)")
    with pytest.raises(EngineError, match=r"(?s)pulumi up failed \(exit 7\).*the reason"):
        project.up("ha", lambda _: None)


def test_a_failure_has_each_cause_once_and_names_the_file_with_the_rest(
    project: Project, engine: Path
) -> None:
    problem = '{"diagnosticEvent": {"message": "a.sh: CR LF\\nb.sh: CR LF", "severity": "error"}},'
    script = ENGINE.replace("    events = [\n", f"    events = [\n        {problem}\n")
    assert script != ENGINE
    write(engine, f"{script}\n    print('[advisory] ' * 9999); print('a.sh: CR LF'); sys.exit(1)")

    with pytest.raises(EngineError) as raised:
        project.up("ha", lambda _: None)

    log = project.root / "log" / "pulumi-up-ha.log"
    assert str(raised.value) == (
        f"ha: pulumi up failed (exit 1): a.sh: CR LF\nb.sh: CR LF\nIts whole output: {log}"
    )
    assert log.read_text().endswith("a.sh: CR LF\n")
    assert log.stat().st_mode & 0o777 == 0o600


def test_without_events_the_engine_is_not_asked_for_them(project: Project, engine: Path) -> None:
    write(engine, "import sys; assert '--event-log' not in sys.argv; print('{\"url\": \"http\"}')")
    assert project.outputs("ha") == {"url": "http"}


def test_an_interruption_ends_the_engine_and_what_it_started(
    project: Project, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "INTERRUPT_GRACE_S", 2.0)
    pids = engine.with_name("pids")
    write(
        engine,
        f"""
        import os, subprocess
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
        {textwrap.indent(ENGINE, "    ").strip()}
        time.sleep(60)
        """,
    )

    def interrupt(event: Event) -> None:
        if isinstance(event, Message):
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        project.up("ha", interrupt)

    assert time.monotonic() - started < 15
    for pid in map(int, pids.read_text().split()):
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_packages_of_another_program_hide_none_of_this_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/mine")
    assert project.environment()["PYTHONPATH"] == "/mine"
    program = Program(("dev",), None, Path("Pulumi.yaml"), {}, sources=(Path("/ours/src"),))
    found = dataclasses.replace(project, program=program).environment()
    assert found["PYTHONPATH"] == "/mine:/ours/src"
    assert found["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
