"""What a failed rehearsal adds: that the stacks are gone, and who uses the CPU."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from components import release_hook
from rehearsal import failure

WHY = "on i-0: no program listens on port 8080"


@pytest.fixture
def hooks_error() -> str:
    """What the hook after `pulumi up` fails with."""
    command = [sys.executable, "-c", f"print('error: {WHY}'); raise SystemExit(4)"]
    with pytest.raises(release_hook.ReleaseFailedError) as caught:
        asyncio.run(release_hook.run_command(command, "{}", lambda _: None))
    return f"{caught.value}\nIts whole output: up.log"


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_percent", lambda **_: 3.0)


@pytest.mark.usefixtures("idle")
def test_how_to_go_on_with_a_stack_that_is_gone_is_not_told(hooks_error: str) -> None:
    assert "post-up" in failure.explained(hooks_error, kept=True)
    told = failure.explained(hooks_error, kept=False)
    assert WHY in told
    assert "Its whole output: up.log" in told
    assert "post-up" not in told
    assert told.splitlines()[-1].startswith("The stacks are removed. To look into an instance, run")


@pytest.mark.usefixtures("idle")
def test_a_stack_that_was_never_up_has_no_instance_to_look_into() -> None:
    assert failure.explained("ha: pulumi up failed", kept=False) == "ha: pulumi up failed"


def test_other_programs_are_named_where_they_use_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_percent", lambda **_: 80.0)
    monkeypatch.setattr(psutil, "cpu_count", lambda: 2)
    assert "Other programs use 1.6 of 2 CPUs" in failure.explained("late", kept=False)
    # With the stacks still there, nobody knows who uses it.
    assert failure.explained("late", kept=True) == "late"


def test_a_stack_that_refers_to_what_a_region_lost_is_told_how_to_start_over(
    tmp_path: Path,
) -> None:
    text = "ha: pulumi up failed: the VPC 'vpc-1' does not exist; use the id of an existing one"
    assert failure.with_lost_state(text, tmp_path) == text
    (tmp_path / "state.pickle.unusable-20261128T152615065689").touch()
    assert f"stop --remove --root {tmp_path}" in failure.with_lost_state(text, tmp_path)
