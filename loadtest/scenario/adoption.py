"""What the runner keeps of a script written for plain Artillery, and what it replaces.

Such a script names a target, phases, plugins for reports. The runner sets these itself; a line says so
for each. What would measure something else without being replaced is left for the schema to refuse.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from loadtest.profiles import Profile
from loadtest.scenario import environment as environment_variables
from loadtest.scenario import own_load, walk, yaml_values
from loadtest.scenario import target as targets
from loadtest.scenario.schema import DEFAULT_TIMEOUT_S
from loadtest.scenario.urls import Target
from loadtest.yaml_positions import Location, Position, Problem, Source

_PLATFORM = "it is about other platforms"
REPLACED: Mapping[str, str] = {
    "ensure": "the SLO replaces it (`--slo`)",
    "apdex": "the report replaces it",
    "statsInterval": "the recorder writes every request",
    "mode": "the load profile replaces it",
    "engines": "only HTTP scenarios are run",
    "socketio": "only HTTP scenarios are run",
    "ws": "only HTTP scenarios are run",
    "includeFiles": _PLATFORM,
    "platform": _PLATFORM,
    "platform-opts": _PLATFORM,
    "platform-options": _PLATFORM,
}
"""Keys of `config` that the runner drops, and why the run is the same without them."""
PLUGINS: Mapping[str, str] = {
    "expect": "the recorder checks `expect` itself",
    "ensure": "the SLO replaces it (`--slo`)",
    "apdex": "the report replaces it",
    "publish-metrics": "the report replaces it",
    "slack": "the report replaces it",
    "cloudwatch": "the report replaces it",
    "datadog": "the report replaces it",
    "influxdb": "the report replaces it",
    "statsd": "the report replaces it",
}
"""Plugins that the runner drops, and why the run is the same without them."""


_REPORTING = re.compile(r"report(s|ing|er|ers)?|output|log(ging|ger)?|metrics")
"""Keys, at the top and in `config`, by which people ask for reports that Artillery has no such key for."""
_SAYS_NOTHING = re.compile(r"x-.*|[._].*|\$schema|description|title|version|author|tags")
"""Keys, at the top, in `config` and of a scenario, that people write for themselves or for anchors."""
_FLOW = ("requests", "flows", "steps", "request", "Flow")
"""What people write instead of `flow`."""
_TOP = ("config", "scenarios", "before", "after")


@dataclass
class Adopted:
    """A script as the runner takes it: what it replaces is gone."""

    source: Source
    """The content, with positions; those of the chosen environment where it overrides others."""
    target: Target = field(default_factory=Target)
    load: Profile | None = None
    """The script's own phases, where they are to be the load."""
    notes: list[Problem] = field(default_factory=list[Problem])
    problems: list[Problem] = field(default_factory=list[Problem])
    elsewhere: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Variables that only environments set, of which none was chosen; with these."""
    processors: list[str] = field(default_factory=list[str])
    """Environments that name a processor, where none was chosen."""

    def start(self, location: Location) -> Position:
        """Return where to look for a value: at its key, if it has one."""
        found = self.source.resolve(location)
        return self.source.keys.get(found) or self.source.values[found]

    def note(self, location: Location, text: str) -> None:
        """Tell the user something about a part of the file."""
        self.notes.append(Problem(self.start(location), text))

    def refuse(self, location: Location, text: str) -> None:
        """Refuse the file because of one of its parts."""
        self.problems.append(Problem(self.start(location), text))


def adopt(
    source: Source,
    path: Path,
    environment: str | None,
    *,
    own_phases: bool = False,
    let_in: frozenset[str] = frozenset(),
) -> Adopted:
    """Take a script over.

    Args:
        source: The file.
        path: Where it is.
        environment: One of its `config.environments`.
        own_phases: Whether its phases are the load; else a load profile replaces them.
        let_in: Names of environment variables that its phases and names of files may read.
    """
    content = copy.deepcopy(source.content)
    found = Adopted(Source(content, dict(source.keys), dict(source.values)))
    _misspelt(found, content)
    _other_flow(found, content)
    _remarks(found, content)
    config = walk.mapping(content).get("config")
    if isinstance(config, dict):
        given = cast("dict[str, Any]", config)
        _choose(found, given, environment)
        environment_variables.name_files(given, let_in)
        _phases(found, given, let_in if own_phases else None)
        _replace(found, given)
        expects = "expect" in walk.mapping(given.get("plugins"))
        if expects:
            _expect_200(found, walk.mapping(walk.mapping(given["plugins"])["expect"]))
        _plugins(found, given)
        _target(found, given, environment, let_in)
        _timeout(found, given)
        _pool(found, given)
        _defaults(found, given)
        _expectations(found, named=expects)
    elif environment:
        found.refuse((), f"it has no environment {environment!r}")
    found.notes += yaml_values.rewritten(source)
    found.source.content = _located(content, path, environment)
    return found


def _misspelt(found: Adopted, content: Any) -> None:
    """Look into what is called almost as it should be: what is wrong in it is told as well."""
    given: dict[Any, Any] = walk.mapping(content)
    for name in _TOP:
        unknown = [key for key in given if isinstance(key, str) and key not in _TOP]
        close = difflib.get_close_matches(name, unknown, n=1, cutoff=0.65)
        if name not in given and close:
            text = f"unknown key `{close[0]}` in a scenario file; did you mean `{name}`?"
            found.refuse((close[0],), text)
            given[name] = given.pop(close[0])
            _move_positions(found.source, (close[0],), (name,))


def _other_flow(found: Adopted, content: Any) -> None:
    """Look into what stands where a flow should, under another name: its faults are told as well."""
    top = walk.mapping(content)
    only = walk.mapping(top.get("scenarios"))
    if "flow" in only:
        found.refuse(("scenarios",), "`scenarios` is a list: write `- ` before its first key")
        top["scenarios"] = [only]
        _move_positions(found.source, ("scenarios",), ("scenarios", 0))
    for index, one in enumerate(walk.sequence(top.get("scenarios"))):
        given = walk.mapping(one)
        other = next((key for key in _FLOW if isinstance(given.get(key), list)), None)
        if "flow" not in given and other is not None:
            here: Location = ("scenarios", index, other)
            found.refuse(here, f"unknown key `{other}` in a scenario; did you mean `flow`?")
            given["flow"] = given.pop(other)
            _move_positions(found.source, here, ("scenarios", index, "flow"))


def _remarks(found: Adopted, content: Any) -> None:
    """Leave out what Artillery does not look at, and nobody expects it to."""
    top = walk.mapping(content)
    places: list[tuple[Location, dict[str, Any]]] = [((), top)]
    places.append((("config",), walk.mapping(top.get("config"))))
    for index, one in enumerate(walk.sequence(top.get("scenarios"))):
        places.append((("scenarios", index), walk.mapping(one)))
    for location, given in places:
        for key in [key for key in given if _says_nothing(str(key), location)]:
            found.note((*location, key), f"`{key}`: Artillery does not look at it")
            del given[key]
        for key in [key for key in given if _REPORTING.fullmatch(str(key))]:
            if location[:1] != ("scenarios",):
                found.note((*location, key), f"`{key}`: the report replaces it")
                del given[key]


def _says_nothing(key: str, location: Location) -> bool:
    # A scenario's name is one.
    return bool(_SAYS_NOTHING.fullmatch(key)) or (key == "name" and location[:1] != ("scenarios",))


def _choose(found: Adopted, config: dict[str, Any], environment: str | None) -> None:
    given = walk.mapping(config.get("environments"))
    names = ", ".join(map(str, given)) or "none"
    where: Location = ("config", "environments")
    if environment is not None:
        if environment not in given:
            found.refuse(where, f"it has no environment {environment!r}; it has {names}")
        elif not isinstance(given[environment], dict):
            text = f"the environment `{environment}` is a mapping, such as `{environment}: {{target: …}}`"
            found.refuse((*where, environment), text)
        else:
            _merge(config, walk.mapping(given[environment]))
            _take_positions(found.source, ("config", "environments", environment), ("config",))
    elif given and isinstance(config.get("environments"), dict):
        found.note(where, f"no environment is chosen: `--environment` takes one of {names}")
        for name, one in given.items():
            for variable in _variables_of(walk.mapping(one)):
                found.elsewhere.setdefault(variable, []).append(str(name))
            if "processor" in walk.mapping(one):
                found.processors.append(str(name))
    if "environments" in config and not isinstance(config["environments"], dict):
        text = "`environments`: each has a name, such as `environments: {staging: {target: …}}`"
        found.refuse(("config", "environments"), text)
    config.pop("environments", None)


def _variables_of(config: dict[str, Any]) -> Iterator[str]:
    """Yield the variables that an environment's part of `config` sets."""
    yield from map(str, walk.mapping(config.get("variables")))
    for payload in walk.listed(config.get("payload")):
        yield from map(str, walk.listed(walk.mapping(payload).get("fields")))


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    """Merge as lodash does: mappings by key, lists by index."""
    for key, value in other.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(cast("dict[str, Any]", known), cast("dict[str, Any]", value))
        elif isinstance(known, list) and isinstance(value, list):
            into[key] = _merged(cast("list[Any]", known), cast("list[Any]", value))
        else:
            into[key] = copy.deepcopy(value)


def _merged(mine: list[Any], theirs: list[Any]) -> list[Any]:
    made = list[Any]()
    for known, value in zip(mine, theirs, strict=False):
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(cast("dict[str, Any]", known), cast("dict[str, Any]", value))
            made.append(known)
        else:
            made.append(copy.deepcopy(value))
    return [*made, *copy.deepcopy(theirs[len(made) :]), *mine[len(theirs) :]]


def _move_positions(source: Source, of: Location, at: Location) -> None:
    """Give what is moved to `at` its position, with those of all that is in it."""
    _take_positions(source, of, at)
    for positions in (source.keys, source.values):
        if of in positions:
            positions[at] = positions[of]


def _take_positions(source: Source, of: Location, at: Location) -> None:
    """Give what is in `of` its positions where it is merged into `at`."""
    for positions in (source.keys, source.values):
        for location, position in list(positions.items()):
            if location[: len(of)] == of and len(location) > len(of):
                positions[(*at, *location[len(of) :])] = position


def _phases(found: Adopted, config: dict[str, Any], let_in: frozenset[str] | None) -> None:
    """Take the phases over as the load; without `let_in`, a load profile replaces them."""
    if "phases" not in config:
        return
    where: Location = ("config", "phases")
    given = config.pop("phases")
    if let_in is None:
        found.note(where, "`phases`: the load profile replaces it")
        return
    if (mode := config.get("mode", "uniform")) != "uniform":
        found.refuse(("config", "mode"), own_load.of_mode(mode))
    own = own_load.read(given, let_in)
    found.load = own.profile
    for location, text in own.problems:
        found.refuse(location, text)
    if own.profile is not None:
        found.note(where, f"`phases`: they are the load: {own.profile.description}")


def _replace(found: Adopted, config: dict[str, Any]) -> None:
    if config.get("engine") == "http":
        found.note(("config", "engine"), "`engine`: requests are HTTP anyway")
        del config["engine"]
    for key, reason in REPLACED.items():
        if key in config:
            found.note(("config", key), f"`{key}`: {reason}")
            del config[key]


def _plugins(found: Adopted, config: dict[str, Any]) -> None:
    plugins = config.get("plugins")
    if not isinstance(plugins, dict):
        return
    given = cast("dict[str, Any]", plugins)
    for name, reason in PLUGINS.items():
        if name in given:
            found.note(("config", "plugins", name), f"plugin `{name}`: {reason}")
            del given[name]
    for name, options in given.items():
        if options is None:
            given[name] = {}  # Artillery itself would fail on it.


def _target(
    found: Adopted, config: dict[str, Any], chosen: str | None, let_in: frozenset[str]
) -> None:
    if "target" not in config:
        return
    where: Location = ("config", "target")
    read = targets.read(config.pop("target"), chosen, let_in)
    found.target = read.target
    if read.note:
        found.note(where, read.note)
    if read.problem:
        found.refuse(where, read.problem)


def _pool(found: Adopted, config: dict[str, Any]) -> None:
    pool = walk.mapping(config.get("http")).get("pool")
    if pool is not None:
        text = (
            f"`pool`: users share {pool} connections per thread of Artillery, and response times include "
            "the wait for a free one"
        )
        found.note(("config", "http", "pool"), text)


def _timeout(found: Adopted, config: dict[str, Any]) -> None:
    http = config.setdefault("http", {})
    if not isinstance(http, dict):
        return
    given = cast("dict[str, Any]", http)
    if "timeout" in config:
        # The one that Artillery prefers.
        given["timeout"] = config.pop("timeout")
        _move_positions(found.source, ("config", "timeout"), ("config", "http", "timeout"))
    elif "timeout" not in given:
        given["timeout"] = int(DEFAULT_TIMEOUT_S)
        text = f"no `timeout` below `config.http`: {DEFAULT_TIMEOUT_S:g} s, Artillery's default"
        found.note(("config",), text)
    timeout = given["timeout"]
    if isinstance(timeout, str) and re.fullmatch(r"\s*\d+(\.\d+)?\s*", timeout):
        # Of a text, Artillery's agent takes no notice and gives up after 8 s.
        given["timeout"] = float(timeout)


def _defaults(found: Adopted, config: dict[str, Any]) -> None:
    old = walk.mapping(config.get("defaults"))
    new = walk.mapping(walk.mapping(config.get("http")).get("defaults"))
    for key in sorted(old.keys() & new.keys()):
        found.refuse(
            ("config", "defaults", key),
            f"`{key}` is also in `config.http.defaults`, which Artillery prefers: remove one of them",
        )


def _expect_200(found: Adopted, options: dict[str, Any]) -> None:
    """Let each request expect status 200 if the plugin's options say so, but for `before` and `after`."""
    if options.get("expectDefault200") not in (True, "true"):
        return
    for request in walk.requests(found.source.content):
        if request.location[0] == "scenarios" and not request.content.get("expect"):
            request.content["expect"] = [{"statusCode": 200}]
    text = "`expectDefault200`: each request without `expect` has to be answered with 200"
    found.note(("config", "plugins", "expect", "expectDefault200"), text)


def _expectations(found: Adopted, *, named: bool) -> None:
    """Say that `expect` is checked where Artillery alone would not: without its plugin, it ignores it."""
    for request in () if named else walk.requests(found.source.content):
        if "expect" in request.content:
            text = (
                "`expect` is checked, though the script does not name Artillery's plugin `expect`"
            )
            found.note((*request.location, "expect"), text)
            return


def _located(content: Any, path: Path, environment: str | None) -> Any:
    """Fill in the variables about the file's place: Artillery runs a copy that is somewhere else."""
    values = {"$dirname": str(path.parent.resolve()), "$scenarioFile": str(path.resolve())}
    if environment is not None:
        values["$environment"] = environment
    name = rf"\s*({'|'.join(map(re.escape, values))})\s*"
    pattern = re.compile(rf"\{{\{{\{{{name}\}}\}}\}}|\{{\{{{name}\}}\}}(?!\}})")

    def fill(value: Any) -> Any:
        match value:
            case str():
                return pattern.sub(lambda found: values[found[1] or found[2]], value)
            case dict():
                return {key: fill(one) for key, one in cast("dict[Any, Any]", value).items()}
            case list():
                return [fill(one) for one in cast("list[Any]", value)]
            case _:
                return value

    return fill(content)
