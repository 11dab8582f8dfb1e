"""A page in several languages: its files, and which one links to which."""

from __future__ import annotations

from typing import NamedTuple

from loadtest.messages.catalogue import LANGUAGES


class PageLink(NamedTuple):
    """The same page in another language."""

    file: str
    language: str
    name: str


def linked(stem: str, lang: str) -> list[tuple[PageLink, PageLink]]:
    """Return the page of each language, and the one that it links to; `stem`.html is in `lang`."""
    first = PageLink(f"{stem}.html", lang, LANGUAGES[lang])
    rest = [
        PageLink(f"{stem}.{code}.html", code, name)
        for code, name in LANGUAGES.items()
        if code != lang
    ]
    pages = [first, *rest]
    return list(zip(pages, [*pages[1:], first], strict=True))
