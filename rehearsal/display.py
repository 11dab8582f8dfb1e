"""What a user sees while a rehearsal runs: live lines on a terminal, plain lines elsewhere.

Stages may run side by side, each in a thread of its own: one live line for each, or plain lines that
begin with what they are about. The live lines are drawn once a second and no more: what a rehearsal
measures runs on the same computer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from commandline.text import visible
from rehearsal.engine_events import (
    Event,
    Heartbeat,
    Message,
    PhaseStarted,
    Resource,
    StepStarted,
    Summary,
)
from toolchain import paths

PLAIN_INTERVAL_S = 5.0
"""Without a terminal, a sign of life at least this often."""

DRAWN_PER_S = 1.0
"""How often the live lines are drawn."""

_OUR_HOST = f"using pulumi-language-python from $PATH at {paths.BIN}"
"""The engine's warning of a language host that is not beside it, where that is the project's own."""

_LISTS = ("  Well-Architected, advice open", "  Well-Architected, covered")
"""Lines of the pack's summary that are dozens of ids; the policy report has them."""

UNCHANGED = frozenset({"same", "read", "refresh"})
"""Operations that change nothing and are not counted."""


@dataclass(frozen=True)
class Ending:
    """How a stage's last line looks: a mark in a style, and what there is to say besides the title."""

    mark: str
    style: str
    note: str = ""


DONE = Ending("✓", "green")
FAILED = Ending("✗", "red", "failed")


@dataclass
class LastLine:
    """When the last plain line was printed, by whichever stage: one sign of life is enough for all."""

    at: float = field(default_factory=time.monotonic)


class StageProgress:
    """Shows the progress of one stage, given the engine's events and lines of other programs."""

    def __init__(
        self,
        console: Console,
        show: Callable[[str], None] | None = None,
        about: str = "",
        last_line: LastLine | None = None,
    ) -> None:
        """Print to `console`; `show` updates the live line, if there is one.

        Lines begin with `about`, where other stages run beside this one.
        """
        self._console = console
        self._show = show
        self._prefix = f"{about}: " if about else ""
        self._resources: set[str] = set()
        self._planned: int | None = None
        self._shown: set[str] = set()
        self._shown_before: frozenset[str] = frozenset()
        self._started = time.monotonic()
        self._last_line = last_line or LastLine()
        self.ending = DONE
        """How the stage's last line looks, unless it fails."""

    def __call__(self, event: Event) -> None:
        """Show one event of the engine."""
        match event:
            case PhaseStarted():
                self._resources.clear()
                # What the program says in a preview it says again in the update.
                self._shown_before |= self._shown
                self._shown.clear()
            case StepStarted():
                self._step(event)
            case Message():
                self._message(event)
            case Summary(changes=changes, preview=True):
                self._planned = sum(n for op, n in changes.items() if op not in UNCHANGED)
            case Heartbeat():
                self._tick(None)
            case _:
                pass

    def line(self, text: str) -> None:
        """Show a line as it is."""
        line = f"    {self._prefix}{text}"
        self._console.print(visible(line), markup=False, highlight=False, soft_wrap=True)
        self._last_line.at = time.monotonic()

    def tell(self, text: str) -> None:
        """Show what is going on: on the live line or, without a terminal, as a sign of life."""
        self._tick(text)

    def _step(self, step: StepStarted) -> None:
        if step.operation in UNCHANGED or _is_provider(step.resource):
            self._tick(None)
            return
        # The engine counts the stack itself too, but no providers.
        self._resources.add(str(step.resource))
        count = f"{len(self._resources)}"
        if self._planned and not step.preview:
            count = f"{count} of {max(self._planned, len(self._resources))}"
        phase = "preview, " if step.preview else ""
        name = step.resource.name if step.resource else "stack"
        self._tick(f"{phase}{count} resources, {name}")

    def _message(self, message: Message) -> None:
        lines = [
            line.rstrip()
            for line in message.text.splitlines()
            if line.strip() and not line.startswith(_LISTS)
        ]
        if not lines or message.severity == "debug":
            return
        if message.ephemeral:
            self._tick(lines[-1])
            return
        if message.severity == "error":
            # The command that fails ends with all of them, each once (`causes`).
            self._tick(f"error: {lines[0].strip()}")
            return
        is_warning = message.severity == "warning"
        if is_warning and any(_OUR_HOST in line for line in lines):
            return  # Once per program and pack: it says how we provide the host, and asks for nothing.
        if is_warning:
            about = f"{message.resource}: " if message.resource else ""
            lines = [f"{message.severity}: {about}{lines[0].strip()}"]
        elif message.resource is not None:
            self._tick(lines[-1])
            return
        told = self._shown_before | (self._shown if is_warning else set())
        if "\n".join(lines) in told:
            return
        self._shown.add("\n".join(lines))
        for line in lines:
            self.line(line)

    def _tick(self, detail: str | None) -> None:
        if self._show is not None:
            if detail:
                self._show(detail)
            return
        if time.monotonic() - self._last_line.at >= PLAIN_INTERVAL_S:
            self.line(f"… {detail or 'working'} ({time.monotonic() - self._started:.0f} s)")


def _is_provider(resource: Resource | None) -> bool:
    return resource is not None and resource.type.startswith("pulumi:providers:")


class Board:
    """The stages that run now; a context manager. Each stage may have its own thread."""

    def __init__(self, console: Console) -> None:
        """Show stages on `console`."""
        self._console = console
        self._details: dict[str, str] = {}
        self._started: dict[str, float] = {}
        self._last_line = LastLine()
        self._context = ExitStack()

    def __enter__(self) -> Self:
        """Begin to draw, on a terminal."""
        if self._console.is_terminal:
            live = Live(
                console=self._console,
                get_renderable=self._lines,
                refresh_per_second=DRAWN_PER_S,
                transient=True,
            )
            self._context.enter_context(live)
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the live lines."""
        self._context.close()

    def _lines(self) -> Group:
        now = time.monotonic()
        return Group(
            *(
                Text(
                    f"… {title} ({now - self._started[title]:.0f} s){detail and f': {detail}'}",
                    no_wrap=True,
                    overflow="ellipsis",
                )
                for title, detail in tuple(self._details.items())
            )
        )

    @contextmanager
    def stage(self, title: str, about: str = "") -> Generator[StageProgress]:
        """Show that a stage is running and, when it is done, how long it took.

        `about` begins the lines of a stage that runs beside others.
        """
        self._started[title] = time.monotonic()
        self._details[title] = ""
        show = partial(self._details.__setitem__, title) if self._console.is_terminal else None
        if show is None:
            self._console.print(f"  {title} …", highlight=False)
        progress = StageProgress(self._console, show, about, self._last_line)
        try:
            yield progress
        except Exception:
            if progress.ending == DONE:
                progress.ending = FAILED
            self._end(title, progress.ending)
            raise
        except BaseException:
            # A Ctrl-C: nobody asked how this ended.
            del self._details[title]
            raise
        self._end(title, progress.ending)

    def _end(self, title: str, ending: Ending) -> None:
        del self._details[title]
        seconds = time.monotonic() - self._started[title]
        note = f"[{ending.style}]: {ending.note}[/]" if ending.note else ""
        self._console.print(
            f"[{ending.style}]{ending.mark}[/] {title} [dim]({seconds:.0f} s)[/]{note}",
            highlight=False,
        )


@contextmanager
def stage(console: Console, title: str) -> Generator[StageProgress]:
    """Show a stage that nothing runs beside, and when it is done, how long it took."""
    with Board(console) as board, board.stage(title) as progress:
        yield progress
