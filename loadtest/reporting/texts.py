"""Messages, numbers and dates in the language of one report."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from loadtest.messages.catalogue import LANGUAGES
from loadtest.messages.message import Message, Parameter, msg, render, render_html
from loadtest.messages.names import named, titled
from loadtest.models import Percentile


class Texts:
    """What a report shows, in one language. Calling it returns the text of a message by id."""

    def __init__(self, language: str) -> None:
        """Raise KeyError for a language that is not in LANGUAGES."""
        self.name = LANGUAGES[language]
        self.language = language

    def __call__(self, message_id: str, /, **params: Parameter) -> str:
        """Return the text of a message."""
        return self.render(msg(message_id, **params))

    def render(self, message: Message) -> str:
        """Return a message as plain text."""
        return render(message, self.language)

    def markup(self, message: Message) -> Markup:
        """Return a message escaped; words that have no translation are marked as English."""
        return render_html(message, self.language)

    def label(self, family: str, name: str) -> str:
        """Return what a name from the results is called: `outcome`, `phase`, `endpoint`, `event`."""
        return self.render(named(family, name))

    def experiment(self, name: str, title: str) -> str:
        """Return an experiment's title, in this language if it is one of the load test's own."""
        return self.render(titled("experiment-title", name, title))

    def count(self, number: float) -> str:
        """Return a whole number with its thousands separated, as both languages write it."""
        return f"{number:,.0f}"

    def share(self, share: float) -> str:
        """Return a share as a percentage; never rounded to none or all."""
        return self("value.share", share=share)

    def ms(self, value: Percentile | None) -> str:
        """Return a latency; a dash where there is none."""
        return self("value.none") if value is None else self.render(value.message)

    def short_latency(self, ms: float) -> str:
        """Return a latency in its shortest form: `20 ms`, `1.5 s`."""
        if ms >= 1000:
            return self("value.seconds-short", seconds=ms / 1000)
        return self("value.latency-short", ms=ms)

    def seconds(self, seconds: float) -> str:
        """Return a moment or a length: in seconds up to two minutes, then in minutes."""
        if seconds < 120 or seconds % 30:
            return self("value.seconds", seconds=seconds)
        return self("value.minutes", minutes=seconds / 60)

    def moment(self, at: datetime) -> str:
        """Return a date and time of day in UTC."""
        if self.language == "ko":
            return f"{at.year}년 {at.month}월 {at.day}일 {at:%H:%M} UTC"
        return f"{at.day} {at:%B %Y, %H:%M} UTC"
