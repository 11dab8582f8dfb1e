"""Experiment files: those that come with the load test, and third-party ones.

The format is the Chaos Toolkit's (https://chaostoolkit.org/reference/api/experiment/). What it lacks
is in a block `haproof` of the file's `extensions`, the place that it has for that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loadtest import yaml_positions
from loadtest.errors import ExperimentError
from loadtest.experiments import file_form
from loadtest.experiments.models import EXTENSION, ExperimentFile, Hypothesis
from loadtest.yaml_positions import YamlError

LIBRARY = Path(__file__).parent / "library"
POLICIES = Path(__file__).with_name("policies.txt")
"""The ids of the policy pack, written by `python -m docgen --write policy-ids`: the load test does not
import it."""
SUFFIXES = (".yaml", ".yml", ".json")


def names() -> list[str]:
    """Return the names of the experiments that come with the load test."""
    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def find(wanted: str) -> ExperimentFile:
    """Return an experiment by its name, or by the path of its file.

    Raises:
        ExperimentError: There is none, or its file is not an experiment.
    """
    if wanted in names():
        return read(LIBRARY / f"{wanted}.yaml")
    if wanted.endswith(SUFFIXES) or "/" in wanted:
        return read(Path(wanted))
    raise ExperimentError(
        f"there is no experiment {wanted!r}; name a file, or one of {', '.join(names())}"
    )


def read(path: Path) -> ExperimentFile:
    """Read an experiment file. Whether the engine can run it is for the engine to check.

    Raises:
        ExperimentError: It cannot be read, or is not an experiment; the message names what is wrong.
    """
    try:
        raw: Any = yaml_positions.read(path).content
    except OSError as error:
        raise ExperimentError(f"cannot read the experiment {path}: {error.strerror}") from error
    except YamlError as error:
        where = f"{path}, line {error.problem.position.line}"
        raise ExperimentError(f"{where}: {error.problem.text}") from error
    if not isinstance(raw, dict):
        raise ExperimentError(f"{path} is not an experiment: it has no title, method, …")
    try:
        file_form.check(raw)
    except ExperimentError as error:
        raise ExperimentError(f"{path}: {error}") from error
    try:
        return ExperimentFile(
            name=path.stem,
            title=raw["title"],
            description=" ".join(str(raw["description"]).split()),
            tags=tuple(raw.get("tags") or ()),
            hypothesis=_hypothesis(path, raw),
            raw=raw,
        )
    except ValidationError as error:
        raise ExperimentError(f"{path}: {file_form.described(error.errors()[0])}") from error


def _hypothesis(path: Path, raw: dict[str, Any]) -> Hypothesis:
    blocks = [one for one in raw.get("extensions") or [] if one.get("name") == EXTENSION]
    if len(blocks) != 1:
        raise ExperimentError(
            f"{path} has {len(blocks)} blocks `name: {EXTENSION}` in `extensions`; it needs one, which "
            "says why it must hold (`because`) and how soon the steady state is back (`recovery_s`)"
        )
    found = Hypothesis.model_validate(blocks[0])
    _check_policies(path, found.because)
    return found


def unknown_policies(because: Sequence[str]) -> list[str]:
    """Return the ids that the policy pack does not have: they may be of another one."""
    known = set(POLICIES.read_text(encoding="utf-8").split())
    return [name for name in because if name not in known]


def _check_policies(path: Path, because: Sequence[str]) -> None:
    """Reject ids that are misspelt. Any other one that is not known may be of another policy pack."""
    known = POLICIES.read_text(encoding="utf-8").split()
    for name in unknown_policies(because):
        plain = re.sub(r"[\s_]+", "-", name.strip().lower())
        if meant := get_close_matches(plain, known, 1, 0.8):
            raise ExperimentError(
                f"{path}: `because` names the policy {name!r}, which the catalogue does not have; did you "
                f"mean {meant[0]!r}?"
            )
