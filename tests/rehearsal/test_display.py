"""What a user sees of the engine's events."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from rehearsal import display
from rehearsal.engine_events import (
    Heartbeat,
    Message,
    PhaseStarted,
    Resource,
    StepStarted,
    Summary,
)
from toolchain import paths

VPC = Resource("aws:ec2/vpc:Vpc", "web-vpc")
SUBNET = Resource("aws:ec2/subnet:Subnet", "web-subnet-a")


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(screen: io.StringIO) -> display.StageProgress:
    return display.StageProgress(Console(file=screen, width=200))


def info(text: str, resource: Resource | None = None) -> Message:
    return Message(text, "info", resource, ephemeral=False)


def test_the_hooks_output_is_shown(progress: display.StageProgress, screen: io.StringIO) -> None:
    progress(info("released 1234 to 6 instances\n"))
    progress(info("released 1234 to 6 instances\n"))
    assert screen.getvalue() == "    released 1234 to 6 instances\n" * 2


def test_what_the_preview_showed_is_not_repeated_by_the_update(
    progress: display.StageProgress, screen: io.StringIO
) -> None:
    for _ in ("preview", "update"):
        progress(PhaseStarted())
        progress(info("Monthly cost: about 86.09 USD\n"))
        progress(Message("said already", "warning", None, ephemeral=False))
    assert screen.getvalue() == ("    Monthly cost: about 86.09 USD\n    warning: said already\n")


def test_lists_of_ids_are_left_to_the_policy_report(
    progress: display.StageProgress, screen: io.StringIO
) -> None:
    headline = "Guardrails: 5 of 5 questions answered with yes; this stack is checked."
    kept = "  Well-Architected, covered by rules that hold: OPS05-BP03"
    advised = "  Well-Architected, advice open (nothing is broken): SEC05-BP02"
    progress(info(f"{headline}\n  Is it closed?  yes: 9 rules hold\n{advised}\n{kept}\n"))
    assert screen.getvalue() == f"    {headline}\n      Is it closed?  yes: 9 rules hold\n"


def test_a_warning_is_said_once_and_that_of_our_own_host_never(
    progress: display.StageProgress, screen: io.StringIO
) -> None:
    def warn(text: str) -> None:
        progress(Message(f"{text}\n", "warning", None, ephemeral=False))

    for _ in range(2):
        warn(f"using pulumi-language-python from $PATH at {paths.BIN}/pulumi-language-python")
        warn("an option is deprecated")
    warn("using pulumi-language-python from $PATH at /usr/bin/pulumi-language-python")
    assert screen.getvalue().splitlines() == [
        "    warning: an option is deprecated",
        "    warning: using pulumi-language-python from $PATH at /usr/bin/pulumi-language-python",
    ]


def test_an_update_is_shown_after_a_preview_that_had_something_to_say(
    progress: display.StageProgress, screen: io.StringIO
) -> None:
    progress(PhaseStarted())
    progress(Message("an option is deprecated", "warning", None, ephemeral=False))
    progress(PhaseStarted())
    progress(info("released 1234 to 6 instances"))
    assert screen.getvalue().splitlines()[-1] == "    released 1234 to 6 instances"


def test_resources_are_counted_not_listed(
    progress: display.StageProgress, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress(StepStarted(VPC, "create", preview=False))
    assert screen.getvalue() == ""
    monkeypatch.setattr(display, "PLAIN_INTERVAL_S", 0.0)
    progress(StepStarted(VPC, "create", preview=False))
    assert "1 resources, web-vpc" in screen.getvalue()


def test_an_update_shows_how_many_resources_the_preview_found(
    progress: display.StageProgress, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "PLAIN_INTERVAL_S", 0.0)
    progress(PhaseStarted())
    progress(StepStarted(Resource("pulumi:providers:aws", "default"), "create", preview=True))
    progress(StepStarted(VPC, "create", preview=True))
    progress(Summary({"create": 2, "same": 5}, preview=True))
    progress(PhaseStarted())
    progress(StepStarted(SUBNET, "same", preview=False))
    progress(StepStarted(VPC, "create", preview=False))
    lines = screen.getvalue().splitlines()
    assert "working" in lines[0]
    assert "preview, 1 resources, web-vpc" in lines[1]
    assert "working" in lines[2]
    assert "1 of 2 resources, web-vpc" in lines[3]


def test_silence_is_bridged_by_a_sign_of_life(
    progress: display.StageProgress, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress(Heartbeat())
    assert screen.getvalue() == ""
    monkeypatch.setattr(display, "PLAIN_INTERVAL_S", 0.0)
    progress(Heartbeat())
    assert "… working (0 s)" in screen.getvalue()


@pytest.mark.parametrize(
    "message",
    [
        Message("internals", "debug", None, ephemeral=False),
        Message("10 % done", "info", VPC, ephemeral=True),
        Message("a provider's detail", "info", VPC, ephemeral=False),
        Message(" \n", "info", None, ephemeral=False),
    ],
)
def test_details_are_not_lines_of_their_own(
    message: Message, progress: display.StageProgress, screen: io.StringIO
) -> None:
    progress(message)
    assert screen.getvalue() == ""


def test_warnings_are_shown_with_markup_as_it_is(
    progress: display.StageProgress, screen: io.StringIO
) -> None:
    progress(Message("[aws] deprecated\nmore of it\n", "warning", None, ephemeral=False))
    progress(Message("no such subnet", "warning", SUBNET, ephemeral=False))
    assert screen.getvalue() == (
        "    warning: [aws] deprecated\n"
        "    warning: aws:ec2/subnet:Subnet web-subnet-a: no such subnet\n"
    )


def test_errors_are_left_to_the_command_that_ends_with_them(
    progress: display.StageProgress, screen: io.StringIO
) -> None:
    progress(Message("no such subnet", "error", SUBNET, ephemeral=False))
    progress(Message("context canceled", "error", None, ephemeral=False))
    assert screen.getvalue() == ""


def test_stages_side_by_side_say_which_one_a_line_is_about(screen: io.StringIO) -> None:
    with (
        display.Board(Console(file=screen, width=200)) as board,
        board.stage("single: up", "single") as single,
        board.stage("ha: up", "ha") as ha,
    ):
        single.line("released")
        ha(info("waiting"))
    assert screen.getvalue().splitlines() == [
        "  single: up …",
        "  ha: up …",
        "    single: released",
        "    ha: waiting",
        "✓ ha: up (0 s)",
        "✓ single: up (0 s)",
    ]


def test_a_terminal_has_one_live_line_for_each_stage(
    screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "DRAWN_PER_S", 50)
    console = Console(file=screen, width=80, force_terminal=True)
    with (
        display.Board(console) as board,
        board.stage("single: up", "single") as single,
        board.stage("ha: up", "ha") as ha,
    ):
        single(StepStarted(VPC, "create", preview=False))
        ha(StepStarted(SUBNET, "create", preview=True))
        time.sleep(0.2)
    shown = screen.getvalue()
    assert "single: up (0 s): 1 resources, web-vpc" in shown
    assert "ha: up (0 s): preview, 1 resources, web-subnet-a" in shown
    # Details are not lines that stay.
    assert "    single:" not in shown


def test_a_stage_that_fails_says_so(screen: io.StringIO) -> None:
    with (
        pytest.raises(ValueError, match="no"),
        display.Board(Console(file=screen)) as board,
        board.stage("up"),
    ):
        raise ValueError("no")
    assert screen.getvalue().splitlines()[-1] == "✗ up (0 s): failed"


def test_a_failure_is_red_and_a_success_green(screen: io.StringIO) -> None:
    console = Console(file=screen, width=80, color_system="standard", force_terminal=True)
    with display.stage(console, "start"):
        pass
    with pytest.raises(ValueError, match="no"), display.stage(console, "stop"):
        raise ValueError("no")
    assert "\x1b[32m✓\x1b[0m start" in screen.getvalue()
    assert "\x1b[31m✗\x1b[0m stop" in screen.getvalue()


def test_a_stage_may_end_otherwise_than_done(screen: io.StringIO) -> None:
    with display.stage(Console(file=screen), "load") as progress:
        progress.ending = display.Ending("–", "yellow", "not valid")
    assert screen.getvalue().splitlines()[-1] == "– load (0 s): not valid"


def test_an_interrupted_stage_has_neither(screen: io.StringIO) -> None:
    with pytest.raises(KeyboardInterrupt), display.stage(Console(file=screen), "load"):
        raise KeyboardInterrupt
    assert screen.getvalue().splitlines() == ["  load …"]


def test_a_line_of_one_stage_is_a_sign_of_life_of_all(
    screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(display.time, "monotonic", lambda: now)
    with (
        display.Board(Console(file=screen, width=200)) as board,
        board.stage("single: up", "single") as single,
        board.stage("ha: up", "ha") as ha,
    ):
        for seconds in (4.0, 8.0, 12.0):
            now = seconds
            single.line("2 of 10 s")
            ha(Heartbeat())
        assert "working" not in screen.getvalue()
        now = 18.0
        ha(Heartbeat())
        single(Heartbeat())
    assert screen.getvalue().count("working") == 1
    assert "    ha: … working (18 s)" in screen.getvalue()
