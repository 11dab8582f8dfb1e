"""Why a Pulumi command failed, from what the engine reported: each cause once, in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rehearsal.engine_events import Event, Message

LAST_LINES = 20
"""How many lines of the output stand in for a cause where the engine reported none."""

_AGAIN = "an unhandled error occurred: "
"""Begins the engine's repetition of what the program itself has reported."""

_CONSEQUENCES = frozenset(
    {"context canceled", "update failed", "preview failed", "update canceled"}
)
"""What the engine also reports once anything has failed."""


def causes(events: Iterable[Event]) -> list[str]:
    """Return the errors among the events, without repetitions and mere consequences.

    An `up` may report the same in its preview and its update.
    """
    found: list[str] = []
    consequences: list[str] = []
    for event in events:
        if not isinstance(event, Message) or event.severity != "error":
            continue
        text = event.text.strip().removeprefix(_AGAIN)
        if not text or any(text in one for one in found):
            continue
        if text in _CONSEQUENCES:
            consequences.append(text)
            continue
        about = f"{event.resource}: " if event.resource else ""
        found.append(f"{about}{text}")
    return found or consequences[:1]


def described(found: Sequence[str], output: str) -> str:
    """Return the causes as text; without one, the last lines of the output."""
    if found:
        return "\n".join(found)
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-LAST_LINES:]) or "it printed nothing"
