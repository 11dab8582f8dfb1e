"""The URLs of requests: everything goes to the stack under test, and to nobody else.

Artillery puts the target in front of a URL that begins with a slash, and takes any other as it is
(`maybePrependBase` in `core/engine_http`): without one it is not a URL, or it is another host's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from loadtest.scenario import templates
from loadtest.scenario.variables import ENVIRONMENTS, Variables

_TARGET = re.compile(r"\{\{\{?\s*target\s*\}\}\}?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FIRST = re.compile(r"\{\{\{?\s*([^{}]+?)\s*\}\}\}?")


@dataclass(frozen=True)
class Target:
    """The target that the script's author wrote."""

    base: str | None = None
    """As written, without a slash at its end; None if it is not known here."""
    slash: bool = False
    """Whether it was written with a slash at its end."""
    added: str = ""
    """Its path where the rest of it is not known."""

    @property
    def path(self) -> str:
        """What the target adds to the path of every request."""
        return urlsplit(self.base).path.rstrip("/") if self.base else self.added

    def rest(self, url: str) -> str | None:
        """Return what follows the target in a URL; None if it is not below the target."""
        if self.base is None or not url.startswith(self.base):
            return None
        rest = url[len(self.base) :]
        if rest == "" or rest[0] in "?#":
            return f"/{rest}"
        return rest if rest[0] == "/" else None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a URL: it stays, is replaced, or is refused."""

    url: str
    note: str | None = None
    problem: str | None = None


def judge(url: str, target: Target, variables: Variables) -> Verdict:
    """Say what becomes of a request's URL."""
    if found := _CONTROL.search(url):
        return Verdict(url, problem=f"remove {found[0]!r}: Artillery sends a URL without it")
    return _judged(url, target, variables)


def _judged(url: str, target: Target, variables: Variables) -> Verdict:
    if url.startswith("/"):
        another = f"`{url}` is a path of the stack to Artillery, not another host"
        return Verdict(url, note=another if url.startswith("//") else None)
    if found := _TARGET.match(url):
        return _behind_target(url, url[found.end() :], target, variables)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
        return _absolute(url, target)
    if found := _FIRST.match(url):
        name = next(templates.roots(found[0]), None)
        if name is not None and name not in ENVIRONMENTS:
            return _by_variable(url, name, url[found.end() :], target, variables)
        return Verdict(url)  # Whatever it is, its template is looked at elsewhere.
    return Verdict(url, problem=f"a URL begins with a slash: write `/{url.lstrip('./')}`")


def _behind_target(url: str, rest: str, target: Target, variables: Variables) -> Verdict:
    if variables.values("target") is not None:
        # The script has a variable of its own of that name.
        return _by_variable(url, "target", rest, target, variables)
    if target.slash and rest and rest[0] not in "/?#":
        # The author's slash, which the stack's URL does not have.
        return Verdict(f"{{{{ target }}}}/{rest}")
    if rest == "" or rest[0] in "/?{":
        return Verdict(url)
    return Verdict(url, problem=f"write `{{{{ target }}}}/{rest}`")


def split(url: str) -> SplitResult | None:
    """Return the parts of a URL; None if it is none, or would not be sent as it is written."""
    if _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _absolute(url: str, target: Target) -> Verdict:
    if split(url) is None:
        return Verdict(url, problem=f"{url!r} is not a URL")
    rest = target.rest(url)
    if rest is not None:
        note = f"`{url}` is taken as `{rest}`: the stack replaces the script's own target"
        return Verdict(rest, note=note)
    return Verdict(url, problem=_other(url))


def _other(url: str) -> str:
    host = urlsplit(url).netloc or url
    return (
        f"only the stack's own URL is put under load, not {host}: write the path alone, such as "
        f"`{urlsplit(url).path or '/'}`, or remove the request"
    )


def _by_variable(url: str, name: str, rest: str, target: Target, variables: Variables) -> Verdict:
    values = variables.values(name)
    if values is None:
        return Verdict(url)  # The recorder looks at it in the run.
    paths = {target.rest(f"{one}{rest}") for one in values}
    if len(paths) == 1 and (path := paths.pop()) is not None:
        note = f"`{name}` is the script's own target, which the stack replaces"
        return Verdict(path, note=note)
    for value in values:
        if not isinstance(value, str):
            return Verdict(url, problem=f"`{name}` is {value!r}, and a URL begins with a slash")
        found = judge(f"{value}{rest}", Target(), variables)
        if found.problem:
            return Verdict(url, problem=f"`{name}` can be {value!r}: {found.problem}")
    return Verdict(url)
