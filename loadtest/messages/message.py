"""A message: an id from the catalogue and the values that go with it.

Results and reports hold messages instead of sentences, so that a program reads codes and numbers, and
every sentence can be put into every language. The JSON of a message also has its English `text`, for
readers without the catalogue. Nothing reads it back: it is dropped when a message is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any, Final, Self

from markupsafe import Markup, escape
from pydantic import BaseModel, ConfigDict, computed_field, field_validator, model_validator

from loadtest import formatting
from loadtest.messages.catalogue import PLURAL_PARAMETER, catalogue, parameters

UNTRANSLATED = "text.free"
"""Words from outside the catalogue: an error of the operating system, a condition that a user wrote."""

_CODE: Final = re.compile(r"`([^`<>]+)`")
"""What a message has between backticks, once it is escaped."""


class Message(BaseModel):
    """A message's id and parameters, not yet rendered in a language."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: str
    params: dict[str, int | float | str | Message | tuple[Message, ...]] = {}
    """Strings are names and identifiers; what can be translated is a message itself."""

    @model_validator(mode="before")
    @classmethod
    def _drop_text(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if key != "text"}
        return data

    @field_validator("id")
    @classmethod
    def _known(cls, value: str) -> str:
        if parameters(value) is None:
            raise ValueError(f"there is no message {value!r}")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = parameters(self.id) or frozenset[str]()
        if wanted != self.params.keys():
            raise ValueError(
                f"message {self.id!r} needs the parameters {sorted(wanted)}, "
                f"not {sorted(self.params)}"
            )
        try:
            render(self)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(
                f"message {self.id!r} has a parameter of a wrong type: {error}"
            ) from error
        return self

    @computed_field
    @property
    def text(self) -> str:
        """The message in English."""
        return render(self)

    def __str__(self) -> str:
        """Return the message in English, for the command line and for errors."""
        return self.text


Parameter = int | float | str | Message | tuple[Message, ...]


def msg(message_id: str, /, **params: Parameter) -> Message:
    """Return the message of that id with these parameters."""
    return Message(id=message_id, params=params)


def render(message: Message, language: str = "en") -> str:
    """Return a message in a language, as plain text."""
    return _TextFormatter(language).message(message)


def render_html(message: Message, language: str) -> Markup:
    """Return a message in a language, escaped. Words that stay English are marked as such, code as code."""
    escaped = _HtmlFormatter(language).message(message)
    return Markup(_CODE.sub(r"<code>\1</code>", escaped))  # noqa: S704


def _number(value: float) -> str:
    """Return a whole number with its thousands separated, any other one as short as it can be."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _milliseconds(value: float) -> str:
    return f"{value:,.{1 if value < 100 else 0}f}"


class _TextFormatter(Formatter):
    """Fills in parameters. The text defines how numbers look: `{late:.1f}`, `{share:share}`."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._formats: dict[str, Callable[[Any], str]] = {
            "": _number,
            "ms": _milliseconds,
            "share": lambda value: self.percent(formatting.percent(value)),
            "whole": lambda value: self.percent(f"{value * 100:.0f} %"),
            "floor": lambda value: self.percent(formatting.floor_percent(value)),
            "points": lambda value: f"{value * 100:.1f}",
        }

    def message(self, message: Message) -> str:
        """Return the message's text."""
        entry = catalogue(self._language)[message.id]
        template = entry.form(message.params.get(PLURAL_PARAMETER))
        return self.vformat(template, (), message.params)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one parameter as it is shown."""
        if isinstance(value, Message):
            return self.message(value)
        if isinstance(value, tuple):
            # The separator follows the colon: `{phases:, then }`.
            return format_spec.join(self.message(one) for one in value)  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, str):
            return value
        shown = self._formats.get(format_spec)
        return shown(value) if shown else format(value, format_spec)

    def percent(self, text: str) -> str:
        """Korean puts the sign right behind the number."""
        return text.replace(" %", "%") if self._language == "ko" else text


class _HtmlFormatter(_TextFormatter):
    def message(self, message: Message) -> str:
        """Return the message's text, escaped."""
        filled = super().message(message)
        if message.id == UNTRANSLATED and self._language != "en":
            return f'<span lang="en">{filled}</span>'
        return filled

    def parse(self, format_string: Any) -> Any:
        """Escape what stands between the parameters."""
        for literal, name, spec, conversion in super().parse(format_string):
            yield escape(literal), name, spec, conversion

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one parameter, escaped."""
        shown = super().format_field(value, format_spec)
        return shown if isinstance(value, Message | tuple) else str(escape(shown))
