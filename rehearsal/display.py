"""What a person sees of a rehearsal while it runs: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

# The program's own messages stand behind the stack's line while it is being built.
HOOK_LINE = re.compile(
    r"^\s*[-+~@ ]*pulumi:pulumi:Stack [\w-]+ (?:\w+ing \([\d.]+s\)|running) (?P<text>.*\S)"
)
PHASE_LINE = re.compile(r"^(Previewing update|Updating|Destroying|Refreshing) \(")
RESOURCE_LINE = re.compile(
    r"^\s*[-+~@ ]*(?P<type>[\w/-]+:[\w/:-]+) (?P<name>[\w.-]+) (?P<what>creat|updat|delet|replac)\w*"
)
BEAT_S = 5.0


class EngineLines:
    """Turns the engine's lines into what is worth seeing."""

    def __init__(self, console: Console, title: str, status: Status | None) -> None:
        self._console = console
        self._title = title
        self._status = status
        self._resources: set[str] = set()
        self._over = False
        self._started = self._beat = time.monotonic()

    def __call__(self, line: str) -> None:
        """Takes one line."""
        # The hook's words reach us as they were logged, without colour.
        if line.startswith("Diagnostics:"):
            # From here on the engine repeats what it has said…
            self._over = True
        elif PHASE_LINE.match(line):
            # …of this phase: an update follows its preview.
            self._over = False
        hook = HOOK_LINE.match(line)
        if self._over:
            self._tick(None)
        elif hook:
            self.say(hook["text"].rstrip())
        elif resource := RESOURCE_LINE.match(line):
            self._resources.add(resource["name"])
            self._tick(f"{len(self._resources)} resources, {resource['name']}")
        elif line.strip().startswith(("error:", "warning:")):
            self.say(line.strip())
        elif line.strip():
            self._tick(None)

    def say(self, text: str) -> None:
        """Shows a line as it is."""
        self._console.print(f"    {text}", markup=False, highlight=False, soft_wrap=True)
        self._beat = time.monotonic()

    def _tick(self, detail: str | None) -> None:
        if self._status is not None:
            if detail:
                self._status.update(f"{self._title}: {detail}")
            return
        if time.monotonic() - self._beat >= BEAT_S:
            self.say(f"… {detail or 'working'} ({time.monotonic() - self._started:.0f} s)")


@contextmanager
def stage(console: Console, title: str) -> Generator[EngineLines]:
    """Shows that a stage goes on, and when it is done how long it took."""
    started = time.monotonic()
    if console.is_terminal:
        with console.status(title) as status:
            yield EngineLines(console, title, status)
    else:
        console.print(f"  {title} …", highlight=False)
        yield EngineLines(console, title, None)
    console.print(
        f"[green]✓[/] {title} [dim]({time.monotonic() - started:.0f} s)[/]", highlight=False
    )
