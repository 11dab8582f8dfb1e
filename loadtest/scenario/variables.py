"""The variables of a script: which there are, and what they can be before anything has run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtest.scenario import walk
from loadtest.scenario.part import is_template
from loadtest.scenario.processor import Processor

BUILT_IN = ("target", "$uuid", "$testId", "$environment", "$dirname", "$scenarioFile")
"""Variables that Artillery sets for every user."""
ENVIRONMENTS = ("$env", "$processEnvironment")
"""The two names of the environment of Artillery's process."""
LOOP = ("$loopCount", "$loopElement")
"""Variables that Artillery sets in a loop."""


@dataclass(frozen=True)
class Variables:
    """What is known about a script's variables."""

    known: dict[str, Sequence[Any] | None] = field(default_factory=dict[str, Sequence[Any] | None])
    """By name: every value that it can have, or None if only the run knows."""
    processor: Processor | None = None
    let_in: frozenset[str] = frozenset()
    """Names of environment variables that Artillery gets."""
    unread_processor: bool = False
    """Whether the script names a processor that cannot be read: what that sets is not known."""

    elsewhere: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Names that environments of the script set, of which none was chosen; with these."""

    def has(self, name: str) -> bool:
        """Return whether something sets the variable."""
        if name in self.known:
            return True
        if self.unread_processor and not name.startswith("$"):
            return True
        return self.processor is not None and (
            self.processor.mentions(name) or self.processor.sets_unnamed_variables
        )

    def values(self, name: str) -> Sequence[Any] | None:
        """Return every value that a variable can have; None if only the run knows."""
        return self.known.get(name)

    def unknown(self, name: str) -> str:
        """Say that nothing sets a variable, with the nearest that something does."""
        if environments := self.elsewhere.get(name):
            return (
                f"`{name}` is set in an environment only: `--environment {environments[0]}` "
                f"{'chooses it' if len(environments) == 1 else f'chooses one of {len(environments)}'}"
            )
        if name.startswith("$") and not difflib.get_close_matches(name, self.known, n=1):
            there = ", ".join(one for one in BUILT_IN if one.startswith("$"))
            return (
                f"Artillery has no variable `{name}`, only {there}: set one in a function of a "
                "`processor`"
            )
        close = difflib.get_close_matches(name, self.known, n=1)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        return f"nothing sets the variable `{name}`{hint}"


def collect(
    content: Any,
    columns: dict[str, Sequence[Any] | None],
    processor: Processor | None,
    let_in: frozenset[str] = frozenset(),
) -> Variables:
    """Collect a script's variables; `columns` are those of its payload files, by name."""
    known: dict[str, Sequence[Any] | None] = dict.fromkeys(BUILT_IN)
    known |= columns
    given = walk.mapping(walk.mapping(walk.mapping(content).get("config")).get("variables"))
    for name, value in given.items():
        # Artillery gives each user one entry of a list.
        choices = walk.sequence(value) if isinstance(value, list) else [value]
        known[str(name)] = None if any(map(is_template, choices)) else choices
    for name in _set_by_steps(content):
        known[name] = None
    named = "processor" in walk.mapping(walk.mapping(content).get("config"))
    return Variables(known, processor, let_in, unread_processor=named and processor is None)


def _set_by_steps(content: Any) -> Iterator[str]:
    for request in walk.requests(content):
        for capture in walk.listed(request.content.get("capture")):
            name = walk.mapping(capture).get("as")
            if isinstance(name, str):
                # lodash reads dots as a path into an object.
                yield name.partition(".")[0].partition("[")[0]
    for step in walk.steps(content):
        if "loop" in step.content:
            yield from LOOP
            for key in ("loopValue", "loopElement"):
                if isinstance(step.content.get(key), str):
                    yield step.content[key]
