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
from loadtest.errors import ExperimentError, ExperimentFormError
from loadtest.experiments import file_form
from loadtest.experiments.form_errors import located
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
        source = yaml_positions.read(path)
    except OSError as error:
        raise ExperimentError(f"cannot read the experiment {path}: {error.strerror}") from error
    except YamlError as error:
        where = f"{path}, line {error.problem.position.line}"
        raise ExperimentError(f"{where}: {error.problem.text}") from error
    raw: Any = source.content
    if not isinstance(raw, dict):
        raise ExperimentError(
            f"{path} is not an experiment: it needs `title`, `description`, `method`, "
            "`steady-state-hypothesis` and a block `haproof` in `extensions`; copy one of "
            f"{LIBRARY}, and change it"
        )
    if "actions" in raw and "method" not in raw:
        raise ExperimentError(
            f"{path} is a template of AWS FIS, which `aws fis` takes. An experiment causes its faults by "
            f"steps of its `method`, some of them by FIS: copy one of {LIBRARY}, such as "
            "zone-lost-silent.yaml"
        )
    try:
        file_form.check(raw)
        found = ExperimentFile(
            name=path.stem,
            title=raw["title"],
            description=" ".join(str(raw["description"]).split()),
            tags=tuple(raw.get("tags") or ()),
            hypothesis=_hypothesis(raw),
            raw=raw,
        )
    except ExperimentFormError as error:
        line = source.line(error.location)
        raise ExperimentError(f"{path}, line {line}: {error}") from error
    # Not by the model: its keys are of two kinds, which validation would make one.
    found.lines.update({place: position.line for place, position in source.keys.items()})
    return found


def _hypothesis(raw: dict[str, Any]) -> Hypothesis:
    """Return the block of an experiment's file that says why it must hold.

    Raises:
        ExperimentFormError: There is none, there are several, or something in it is wrong.
    """
    blocks = [
        (number, one)
        for number, one in enumerate(raw.get("extensions") or [])
        if one.get("name") == EXTENSION
    ]
    if len(blocks) != 1:
        raise ExperimentFormError(
            f"there are {len(blocks)} blocks `name: {EXTENSION}` in `extensions`; it needs one, which says "
            "why it must hold (`because`) and how soon the steady state is back (`recovery_s`), such as "
            f"`{{name: {EXTENSION}, because: [asg-multi-az], applies_to: [ha], recovery_s: 120}}`",
            ("extensions",),
        )
    number, block = blocks[0]
    try:
        found = Hypothesis.model_validate(block)
    except ValidationError as error:
        raise located(error, block, ("extensions", number)) from error
    for nth, name in enumerate(found.because):
        _check_policy(name, ("extensions", number, "because", nth))
    return found


def unknown_policies(because: Sequence[str]) -> list[str]:
    """Return the ids that the policy pack does not have: they may be of another one."""
    known = set(POLICIES.read_text(encoding="utf-8").split())
    return [name for name in because if name not in known]


def _check_policy(name: str, location: Sequence[str | int]) -> None:
    """Reject an id that is misspelt. Any other one that is not known may be of another policy pack."""
    if not unknown_policies([name]):
        return
    known = POLICIES.read_text(encoding="utf-8").split()
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    if meant := get_close_matches(plain, known, 1, 0.8):
        raise ExperimentFormError(
            f"`because` names the policy {name!r}, which the catalogue does not have; did you mean "
            f"{meant[0]!r}?",
            location,
        )
