"""Makes the script that Artillery runs: the scenario, and what the runner adds to it."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.errors import LoadTestError
from loadtest.models import ScenarioRecord
from loadtest.profiles import Profile
from loadtest.scenario import credentials, flows, validation
from loadtest.scenario.schema import Payload, Script, requests_in, think_s
from loadtest.yaml_positions import YamlError, read

SCENARIOS = Path(__file__).parent / "builtin"
RECORDER = Path(__file__).parents[1] / "engine" / "recorder.cjs"
REPORTER = Path(__file__).parents[1] / "engine" / "reporter.cjs"
HOOKS = {
    "beforeScenario": "haproofBeforeScenario",
    "beforeRequest": "haproofBeforeRequest",
    "afterResponse": "haproofAfterResponse",
    "onError": "haproofOnError",
}
"""Scenario-level hooks, and the recorder's function that each calls."""


@dataclass(frozen=True)
class Scenario:
    """A checked scenario file."""

    name: str
    script: dict[str, Any]
    """The file as it is."""
    checked: Script
    """The same, as what it was checked against."""
    digest: str
    """SHA-256 of its content and of its payload files', independent of layout and comments."""
    directory: Path
    """Where the file is; paths of payload files are relative to it."""

    @property
    def description(self) -> str:
        """What users do, by the names that the script gives its flows."""
        return "; ".join(flow.name for flow in self.checked.scenarios if flow.name) or self.name

    @property
    def timeout_s(self) -> float:
        """Seconds after which an unanswered request counts as a timeout."""
        return self.checked.config.http.timeout

    @property
    def requests_per_user(self) -> int:
        """Requests of a user whom nothing stops, in the longest flow."""
        return max(requests_in(flow.flow) for flow in self.checked.scenarios)

    @property
    def journeys(self) -> list[list[str]] | None:
        """Each flow's endpoints in their order; None where the script does not tell them."""
        found = flows.journeys(scenario["flow"] for scenario in self.script["scenarios"])
        return None if found is None else sorted(map(list, found))

    @property
    def longest_s(self) -> float:
        """How long a user may take, if he waits for every answer until it times out."""
        return max(
            think_s(flow.flow) + requests_in(flow.flow) * self.timeout_s
            for flow in self.checked.scenarios
        )

    @property
    def seeded(self) -> bool:
        """Whether its users are visitors that the stack seeds, from a file that the runner writes."""
        return any(is_seeded(one, self.directory) for one in self.checked.config.payload)

    def check_supply(self, profile: Profile, workers: int, seed_users: int) -> None:
        """Raises LoadTestError if there are fewer rows of credentials than virtual users."""
        for payload in self.checked.config.payload:
            if is_seeded(payload, self.directory):
                credentials.check_supply(profile, seed_users)
            elif payload.order == "sequence":
                _check_rows(self.directory / payload.path, payload, profile, workers)

    def record(self) -> ScenarioRecord:
        """The scenario as a run keeps it."""
        return ScenarioRecord(
            name=self.name,
            description=self.description,
            digest=self.digest,
            requests_per_user=self.requests_per_user,
            journeys=self.journeys,
            timeout_s=self.timeout_s,
        )

    def artillery_script(self, target: str, profile: Profile) -> dict[str, Any]:
        """The scenario aimed at a target, with the profile's phases and the recorder."""
        config = {
            **self.script["config"],
            "target": target,
            "phases": [phase.to_artillery() for phase in profile.phases],
            "processor": f"./{RECORDER.name}",
        }
        if self.checked.config.payload:
            config["payload"] = [self._payload(one) for one in self.checked.config.payload]
        scenarios = [{**scenario, **HOOKS} for scenario in self.script["scenarios"]]
        return {**self.script, "config": config, "scenarios": scenarios}

    def _payload(self, payload: Payload) -> dict[str, Any]:
        written = payload.model_dump(exclude_unset=True)
        if not is_seeded(payload, self.directory):
            # Artillery runs in the results directory.
            written["path"] = str((self.directory / payload.path).resolve())
        return written


def is_seeded(payload: Payload, directory: Path) -> bool:
    """Whether the runner makes this file: it has its name, and the scenario brings none itself."""
    return payload.path == validation.SEEDED and not (directory / payload.path).exists()


def _check_rows(file: Path, payload: Payload, profile: Profile, workers: int) -> None:
    """Artillery deals rows to its workers one by one; each begins again when its own are used up."""
    with file.open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.reader(text, delimiter=payload.delimiter) if row]
    found = len(rows) - payload.skipHeader
    most = max(profile.arrivals_by_worker(workers))
    if found // workers < most:
        raise LoadTestError(
            f"{file} has {found} rows, profile {profile.name!r} needs {most * workers}: users would "
            "share them; add rows, or write `order: random` if they may"
        )


def load(name_or_path: str = "login") -> Scenario:
    """Reads a scenario that comes with the project, by name, or any other, by path.

    Raises LoadTestError, which lists what is wrong with file, line and column.
    """
    built_in = SCENARIOS / f"{name_or_path}.yml"
    path = built_in if built_in.is_file() else Path(name_or_path)
    try:
        source = read(path)
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in SCENARIOS.glob("*.yml")))
        raise LoadTestError(
            f"cannot read the scenario {name_or_path!r} ({error.strerror}); "
            f"give the path of an Artillery script or one of {known}"
        ) from error
    except YamlError as error:
        raise LoadTestError(validation.describe(path, [error.problem])) from error
    checked, problems = validation.check(source, path.parent)
    if checked is None or problems:
        raise LoadTestError(validation.describe(path, problems))
    return Scenario(
        path.stem, source.content, checked, _digest(source.content, checked, path), path.parent
    )


def _digest(content: Any, checked: Script, path: Path) -> str:
    found = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode())
    for payload in checked.config.payload:
        if not is_seeded(payload, path.parent):
            found.update((path.parent / payload.path).read_bytes())
    return found.hexdigest()
