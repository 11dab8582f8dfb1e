"""Why a Pulumi command failed, from what the engine reported: each cause once, in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rehearsal.engine_events import Event, Message, PolicyViolation

LAST_LINES = 20
"""How many lines of the output stand in for a cause where the engine reported none."""

_AGAIN = "an unhandled error occurred: "
"""Begins the engine's repetition of what the program itself has reported."""

_CONSEQUENCES = frozenset(
    {"context canceled", "update failed", "preview failed", "update canceled"}
)
"""What the engine also reports once anything has failed."""


def causes(events: Iterable[Event]) -> list[str]:
    """Return errors and mandatory policies' violations, without repetitions and mere consequences.

    An `up` may report the same in its preview and its update.
    """
    found: list[str] = []
    for event in events:
        match event:
            case Message(severity="error"):
                text = event.text.strip().removeprefix(_AGAIN)
                if text in _CONSEQUENCES:
                    continue
            case PolicyViolation(level="mandatory"):
                text = f"{event.policy}: {event.text.strip()}"
            case _:
                continue
        if text and not any(text in one for one in found):
            found.append(f"{event.resource}: {text}" if event.resource else text)
    return found


def described(found: Sequence[str], output: str) -> str:
    """Return the causes as text; without one, the last lines of the output."""
    if found:
        return "\n".join(found)
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-LAST_LINES:]) or "it printed nothing"
