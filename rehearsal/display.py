"""What a user sees of a rehearsal while it runs: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from rehearsal.engine_events import (
    Event,
    Heartbeat,
    Message,
    PhaseStarted,
    Resource,
    StepStarted,
    Summary,
)

PLAIN_INTERVAL_S = 5.0
"""Without a terminal, a sign of life at least this often."""

UNCHANGED = frozenset({"same", "read", "refresh"})
"""Operations that change nothing and are not counted."""


class StageProgress:
    """Shows the progress of one stage, given the engine's events and lines of other programs."""

    def __init__(self, console: Console, title: str, status: Status | None) -> None:
        self._console = console
        self._title = title
        self._status = status
        self._resources: set[str] = set()
        self._planned: int | None = None
        self._shown: set[str] = set()
        self._shown_before: frozenset[str] = frozenset()
        self._started = self._latest = time.monotonic()

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
        self._console.print(f"    {text}", markup=False, highlight=False, soft_wrap=True)
        self._latest = time.monotonic()

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
        lines = [line.rstrip() for line in message.text.splitlines() if line.strip()]
        if not lines or message.severity == "debug":
            return
        if message.ephemeral:
            self._tick(lines[-1])
            return
        if message.severity in {"warning", "error"}:
            # The first line is enough while it runs: a command that fails ends with all of them.
            about = f"{message.resource}: " if message.resource else ""
            lines = [f"{message.severity}: {about}{lines[0].strip()}"]
        elif message.resource is not None:
            self._tick(lines[-1])
            return
        if "\n".join(lines) in self._shown_before:
            return
        self._shown.add("\n".join(lines))
        for line in lines:
            self.line(line)

    def _tick(self, detail: str | None) -> None:
        if self._status is not None:
            if detail:
                self._status.update(f"{self._title}: {detail}")
            return
        if time.monotonic() - self._latest >= PLAIN_INTERVAL_S:
            self.line(f"… {detail or 'working'} ({time.monotonic() - self._started:.0f} s)")


def _is_provider(resource: Resource | None) -> bool:
    return resource is not None and resource.type.startswith("pulumi:providers:")


@contextmanager
def stage(console: Console, title: str) -> Generator[StageProgress]:
    """Show that a stage is running and, when it is done, how long it took."""
    started = time.monotonic()
    if console.is_terminal:
        with console.status(title) as status:
            yield StageProgress(console, title, status)
    else:
        console.print(f"  {title} …", highlight=False)
        yield StageProgress(console, title, None)
    console.print(
        f"[green]✓[/] {title} [dim]({time.monotonic() - started:.0f} s)[/]", highlight=False
    )
