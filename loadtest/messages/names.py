"""Names in results, translated where the catalogue has them."""

from __future__ import annotations

from loadtest.generator_names import ARTILLERY, TITLES
from loadtest.messages.catalogue import catalogue, parameters
from loadtest.messages.message import Message, Parameter, msg


def named(family: str, name: str) -> Message:
    """Return the message for a name: `outcome.timeout`, or the name itself where none is known."""
    known = f"{family}.{name}"
    return msg("value.name", name=name) if parameters(known) is None else msg(known)


def titled(family: str, name: str, title: str) -> Message:
    """Return the message for the title of a thing of ours; the title itself where somebody gave another."""
    known = f"{family}.{name}"
    entry = catalogue("en").get(known)
    ours = entry is not None and entry.other == title
    return msg(known) if ours else msg("value.name", name=title)


def endpoint_name(name: str) -> Message:
    """Return the message for the name that a scenario gives an endpoint."""
    return named("endpoint", name)


def by_generator(message_id: str, generator: str, **params: Parameter) -> Message:
    """Return the message about a load generator, which is named there unless it is Artillery.

    Messages from when there was no other generator have Artillery's name in their text.
    """
    if generator == ARTILLERY:
        return msg(message_id, **params)
    return msg(f"{message_id}-of", generator=TITLES.get(generator, generator), **params)


def free_text(text: str) -> Message:
    """Return the message for words from outside the catalogue, which stay as they are."""
    return msg("text.free", text=text)
