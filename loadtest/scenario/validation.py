"""Validation of a scenario file before it runs: every problem, with its position and remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loadtest.profiles import Profile
from loadtest.scenario import (
    conditions,
    named_processor,
    nested_loops,
    overwritten,
    payloads,
    surprises,
    templates,
    urls,
    variables,
    walk,
)
from loadtest.scenario.adoption import Adopted, adopt
from loadtest.scenario.findings import structural
from loadtest.scenario.part import is_template
from loadtest.scenario.payloads import SEEDED, PayloadFile
from loadtest.scenario.processor import Processor
from loadtest.scenario.schema import Script
from loadtest.scenario.steps import wrong_pause
from loadtest.scenario.variables import Variables
from loadtest.yaml_positions import Location, Problem, Source

__all__ = ["SEEDED", "Validated", "describe", "validate"]

_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
HOOKS = ("beforeScenario", "afterScenario", "beforeRequest", "afterResponse", "onError")


@dataclass(frozen=True)
class Validated:
    """A file as it was found to be."""

    content: Any
    """What Artillery gets, without what the runner sets itself."""
    script: Script | None
    """The same, parsed; None if the structure is wrong."""
    path: str
    """What the script's target adds to every path."""
    processor: Processor | None
    problems: list[Problem]
    notes: list[Problem]
    source: Source
    """`content` with the position of every part."""
    uploads: tuple[Path, ...] = ()
    """Files that its requests send."""
    load: Profile | None = None
    """Its own phases, where they are to be the load."""


def validate(
    source: Source,
    file: Path,
    environment: str | None = None,
    let_in: frozenset[str] = frozenset(),
    *,
    own_phases: bool = False,
) -> Validated:
    """Return everything that is wrong with a file, and what is taken over, in the order of the file.

    `environment` is one of `config.environments`; `let_in` names the environment variables that
    Artillery gets. With `own_phases`, the file's phases are the load.
    """
    adopted = adopt(source, file, environment, own_phases=own_phases, let_in=let_in)
    adopted.problems += source.duplicates
    content = adopted.source.content
    script = None
    try:
        script = Script.model_validate(content)
    except ValidationError as error:
        adopted.problems += structural(adopted.source, error)
    read = list(payloads.read(content, file.parent))
    processor = named_processor.read(adopted, content, file.parent, let_in)
    columns = {name: values for one in read for name, values in one.columns()}
    known = variables.collect(
        content, columns, processor, let_in, lambda location: adopted.start(location).line
    )
    known = replace(known, elsewhere=adopted.elsewhere)
    check = _Check(adopted, known, file.parent)
    check.all(read)
    return Validated(
        content,
        script,
        adopted.target.path,
        processor,
        sorted(set(adopted.problems)),
        sorted(set(adopted.notes)),
        adopted.source,
        tuple(sorted(set(check.uploads))),
        adopted.load,
    )


def describe(path: Path, problems: list[Problem]) -> str:
    """Format the problems as a message: a line each, as compilers write them."""
    return "\n".join([f"the scenario {path} cannot be run:", *listing(path, problems)])


def listing(path: Path, problems: list[Problem]) -> list[str]:
    """Format problems or notes, a line each."""
    return [f"  {path}:{one.position.line}:{one.position.column}: {one.text}" for one in problems]


@dataclass
class _Check:
    """Looks at what the structure does not say: files, variables, URLs, conditions, functions."""

    adopted: Adopted
    variables: Variables
    directory: Path
    uploads: list[Path] = field(default_factory=list[Path])
    numbers: dict[str, str] = field(default_factory=dict[str, str])
    """Columns of payloads of which some users get a number, and one of these."""

    @property
    def _content(self) -> dict[str, Any]:
        return walk.mapping(self.adopted.source.content)

    def all(self, read: list[PayloadFile]) -> None:
        """Look at everything."""
        self.numbers.update(number for one in read for number in one.numbers())
        for one in read:
            if one.problem:
                self.adopted.refuse((*one.location, one.at), one.problem)
            for note in one.notes():
                self.adopted.note((*one.location, "path"), note)
        for location, text in overwritten.problems(self._content, read):
            self.adopted.refuse(location, text)
        for location, text in nested_loops.problems(self._content):
            self.adopted.refuse(location, text)
        self._lists()
        self._templates()
        self._surprises()
        for request in walk.requests(self._content):
            self._url(request)
            self._condition(request)
            self._files(request)
            self._auth(request)
            for key in ("qs", "json"):
                self._paths(request.content.get(key), (*request.location, key))
            self._empty(request.content, request.location)
            self._functions(request.content, request.location, ("beforeRequest", "afterResponse"))
        for index, scenario in enumerate(walk.sequence(self._content.get("scenarios"))):
            self._functions(walk.mapping(scenario), ("scenarios", index), HOOKS)
        for step in walk.steps(self._content):
            self._step(step)

    def _lists(self) -> None:
        given = walk.mapping(walk.mapping(self._content.get("config")).get("variables"))
        for name, value in given.items():
            if value == []:
                text = f"`{name}` is an empty list: Artillery takes one of its values for each user"
                self.adopted.refuse(("config", "variables", name), text)
            if value is None:
                note = f"`{name}` is empty: Artillery sends `null`"
                self.adopted.note(("config", "variables", name), note)

    def _templates(self) -> None:
        plugins = walk.mapping(walk.mapping(self._content.get("config")).get("plugins"))
        fake = "fake-data" in plugins
        for location, text in walk.texts(self._content):
            if "{{" not in text or location[-1:] == ("ifTrue",):
                continue  # A condition is not a template at all: see `conditions`.
            in_config = location[:1] == ("config",)
            if location[:2] == ("config", "payload") and variables.ENVIRONMENT in text:
                continue  # What is said of the file, which is not there, says it all.
            if problem := templates.not_filled_in(location, text):
                self.adopted.refuse(location, problem)
                continue
            there = self._variables_at(location)
            for problem in templates.problems(text, there, fake=fake, in_config=in_config):
                self.adopted.refuse(location, problem)
            if in_config and "$random" in text:
                note = "Artillery computes this once: all users get the same value"
                self.adopted.note(location, note)

    def _surprises(self) -> None:
        for one in surprises.of(self._content, self._variables_at, self.directory):
            (self.adopted.refuse if one.refused else self.adopted.note)(one.location, one.text)

    def _variables_at(self, location: Location) -> Variables:
        """Return the variables that a user has there; of a conditional request, all of its loop's."""
        if "flow" not in location:
            return self.variables
        asked = any(
            "ifTrue" in walk.mapping(self._at(location[:end]))
            for end in range(location.index("flow") + 3, len(location))
        )
        return self.variables.at(location, in_next_round=asked)

    def _at(self, location: Location) -> Any:
        found: Any = self._content
        for step in location:
            found = found[step]
        return found

    def _url(self, request: walk.FoundRequest) -> None:
        url = request.content.get("url")
        if not isinstance(url, str) or not url:
            return
        found = urls.judge(url, self.adopted.target, self.variables)
        where = (*request.location, "url")
        if found.problem:
            self.adopted.refuse(where, found.problem)
        if found.note:
            self.adopted.note(where, found.note)
        request.content["url"] = found.url

    def _condition(self, request: walk.FoundRequest) -> None:
        condition = request.content.get("ifTrue")
        if isinstance(condition, str):
            there = self.variables.at(request.location, in_next_round=True)
            for problem in conditions.problems(condition, there):
                self.adopted.refuse((*request.location, "ifTrue"), problem)

    def _files(self, request: walk.FoundRequest) -> None:
        for name, part in walk.mapping(request.content.get("formData")).items():
            given = walk.mapping(part).get("fromFile")
            where = (*request.location, "formData", name, "fromFile")
            if not isinstance(given, str):
                continue
            # Artillery would look beside its own script, which is a copy somewhere else.
            part["fromFile"] = str(self.directory.resolve() / given)
            for one in self._names(given, where):
                file = self.directory / one
                if file.is_file():
                    self.uploads.append(file.resolve())
                else:
                    self.adopted.refuse(where, f"cannot read the file {file}: there is none")

    def _paths(self, value: Any, location: Location) -> None:
        """Refuse names that Artillery takes for paths: what is below them, it sends a second time."""
        for key, one in walk.mapping(value).items():
            if isinstance(one, (dict, list)) and re.search(r"[.\[\]]", str(key)):
                first = re.split(r"[.\[]", str(key))[0]
                text = f"`{key}`: Artillery takes it for a path and sends a `{first}` besides"
                remedy = (
                    "write the query into the `url`"
                    if location[-1] == "qs"
                    else "send it as `body`"
                )
                self.adopted.refuse((*location, key), f"{text}: {remedy}")
            self._paths(one, (*location, key))
        for index, one in enumerate(walk.sequence(value)):
            self._paths(one, (*location, index))

    def _auth(self, request: walk.FoundRequest) -> None:
        for key, text in walk.mapping(request.content.get("auth")).items():
            names = list(templates.roots(text)) if isinstance(text, str) else []
            if len(names) != 1 or not _VARIABLE.fullmatch(text):
                continue
            # A variable that stands alone keeps its type, and Artillery's HTTP client takes texts only.
            if (odd := self._no_text(names[0])) is not None:
                self.adopted.refuse(
                    (*request.location, "auth", key),
                    f"`{names[0]}` can be {odd}, and Artillery sends only a text here: quote it, or write "
                    "`cast: false` for its payload",
                )

    def _no_text(self, name: str) -> str | None:
        """Return a value of a variable that is not a string, as it is written; None if all are."""
        if name in self.numbers:
            return self.numbers[name]
        values = self.variables.values(name) or ()
        return next((repr(one) for one in values if not isinstance(one, str)), None)

    def _names(self, given: str, where: Location) -> list[str]:
        """Return every file that a name with a variable in it can mean."""
        names = list(dict.fromkeys(templates.roots(given)))
        if not names:
            return [given]
        values = self.variables.values(names[0]) if len(names) == 1 else None
        if values is None:
            text = "its name is known only in the run: use a variable of `config` or a payload"
            self.adopted.refuse(where, text)
            return []
        return [_VARIABLE.sub(lambda _, one=value: str(one), given) for value in values]

    def _empty(self, content: dict[str, Any], location: Location) -> None:
        for key, value in content.items():
            if value is None:
                self.adopted.refuse((*location, key), f"`{key}` is empty: fill it in or remove it")

    def _functions(
        self, content: dict[str, Any], location: Location, keys: tuple[str, ...]
    ) -> None:
        for key in keys:
            for name in walk.listed(content.get(key)):
                if isinstance(name, str):
                    self._function(name, (*location, key))

    def _function(self, name: str, where: Location) -> None:
        processor = self.variables.processor
        if processor is None:
            if "processor" not in walk.mapping(self._content.get("config")):
                chosen = self.adopted.processors[:1]
                remedy = (
                    f"`--environment {chosen[0]}` chooses its `processor`"
                    if chosen
                    else "name its file as `processor` below `config`"
                )
                self.adopted.refuse(where, f"`{name}` is a function: {remedy}")
        elif name.startswith("haproof"):
            self.adopted.refuse(where, f"`{name}` is a name of the recorder: choose another one")
        elif not re.fullmatch(r"[\w$]+", name) or not processor.mentions(name):
            text = f"{processor.path.name} has no function `{name}`"
            self.adopted.refuse(where, text)

    def _step(self, step: walk.FoundStep) -> None:
        keys = set(step.content)
        for key in ("jitter", "limit"):
            if step.top_level and key in keys and keys & {"think", "parallel"}:
                # Artillery's own schema wants one key, but looks at a flow's own steps only.
                text = f"Artillery takes `{key}` only inside of a `loop`: put the step into one"
                self.adopted.refuse((*step.location, key), f"{text} with `count: 1`, or remove it")
        for key in ("function", "whileTrue"):
            if isinstance(step.content.get(key), str):
                self._function(step.content[key], (*step.location, key))
        self._over(step)
        count = step.content.get("count")
        if isinstance(count, str) and "{{" in count:
            self._count(count, (*step.location, "count"))
        think = step.content.get("think")
        if isinstance(think, str) and is_template(think):
            self._think(think, (*step.location, "think"))

    def _over(self, step: walk.FoundStep) -> None:
        over = step.content.get("over")
        where = (*step.location, "over")
        if not isinstance(over, str):
            return
        if "{{" in over:
            name = next(templates.roots(over), "names")
            self.adopted.refuse(where, f"`over` takes a name without braces: write `{name}`")
            return
        root = over.partition(".")[0].partition("[")[0]
        there = self.variables.at(step.location)
        if not there.has(root):
            text = f"{there.unknown(root)}: the loop would not run at all"
            self.adopted.refuse(where, text)
            return
        values = self.variables.values(root)
        if root == over and values is not None and not all(isinstance(v, list) for v in values):
            self.adopted.refuse(
                where,
                f"`{over}` is not a list for a user, who gets one of its values, and the loop would not "
                "run at all: write the list here, or as a list in a list",
            )

    def _count(self, count: str, where: Location) -> None:
        names = list(templates.roots(count))
        values = self.variables.values(names[0]) if len(names) == 1 else None
        for value in values or ():
            if not re.fullmatch(r"\s*(?:\d+-)?[1-9]\d*\s*", str(value)):
                text = f"`{names[0]}` can be {value!r}, and the loop would not run at all"
                self.adopted.refuse(where, text)
                return

    def _think(self, think: str, where: Location) -> None:
        names = list(dict.fromkeys(templates.roots(think)))
        if len(names) != 1 or self.variables.may_change(names[0]):
            return
        for value in self.variables.values(names[0]) or ():
            if (problem := wrong_pause(_filled(think, value))) is not None:
                self.adopted.refuse(where, f"`{names[0]}` can be {value!r}: {problem}")
                return


def _filled(text: str, value: Any) -> Any:
    """Return a text with a value in the place of its only variable, which keeps its type if alone."""
    filled = _VARIABLE.sub(lambda _: str(value), text)
    return value if filled == str(value) else filled
