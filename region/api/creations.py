"""Creations of the Pulumi provider that a region's death interrupted: they continue where they stopped.

The provider creates a resource by one call or several. If the region dies before the engine is told, the
engine creates the resource again at the next `pulumi up`, with other names, beside what is there already or
against it ("already exists"). So the answers of the calls of a creation are kept, in the same save as what
they changed, until the provider tells the engine. A region that starts afterwards gives the same answers
to the same calls instead of executing them again. A call with other parameters is another call: whoever
changes the program meanwhile gets what the program says now. The seed of a name that Pulumi chooses is kept
too, so that the next `pulumi up` chooses the same name and makes the same calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast

from region.api.wsgi import Environ, Headers

HEADER: Final = "X-Haproof-Creation"
"""Of the provider's requests: `<token> <seed> <operation> <number> <digest>`.

The seed is that of the resource's name, as hexadecimal digits or `-`; the number that of the call among
those of its operation; the digest that of its parameters.
"""
NO_SEED: Final = "-"
_IN_ENVIRON: Final = f"HTTP_{HEADER.upper().replace('-', '_')}"
EXTRA: Final = "creations"
"""Where the control plane keeps them, in its `extra`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: str
    headers: Headers
    body: bytes


@dataclass(slots=True)
class Creation:
    """One creation: the seed of its resource's name, and the answers by operation, number and digest."""

    seed: bytes
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])


@dataclass
class Creations:
    """The creations under way, by token. Use it with the control plane's lock held."""

    open: dict[str, Creation] = field(default_factory=dict[str, Creation])
    earlier: dict[str, Creation] = field(default_factory=dict[str, Creation])
    """Those that an earlier process of the region left."""

    def load(self, kept: object) -> None:
        """Take over what was saved."""
        known = cast("dict[str, object]", kept) if isinstance(kept, dict) else {}
        self.open = {token: one for token, one in known.items() if isinstance(one, Creation)}
        self.earlier = {
            token: Creation(one.seed, dict(one.answers)) for token, one in self.open.items()
        }

    def seed(self, token: str) -> bytes:
        """Return the seed of a creation that an earlier process left, empty if it left none."""
        earlier = self.earlier.get(token)
        return earlier.seed if earlier else b""

    def answer(self, environ: Environ) -> Answer | None:
        """Return the answer that an earlier process gave to this call, None if it gave none."""
        token, _, call = _named(environ)
        earlier = self.earlier.get(token)
        return earlier.answers.get(call) if earlier else None

    def keep(self, environ: Environ, answer: Answer) -> None:
        """Keep the answer of a call that changed something, if it is part of a creation."""
        token, seed, call = _named(environ)
        if token:
            self.open.setdefault(token, Creation(seed)).answers[call] = answer

    def end(self, token: str) -> bool:
        """Forget a creation that the engine is told about; return whether there was one."""
        self.earlier.pop(token, None)
        return self.open.pop(token, None) is not None


def _named(environ: Environ) -> tuple[str, bytes, str]:
    token, _, rest = str(environ.get(_IN_ENVIRON, "")).partition(" ")
    seed, _, call = rest.partition(" ")
    try:
        return token, bytes.fromhex(seed.removeprefix(NO_SEED)), call
    except ValueError:  # not the provider's
        return "", b"", ""
