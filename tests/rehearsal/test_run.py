"""What a rehearsal says of its stacks: how each ended, and what stays with `--keep`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from region.options import command
from region.session import Session
from rehearsal import run, testbed
from rehearsal.pulumi_project import STACK_TYPE, EngineError, Project
from rehearsal.run import Rehearsal

VPC = {"type": "aws:ec2/vpc:Vpc"}
STACK = {"type": STACK_TYPE}


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def rehearsal(tmp_path: Path, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """A rehearsal whose load of a stack leaves a run with the outcome that it is named after."""
    monkeypatch.setattr(run.preload, "start", lambda: None)
    monkeypatch.setattr(
        run.run_loading,
        "load_summary",
        lambda path: SimpleNamespace(verdict=SimpleNamespace(outcome=path.name)),
    )
    console = Console(file=screen, width=200)
    return Rehearsal(
        testbed.Testbed(tmp_path, tmp_path / "results", "smoke", keep=True, console=console)
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(Project, "prepare", lambda *_: None)
    return Project(Session(pid=1, created=0.0, api_port=1, provider_port=2), tmp_path)


def loading(monkeypatch: pytest.MonkeyPatch, load: Callable[[Project, str], Path]) -> None:
    monkeypatch.setattr(Rehearsal, "_load", lambda _, project, stack, *__: load(project, stack))


def having(monkeypatch: pytest.MonkeyPatch, resources: dict[str, list[dict[str, str]]]) -> None:
    monkeypatch.setattr(Project, "resources", lambda _, stack: resources.get(stack, []))


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("kept", "✓ ha: pulumi up, release, load (smoke) (0 s)"),
        ("broken", "✗ ha: pulumi up, release, load (smoke) (0 s): promise broken"),
        ("undecided", "– ha: pulumi up, release, load (smoke) (0 s): promise neither shown"),
        ("invalid", "– ha: pulumi up, release, load (smoke) (0 s): the run is not valid"),
    ],
)
def test_only_a_kept_promise_is_ticked_off(
    *,
    rehearsal: Rehearsal,
    project: Project,
    screen: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    outcome: str,
    line: str,
) -> None:
    loading(monkeypatch, lambda _, stack: Path("measured" if stack == "single" else outcome))
    cast("Any", rehearsal)._load_both(project)
    lines = screen.getvalue().splitlines()
    assert "✓ single: pulumi up, release, load (smoke) (0 s)" in lines
    assert any(one.startswith(line) for one in lines), lines


def fail_single(project: Project, stack: str) -> Path:
    if stack == "single":
        raise EngineError("no")
    while not project.processes.interrupted:
        pass
    raise EngineError("ended")


def test_what_failed_is_crossed_and_what_was_stopped_for_it_is_not(
    rehearsal: Rehearsal, project: Project, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading(monkeypatch, fail_single)
    with pytest.raises(EngineError, match="no"):
        cast("Any", rehearsal)._load_both(project)
    lines = screen.getvalue().splitlines()
    assert "✗ single: pulumi up, release, load (smoke) (0 s): failed" in lines
    assert "– ha: pulumi up, release, load (smoke) (0 s): stopped" in lines


@pytest.mark.parametrize(
    ("resources", "load", "said"),
    [
        (
            {"single": [STACK, VPC], "ha": [STACK, VPC]},
            lambda *_: Path("kept"),
            "the region and both stacks keep running",
        ),
        (
            {"single": [STACK, VPC], "ha": [STACK]},
            fail_single,
            "the region keeps running, with what there is of the stack single;",
        ),
        ({"single": [STACK]}, fail_single, "the region keeps running, without any stack"),
    ],
)
def test_what_stays_is_what_is_there(
    *,
    rehearsal: Rehearsal,
    project: Project,
    screen: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    resources: dict[str, list[dict[str, str]]],
    load: Callable[[Project, str], Path],
    said: str,
) -> None:
    monkeypatch.setattr(testbed.session, "running", lambda _: None)
    monkeypatch.setattr(testbed.background, "launch", lambda *_: project.session)
    loading(monkeypatch, load)
    having(monkeypatch, resources)
    inner = cast("Any", rehearsal)
    bed = inner.testbed

    def all_of_it() -> None:
        with bed._running_region(), bed._stacks(project):
            inner._load_both(project)

    if load is fail_single:
        with pytest.raises(EngineError):
            all_of_it()
    else:
        all_of_it()
    last = screen.getvalue().splitlines()[-1]
    assert last.startswith(said)
    assert f"stop all of it: {command('stop', rehearsal.testbed.root)}" in last
