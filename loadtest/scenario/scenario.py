"""A scenario, and the Artillery script that the runner generates from it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from loadtest.errors import LoadTestError
from loadtest.messages.message import Message, msg
from loadtest.messages.names import free_text
from loadtest.models import ScenarioRecord
from loadtest.profiles import Profile
from loadtest.scenario import credentials, flows, script, validation, walk
from loadtest.scenario.js_yaml import ScriptLoader
from loadtest.scenario.processor import Processor
from loadtest.scenario.schema import Payload, Script
from loadtest.scenario.steps import requests_in, think_s
from loadtest.scenario.validation import Validated
from loadtest.yaml_positions import Source, YamlError, read

SCENARIOS = Path(__file__).parent / "builtin"
_CODE = (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts")
"""Endings of scripts that Artillery would run to learn what they describe."""


@dataclass(frozen=True)
class Scenario:
    """A validated scenario file."""

    name: str
    script: dict[str, Any]
    """The content of the file, without what the runner sets."""
    validated: Script
    """The same content, parsed by the schema."""
    digest: str
    """SHA-256 of its content and its payload files, independent of layout and comments."""
    file: Path
    """The file itself; paths of payload files are relative to its directory."""
    source: Source
    """The same content as `script` with the position of every part, for what is said about it."""
    target_path: str = ""
    """What the file's own target adds to every path."""
    processor: Processor | None = None
    """The functions that it brings."""
    notes: tuple[str, ...] = ()
    """What is taken over or replaced, a line each."""
    load: Profile | None = None
    """Its own phases, where it was asked for them and has some."""

    @property
    def directory(self) -> Path:
        """Directory of the file."""
        return self.file.parent

    @property
    def description(self) -> Message:
        """What users do: of a built-in scenario a message, else the names that the script gives."""
        if self.directory == SCENARIOS:
            return msg(f"scenario.{self.name}")
        names = "; ".join(flow.name for flow in self.validated.scenarios if flow.name)
        return free_text(names or self.name)

    @property
    def timeout_s(self) -> float:
        """Seconds after which an unanswered request counts as a timeout."""
        return self.validated.config.http.timeout

    @property
    def requests_per_user(self) -> int:
        """Requests per user in the longest flow if every step succeeds."""
        return max(requests_in(flow.flow) for flow in self.validated.scenarios)

    @property
    def journeys(self) -> list[list[str]] | None:
        """Each flow's endpoints in order; None if the script does not determine them."""
        found = flows.journeys(scenario["flow"] for scenario in self.script["scenarios"])
        return None if found is None else sorted(map(list, found))

    @property
    def longest_s(self) -> float:
        """How long a user takes at most: if every request times out."""
        return max(
            think_s(flow.flow) + requests_in(flow.flow) * self.timeout_s
            for flow in self.validated.scenarios
        )

    @property
    def seeded(self) -> bool:
        """Whether its users are the stack's seeded visitors, from a file that the runner writes."""
        return any(is_seeded(one, self.directory) for one in self.validated.config.payload)

    def check_supply(self, profile: Profile, workers: int, seed_users: int) -> None:
        """Reject a profile that starts more virtual users than there are rows of credentials.

        Raises:
            LoadTestError: There are too few rows.
        """
        if self.seeded:
            credentials.check_supply(profile, seed_users)
        self.check_rows(profile, workers)

    def check_rows(self, profile: Profile, workers: int) -> None:
        """Reject a profile that starts more virtual users than a payload has rows for.

        Raises:
            LoadTestError: There are too few rows.
        """
        for file, payload in self.sequences:
            _check_rows(file, payload, profile, workers)

    def record(self) -> ScenarioRecord:
        """Return the scenario as a run records it."""
        return ScenarioRecord(
            name=self.name,
            description=self.description,
            digest=self.digest,
            requests_per_user=self.requests_per_user,
            journeys=self.journeys,
            timeout_s=self.timeout_s,
            new_connection_per_user=self.validated.config.http.pool is None,
        )

    def artillery_script(
        self, target: str, profile: Profile, dealt: Mapping[Path, Path] = MappingProxyType({})
    ) -> dict[str, Any]:
        """Return the scenario aimed at a target, with the profile's phases and the recorder.

        `dealt` has the files that stand in for some of `sequences`: a worker's rows of them.
        """
        phases = [phase.to_artillery() for phase in profile.phases]
        made = script.compose(self.script, f"{target.rstrip('/')}{self.target_path}", phases)
        if self.validated.config.payload:
            given = walk.listed(self.script["config"]["payload"])
            pairs = zip(given, self.validated.config.payload, strict=True)
            made["config"]["payload"] = [self._payload(entry, one, dealt) for entry, one in pairs]
        return made

    def _payload(
        self, entry: dict[str, Any], payload: Payload, dealt: Mapping[Path, Path]
    ) -> dict[str, Any]:
        if is_seeded(payload, self.directory):
            return entry
        # Artillery runs in the results directory.
        file = (self.directory / payload.path).resolve()
        return {**entry, "path": str(dealt.get(file, file))}

    @property
    def sequences(self) -> list[tuple[Path, Payload]]:
        """The files of which each user takes the next row, but for seeded credentials."""
        return [
            ((self.directory / one.path).resolve(), one)
            for one in self.validated.config.payload
            if one.order == "sequence" and not is_seeded(one, self.directory)
        ]

    @property
    def shared_payloads(self) -> list[Path]:
        """The files of which several users may take the same row."""
        taken = {file for file, _ in self.sequences}
        files = [
            (self.directory / one.path).resolve()
            for one in self.validated.config.payload
            if not is_seeded(one, self.directory)
        ]
        return [file for file in dict.fromkeys(files) if file not in taken]

    @property
    def functions(self) -> list[str]:
        """The functions of its processor that it names."""
        return script.functions(self.script)


def is_seeded(payload: Payload, directory: Path) -> bool:
    """Return whether the runner writes this file: it has the right name and does not exist yet."""
    return payload.path == validation.SEEDED and not (directory / payload.path).exists()


def _check_rows(file: Path, payload: Payload, profile: Profile, workers: int) -> None:
    """Reject too few rows: Artillery deals them to its workers, and each starts over at the end."""
    with file.open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.reader(text, delimiter=payload.delimiter) if row]
    found = len(rows) - payload.skipHeader
    arrivals = profile.arrivals_by_worker(workers)
    needed = max(arrivals) * len(arrivals)
    if found // len(arrivals) < max(arrivals):
        raise LoadTestError(
            f"{file} has {found} rows, profile {profile.name!r} needs {needed}: users would "
            "share them; add rows, or write `order: random` if they may"
        )


def builtin(name: str) -> Path | None:
    """Return the file of a built-in scenario; None if there is none of that name."""
    return next((file for file in SCENARIOS.glob("*.yml") if file.stem == name), None)


@dataclass(frozen=True)
class Choice:
    """Which scenario, and what of it."""

    name: str = "login"
    """A built-in scenario's name, or the path of an Artillery script."""
    environment: str | None = None
    """One of the script's `config.environments`."""
    pass_env: frozenset[str] = frozenset()
    """Environment variables that Artillery gets."""
    own_phases: bool = False
    """Whether the script's own phases are the load, if it has some."""


def require_exported(names: Sequence[str] | None) -> None:
    """Require that the variables exist that are to be passed on.

    Raises:
        LoadTestError: One does not; the message names each.
    """
    if missing := [name for name in names or () if name not in os.environ]:
        raise LoadTestError(
            f"--pass-env {', '.join(map(repr, missing))}: there is no such environment variable; "
            "export it first"
        )


def load(name_or_path: str = "login", choice: Choice | None = None) -> Scenario:
    """Load one of the project's scenarios by name, or any other by path.

    Raises:
        LoadTestError: The file is missing or wrong; the message lists every problem with its line.
    """
    chosen = choice or Choice(name_or_path)
    own = builtin(chosen.name)
    path = own or Path(chosen.name)
    if path.suffix in _CODE and path.is_file():
        raise LoadTestError(
            f"the scenario {chosen.name!r} is a program, and is not run here: write what it exports into a "
            f"file in YAML or JSON, as by `{_exporting(path)} > {path.stem}.json`"
        )
    try:
        source = read(path, ScriptLoader)
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in SCENARIOS.glob("*.yml")))
        raise LoadTestError(
            f"cannot read the scenario {chosen.name!r} ({error.strerror}); "
            f"give the path of an Artillery script or one of {known}"
        ) from error
    except YamlError as error:
        raise LoadTestError(validation.describe(path, [error.problem])) from error
    found = validation.validate(
        source, path, chosen.environment, chosen.pass_env, own_phases=chosen.own_phases
    )
    if found.script is None or found.problems:
        raise LoadTestError(validation.describe(path, found.problems))
    return Scenario(
        path.stem,
        found.content,
        found.script,
        _digest(found, found.script, path),
        path,
        found.source,
        found.path,
        found.processor,
        () if own else tuple(validation.listing(path, found.notes)),
        found.load,
    )


def _exporting(program: Path) -> str:
    """Return a command that prints what a script in JavaScript or TypeScript exports."""
    runner = "npx tsx" if program.suffix in (".ts", ".mts", ".cts") else "node"
    return f"{runner} -p \"JSON.stringify(require('./{program.name}'))\""


def _digest(found: Validated, parsed: Script, path: Path) -> str:
    digest = hashlib.sha256(json.dumps(found.content, sort_keys=True, default=str).encode())
    for payload in parsed.config.payload:
        if not is_seeded(payload, path.parent):
            digest.update((path.parent / payload.path).read_bytes())
    for file in found.uploads:
        digest.update(file.read_bytes())
    digest.update((found.path + (found.processor.source if found.processor else "")).encode())
    return digest.hexdigest()
