"""The catalogues: one YAML file per language, from message id to text.

A text may hold `{parameters}`. Where a language has a plural, an entry has the two forms `one` and
`other`, or also `two` ("both"), and the parameter `n` selects one of them. A test keeps all catalogues at
the same ids and the same parameters, and finds the ids that nothing uses.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Final, NamedTuple

import yaml

LANGUAGES: Final = {"en": "English", "ko": "한국어"}
"""The languages of a report by their code, each in its own words."""

PLURAL_PARAMETER = "n"
_DIRECTORY = Path(__file__).parent


class Entry(NamedTuple):
    """A message's text in one language. `one` and `two` are set where it differs for so many items."""

    other: str
    one: str | None = None
    two: str | None = None

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the parameters that the text needs."""
        forms = (self.other, self.one or "", self.two or "")
        return frozenset(
            name for text in forms for _, name, _, _ in Formatter().parse(text) if name
        )

    def form(self, count: object) -> str:
        """Return the text for that many items."""
        own = {1: self.one, 2: self.two}.get(count) if isinstance(count, int) else None
        return self.other if own is None else own


@functools.cache
def catalogue(language: str) -> Mapping[str, Entry]:
    """Load the catalogue of a language.

    Raises:
        KeyError: there is none in that language.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    text = (_DIRECTORY / f"{language}.yaml").read_text(encoding="utf-8")
    return {
        name: Entry(**found) if isinstance(found, dict) else Entry(found)
        for name, found in yaml.safe_load(text).items()
    }


@functools.cache
def parameters(message_id: str) -> frozenset[str] | None:
    """Return the names of a message's parameters; None for an id that no catalogue has."""
    entry = catalogue("en").get(message_id)
    return None if entry is None else entry.parameters
