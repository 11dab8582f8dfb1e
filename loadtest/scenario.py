"""Makes the script that Artillery runs: the scenario, and what the runner adds to it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from loadtest import flows
from loadtest.errors import LoadTestError
from loadtest.profiles import Profile

SCENARIOS = Path(__file__).parent / "scenarios"
RECORDER = Path(__file__).parent / "artillery" / "recorder.cjs"
REPORTER = Path(__file__).parent / "artillery" / "reporter.cjs"
HOOKS = {
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
    digest: str
    """SHA-256 of its content, independent of layout and comments."""

    @property
    def description(self) -> str:
        """What users do, by the names that the script gives its flows."""
        flows = [flow.get("name") for flow in self.script["scenarios"]]
        return "; ".join(str(name) for name in flows if name) or self.name

    @property
    def timeout_s(self) -> float:
        """Seconds after which an unanswered request counts as a timeout."""
        return float(self.script["config"]["http"]["timeout"])

    @property
    def requests_per_user(self) -> int:
        """Requests of a user whom nothing stops; where flows differ, those of the longest."""
        return flows.most_requests(self._flows)

    @property
    def journeys(self) -> list[list[str]] | None:
        """Each flow's endpoints in their order; None where the script does not tell them."""
        found = flows.journeys(self._flows)
        return None if found is None else sorted(map(list, found))

    @property
    def longest_user_s(self) -> float:
        """Seconds after which the slowest user is through: he thinks, and every answer is late."""
        return flows.longest_pauses_s(self._flows) + self.requests_per_user * self.timeout_s

    @property
    def _flows(self) -> list[list[flows.Step]]:
        return [scenario["flow"] for scenario in self.script["scenarios"]]

    def artillery_script(self, target: str, profile: Profile) -> dict[str, Any]:
        """The scenario aimed at a target, with the profile's phases and the recorder."""
        config = {
            **self.script["config"],
            "target": target,
            "phases": [phase.to_artillery() for phase in profile.phases],
            "processor": f"./{RECORDER.name}",
        }
        scenarios = [{**scenario, **HOOKS} for scenario in self.script["scenarios"]]
        return {**self.script, "config": config, "scenarios": scenarios}


def load(name_or_path: str = "login") -> Scenario:
    """Reads a scenario that comes with the project, by name, or any other, by path."""
    built_in = SCENARIOS / f"{name_or_path}.yml"
    path = built_in if built_in.is_file() else Path(name_or_path)
    try:
        script = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in SCENARIOS.glob("*.yml")))
        raise LoadTestError(
            f"cannot read the scenario {name_or_path!r} ({error.strerror}); "
            f"give the path of an Artillery script or one of {known}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LoadTestError(f"the scenario {path} is not YAML: {error}") from error
    _check(script, path)
    canonical = json.dumps(script, sort_keys=True).encode()
    return Scenario(path.stem, script, hashlib.sha256(canonical).hexdigest())


def _check(script: Any, path: Path) -> None:
    reason = _objection(script)
    if reason:
        raise LoadTestError(f"the scenario {path} cannot be run: {reason}")


def _objection(script: Any) -> str | None:
    """What forbids to run a script, in words; None if nothing does."""
    if not isinstance(script, dict):
        return "it is not a mapping with `config` and `scenarios`"
    document = cast("dict[str, Any]", script)
    return _objection_to_config(document.get("config") or {}) or _objection_to_flows(
        document.get("scenarios")
    )


def _objection_to_config(config: dict[str, Any]) -> str | None:
    http = config.get("http") or {}
    if not isinstance(http.get("timeout"), int | float):
        return "set `config.http.timeout` to a number of seconds"
    if "pool" in http:
        return "remove `config.http.pool`: every visitor opens a connection of his own"
    taken = next((key for key in ("target", "phases", "processor") if key in config), None)
    return f"remove `config.{taken}`: the runner sets it" if taken else None


def _objection_to_flows(scenarios: Any) -> str | None:
    if not isinstance(scenarios, list) or not scenarios:
        return "it has no `scenarios`"
    for scenario in cast("list[Any]", scenarios):
        if not isinstance(scenario, dict) or not isinstance(scenario.get("flow"), list):
            return "every scenario needs a `flow` with its requests"
        if taken := next((hook for hook in HOOKS if hook in scenario), None):
            return f"remove the scenario's `{taken}`: the recorder needs that hook"
    return None
