"""Creations of the Pulumi provider that a region's death interrupted: they go on where they were.

The provider creates a resource by one call or several. If the region dies before the engine is told, the
engine creates the resource again at the next `pulumi up`, with other names, beside what is there already or
against it ("already exists"). So the answers of the calls of a creation are kept, in the same save as what
they changed, until the provider tells the engine. A region that starts afterwards gives the same answers
to the same calls instead of executing them again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast

from region.api.wsgi import Environ, Headers

HEADER: Final = "X-Haproof-Creation"
"""Of the provider's requests: `<token> <operation> <number of the call of that operation>`."""
_IN_ENVIRON: Final = f"HTTP_{HEADER.upper().replace('-', '_')}"
EXTRA: Final = "creations"
"""Where the control plane keeps them, in its `extra`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: str
    headers: Headers
    body: bytes


Answers = dict[str, Answer]
"""By operation, and the call's number among those of that operation in the creation."""


@dataclass
class Creations:
    """The creations under way, by token. Use it with the control plane's lock held."""

    open: dict[str, Answers] = field(default_factory=dict[str, Answers])
    earlier: dict[str, Answers] = field(default_factory=dict[str, Answers])
    """Those that an earlier process of the region left."""

    def load(self, kept: object) -> None:
        """Take over what was saved."""
        self.open = cast("dict[str, Answers]", kept) if isinstance(kept, dict) else {}
        self.earlier = {token: dict(answers) for token, answers in self.open.items()}

    def answer(self, environ: Environ) -> Answer | None:
        """Return the answer that an earlier process gave to this call, None if it gave none."""
        token, call = _named(environ)
        return self.earlier.get(token, {}).get(call)

    def keep(self, environ: Environ, answer: Answer) -> None:
        """Keep the answer of a call that changed something, if it is part of a creation."""
        token, call = _named(environ)
        if token:
            self.open.setdefault(token, {})[call] = answer

    def end(self, token: str) -> bool:
        """Forget a creation that the engine is told about; return whether there was one."""
        self.earlier.pop(token, None)
        return self.open.pop(token, None) is not None


def _named(environ: Environ) -> tuple[str, str]:
    token, _, call = str(environ.get(_IN_ENVIRON, "")).partition(" ")
    return token, call
