"""The variables of a script, and what is known of their values before the run."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from loadtest.scenario import other_tools_names, walk
from loadtest.scenario.part import is_template
from loadtest.scenario.processor import Processor
from loadtest.yaml_positions import Location

ENVIRONMENT = "$environment"
"""The name of the chosen environment; `adoption` has filled it in where one is chosen."""
BUILT_IN = ("target", "$uuid", "$testId", ENVIRONMENT, "$dirname", "$scenarioFile")
"""Variables that Artillery sets for every user."""
ENVIRONMENTS = ("$env", "$processEnvironment")
"""The two names of the environment of Artillery's process."""
LOOP_COUNT, LOOP_ELEMENT = "$loopCount", "$loopElement"
"""Variables that Artillery sets in a loop, unless the loop gives them names of its own."""


@dataclass(frozen=True)
class SetByStep:
    """A variable that a step sets: from then on, the user who took it has it, and nobody else."""

    name: str
    location: Location
    line: int
    stays: bool = False
    """Whether it is a loop's element without a list, which never changes."""

    @property
    def flow(self) -> Location:
        """The flow that the step belongs to."""
        return _flow(self.location)

    def is_set_at(self, location: Location) -> bool:
        """Return whether it is set where a text is filled in, if its step was taken."""
        mine, there = _order(self.location), _order(location)
        # Of a request's own captures, only its `expect` knows, which is looked at afterwards.
        return mine < there or location[: len(self.location) + 1] == (*self.location, "expect")

    def is_in_a_loop_with(self, location: Location) -> bool:
        """Return whether one loop has both: what it sets, its next round knows."""
        there = _order(location)
        return len(there) > 1 and _order(self.location)[:1] == there[:1]


_BEFORE: Location = ("before",)
"""The flow whose variables all others have as well."""


def _flow(location: Location) -> Location:
    return location[: location.index("flow")] if "flow" in location else ()


def _order(location: Location) -> tuple[int, ...]:
    """Return the numbers of a step and of those that it is in: they grow in the order of the flow."""
    inside = location[location.index("flow") + 1 :] if "flow" in location else ()
    found = list[int]()
    for number, key in zip_longest(inside[::2], inside[1::2]):
        if not isinstance(number, int):
            break
        found.append(number)
        if key not in ("loop", "parallel"):
            break
    return tuple(found)


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
    steps: Mapping[str, Sequence[SetByStep]] = field(default_factory=dict[str, Sequence[SetByStep]])
    """What steps set that nothing else does, by name; all of it is among `known`."""
    place: Location | None = None
    """Where in a flow a user is; None for anywhere."""
    in_next_round: bool = False
    """Whether what the same loop sets later counts as well."""

    def at(self, location: Location, *, in_next_round: bool = False) -> Variables:
        """Return the variables that a user has at a place in a flow.

        With `in_next_round`, also those that the same loop sets later: a condition may ask for one.
        """
        return replace(self, place=location, in_next_round=in_next_round)

    def _absent(self, name: str) -> str | None:
        """Return why a variable that steps set is not set at `place`; None if it is, or if none sets it."""
        setters, place = self.steps.get(name, ()), self.place
        if place is None or not setters or any(self._has_set(one, place) for one in setters):
            return None
        return _why_absent(name, setters, _flow(place))

    def _has_set(self, one: SetByStep, place: Location) -> bool:
        flow = _flow(place)
        if one.stays or one.flow not in (flow, _BEFORE):
            return False
        in_round = self.in_next_round and one.is_in_a_loop_with(place)
        return one.flow != flow or in_round or one.is_set_at(place)

    def has(self, name: str) -> bool:
        """Return whether something sets the variable."""
        if name in self.known and self._absent(name) is None:
            return True
        if self.unread_processor and not name.startswith("$"):
            return True
        return self.may_change(name)

    def is_named(self, name: str) -> bool:
        """Return whether the script has a variable of that name, or one of its functions calls it one."""
        if name in self.known and self._absent(name) is None:
            return True
        return self.processor is not None and self.processor.has_variable(name)

    def may_change(self, name: str) -> bool:
        """Return whether a function of the script may set the variable."""
        return self.processor is not None and (
            self.processor.mentions(name) or self.processor.sets_unnamed_variables
        )

    def values(self, name: str) -> Sequence[Any] | None:
        """Return every value that a variable can have; None if only the run knows."""
        return self.known.get(name)

    def unknown(self, name: str) -> str:
        """Say that nothing sets a variable, with the nearest that something does."""
        if (why := self._absent(name)) is not None:
            return why
        if name in (LOOP_COUNT, LOOP_ELEMENT):
            key = "loopElement" if name == LOOP_ELEMENT else "loopValue"
            return f"`{name}` is there in a loop, and behind it, whose `{key}` does not name it otherwise"
        if name == ENVIRONMENT:
            return "`$environment` is empty: `--environment` chooses one, whose name replaces it in texts"
        if environments := self.elsewhere.get(name):
            return (
                f"`{name}` is set in an environment only: `--environment {environments[0]}` "
                f"{'chooses it' if len(environments) == 1 else f'chooses one of {len(environments)}'}"
            )
        known = [one for one in self.known if self._absent(one) is None]
        close = difflib.get_close_matches(name, known, n=1)
        if name.startswith("$") and not close:
            there = ", ".join(one for one in BUILT_IN if one.startswith("$"))
            usual = f"only {there}: set one in a function of a `processor`"
            remedy = other_tools_names.instead(name)
            return f"Artillery has no variable `{name}`{f': {remedy}' if remedy else f', {usual}'}"
        hint = f"; did you mean `{close[0]}`?" if close else ""
        return f"nothing sets the variable `{name}`{hint}"


def _why_absent(name: str, setters: Sequence[SetByStep], flow: Location) -> str:
    mine = [one for one in setters if one.flow in (flow, _BEFORE)]
    useful = [one for one in mine if not one.stays]
    if mine and not useful:
        return f"`{name}` never changes in a loop without `over`: write `$loopCount`, or its `loopValue`"
    if useful:
        return (
            f"`{name}` is set only later, on line {useful[0].line}, and undefined here: move that step up, "
            "or give the variable a first value below `config.variables`"
        )
    return (
        f"`{name}` is set in another flow only, on line {setters[0].line}, and each user has the variables "
        "of its own: set it in this flow, or in `before`"
    )


def collect(
    content: Any,
    columns: dict[str, Sequence[Any] | None],
    processor: Processor | None,
    let_in: frozenset[str] = frozenset(),
    line_of: Callable[[Location], int] = lambda _: 0,
) -> Variables:
    """Collect a script's variables.

    Args:
        content: The script.
        columns: The columns of its payload files, by name.
        processor: Its functions.
        let_in: Names of environment variables that Artillery gets.
        line_of: Returns the line of a part of the script.
    """
    known: dict[str, Sequence[Any] | None] = dict.fromkeys(BUILT_IN)
    del known[ENVIRONMENT]
    known |= columns
    given = walk.mapping(walk.mapping(walk.mapping(content).get("config")).get("variables"))
    for name, value in given.items():
        # Artillery gives each user one entry of a list.
        choices = walk.sequence(value) if isinstance(value, list) else [value]
        known[str(name)] = None if any(map(is_template, choices)) else choices
    found = [SetByStep(name, at, line_of(at), stays) for name, at, stays in _set_by_steps(content)]
    steps = dict[str, list[SetByStep]]()
    for one in found:
        if one.name not in known:
            steps.setdefault(one.name, []).append(one)
    known |= dict.fromkeys((one.name for one in found), None)
    named = "processor" in walk.mapping(walk.mapping(content).get("config"))
    return Variables(
        known, processor, let_in, unread_processor=named and processor is None, steps=steps
    )


def _set_by_steps(content: Any) -> Iterator[tuple[str, Location, bool]]:
    """Yield what steps set, where, and whether it stays as it is."""
    for request in walk.requests(content):
        for capture in walk.listed(request.content.get("capture")):
            name = walk.mapping(capture).get("as")
            if isinstance(name, str):
                # lodash reads dots as a path into an object.
                root = name.partition(".")[0].partition("[")[0]
                yield root, request.location, False
    for step in walk.steps(content):
        if "loop" in step.content:
            for key, usual in (("loopValue", LOOP_COUNT), ("loopElement", LOOP_ELEMENT)):
                name = step.content.get(key) or usual
                if isinstance(name, str):
                    yield name, step.location, key == "loopElement" and "over" not in step.content
