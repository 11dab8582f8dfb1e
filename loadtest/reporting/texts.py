"""The languages of a report.

The English text is the key, as in gettext, so templates read as what they print. Two kinds of text
are translated: those that the report itself says (`say`), and sentences that results hold, with
figures in them (`told`): a catalogue entry `{failed} users failed` also translates `12 users
failed`. What the catalogue does not know stays English and is marked as English.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

import yaml
from markupsafe import Markup

from loadtest.formatting import percent
from loadtest.models import Percentile

LANGUAGES: Final = {"en": "English", "ko": "한국어"}
"""Languages that a report can be written in, by their code, in their own words."""

CATALOGUES = Path(__file__).resolve().parent / "templates"
_FIELDS = {"percentile": r"p[\d.]+"}
"""What a field of that name stands for; any other stands for any text."""
_FIELD = re.compile(r"\{(\w+)\}")
_WORDS = re.compile(r"(?<!\S)[A-Za-z]{2,}[,;:.]?\s(?:.*\s)?[A-Za-z]{2,}[,;:.]?(?!\S)")
"""At least two plain words: a sentence, not a name, a number or an identifier."""


def catalogue(language: str) -> dict[str, str]:
    """The translations of a language: English text -> its text. Empty for English itself."""
    if language == "en":
        return {}
    return dict(yaml.safe_load((CATALOGUES / f"{language}.yaml").read_text(encoding="utf-8")))


class Texts:
    """Texts, numbers and dates in one language."""

    def __init__(self, language: str) -> None:
        """Raises KeyError for a language that is not in LANGUAGES."""
        self.name = LANGUAGES[language]
        self.language = language
        self._catalogue, self._patterns = _prepared(language)
        self.missing: set[str] = set()
        """What was asked for and has no translation."""

    def say(self, text: str, **values: object) -> str:
        """A text of the report itself, `{field}`s filled in."""
        template = self._catalogue.get(text)
        if template is None:
            template = text
            if self.language != "en":
                self.missing.add(text)
        return template.format_map(values) if values else template

    def told(self, text: str) -> str:
        """A sentence out of results; English where the catalogue does not know it."""
        found = self._lookup(text)
        if found is None and _WORDS.search(text):
            self.missing.add(text)
        return self._tidy(text if found is None else found)

    def markup(self, text: str) -> Markup:
        """The same for a page: escaped, and marked as English where it is not translated."""
        found = self._lookup(text)
        if found is None and _WORDS.search(text):
            self.missing.add(text)
            return Markup(f'<span lang="en">{escape(text)}</span>')  # noqa: S704
        return Markup(escape(self._tidy(text if found is None else found)))  # noqa: S704

    def count(self, number: float) -> str:
        """A whole number with thousands separated, as both languages write it."""
        return f"{number:,.0f}"

    def share(self, share: float) -> str:
        """A share in per cent; never rounded to none or all."""
        return self._tidy(percent(share))

    def ms(self, value: Percentile | None) -> str:
        """A latency; a dash where there is none."""
        return "–" if value is None else str(value)

    def seconds(self, seconds: float) -> str:
        """A moment or a length: in seconds up to two minutes, then in minutes."""
        if seconds < 120 or seconds % 30:
            return self.say("{n} s", n=f"{seconds:,g}")
        return self.say("{n} min", n=f"{seconds / 60:,g}")

    def moment(self, at: datetime) -> str:
        """A time of day in UTC."""
        if self.language == "ko":
            return f"{at.year}년 {at.month}월 {at.day}일 {at:%H:%M} UTC"
        return f"{at.day} {at:%B %Y, %H:%M} UTC"

    def _lookup(self, text: str) -> str | None:
        if self.language == "en":
            return text
        exact = self._catalogue.get(text)
        if exact is not None:
            return exact
        for pattern, template in self._patterns:
            if found := pattern.fullmatch(text):
                parts = found.groupdict()
                return template.format_map({k: self._lookup(v) or v for k, v in parts.items()})
        return self._pieces(text)

    def _pieces(self, text: str) -> str | None:
        """A label and what it says, or a list, piece by piece; None if no piece is known."""
        label, colon, rest = text.partition(": ")
        if colon and (name := self._lookup(label)) is not None:
            return f"{name}: {self._lookup(rest) or rest}"
        for separator in ("; ", ", "):
            pieces = text.split(separator)
            found = [self._lookup(piece) for piece in pieces] if len(pieces) > 1 else []
            if any(one is not None for one in found):
                pairs = zip(found, pieces, strict=True)
                return separator.join(piece if one is None else one for one, piece in pairs)
        return None

    def _tidy(self, text: str) -> str:
        # Korean writes the sign right behind the number.
        return re.sub(r"(?<=\d) %", "%", text) if self.language == "ko" else text


class _Prepared(NamedTuple):
    texts: Mapping[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]


@functools.cache
def _prepared(language: str) -> _Prepared:
    texts = catalogue(language)
    templates = [english for english in texts if _FIELD.search(english)]
    # The one that says most by itself comes first: it fits least by chance.
    templates.sort(key=lambda english: -len(_FIELD.sub("", english)))
    return _Prepared(texts, tuple((_pattern(e), texts[e]) for e in templates))


def _pattern(template: str) -> re.Pattern[str]:
    parts = _FIELD.split(template)
    return re.compile(
        "".join(
            f"(?P<{part}>{_FIELDS.get(part, '.+?')})" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
    )
