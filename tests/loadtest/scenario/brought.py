"""Scripts that somebody brings: written for a test, read, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES
from loadtest.scenario import js_yaml, scenario
from loadtest.scenario.scenario import Choice, Scenario

URL = "http://127.0.0.1:8080"


def written(directory: Path, text: str, name: str = "ours.yml") -> str:
    file = directory / name
    file.write_text(dedent(text), encoding="utf-8")
    return str(file)


def lines(file: str, found: tuple[str, ...] | list[str]) -> list[str]:
    return [line.strip().removeprefix(f"{file}:") for line in found]


def told(file: str, **choice: Any) -> tuple[Scenario, list[str]]:
    """A script that is accepted, and what is told about it."""
    found = scenario.load(choice=Choice(file, **choice))
    return found, lines(file, found.notes)


def refused(file: str, **choice: Any) -> list[str]:
    """What is wrong with a script."""
    with pytest.raises(LoadTestError) as caught:
        scenario.load(choice=Choice(file, **choice))
    return lines(file, str(caught.value).splitlines()[1:])


def script_of(found: Scenario) -> dict[str, Any]:
    """The script as Artillery reads it."""
    made = found.artillery_script(URL, PROFILES["smoke"])
    return yaml.load(js_yaml.write(made), js_yaml.ScriptLoader)  # noqa: S506 - a safe one


def a_flow(*steps: str, config: str = "http: {timeout: 5}") -> str:
    body = "\n".join(f"      - {step}" for step in steps)
    return f"config:\n  {config}\nscenarios:\n  - flow:\n{body}\n"
