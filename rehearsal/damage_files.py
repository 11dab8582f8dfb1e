"""The short experiments with which `damage` measures a rule, kept or broken."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import yaml

from loadtest.experiments import files
from loadtest.experiments.models import EXTENSION, ExperimentFile
from loadtest.runs import paths as runs_paths
from region import private
from rehearsal.breaks import FLEET_PAUSES, LOAD_ALONE, Break

OWN: Final = {name: Path(__file__).with_name(f"{name}.yaml") for name in (LOAD_ALONE, FLEET_PAUSES)}
"""Those that the library does not have: they show nothing of a stack that keeps the rules."""
INTACT: Final = "intact"
LOOK_S: Final = {
    LOAD_ALONE: (12.0, 14.0),
    FLEET_PAUSES: (8.0, 20.0),
    "instance-hangs": (10.0, 35.0),
    "instance-errors": (10.0, 35.0),
    "instance-dies": (10.0, 40.0),
    "instance-leaves": (10.0, 60.0),
    "database-fails-over": (10.0, 60.0),
}
"""By experiment: for how long after the fault's beginning the users are watched at least, and for how
long the steady state is awaited at most. Connections that exist outlive a port that is closed: it is the
health checks that notice, after interval x threshold and their timeout."""
USUAL_LOOK_S: Final = (5.0, 200.0)
"""Of deployments, which take as long as they take: 129 s in a proof, zone by zone while an instance dies.
What is over too soon is not recovered on the intact stack either."""
WARM_UP_S: Final = 3.0


def find(name: str) -> ExperimentFile:
    """Return an experiment of the library, or one of those that are only here.

    Raises:
        ExperimentError: there is none.
    """
    return files.find(str(OWN.get(name, name)))


def exists(name: str) -> bool:
    """Return whether there is such an experiment."""
    return name in OWN or name in files.names()


def write(experiment: ExperimentFile, broken: Break | None, directory: Path) -> Path:
    """Write an experiment as `damage` runs it, on the intact stack or with a rule broken."""
    private.directory(directory)
    what = broken.rule if broken else INTACT
    target = directory / f"{experiment.name}--{what}.yaml"
    text = yaml.safe_dump(
        shortened(experiment, broken), sort_keys=False, allow_unicode=True, width=100
    )
    runs_paths.write_text(target, text)
    return target


def shortened(experiment: ExperimentFile, broken: Break | None) -> dict[str, Any]:
    """Return the experiment with a look that ends in time, after the rule was broken."""
    at_least_s, at_most_s = LOOK_S.get(experiment.name, USUAL_LOOK_S)
    found = copy.deepcopy(experiment.raw)
    for activity in found["method"]:
        provider = activity["provider"]
        arguments = provider.setdefault("arguments", {})
        if provider["func"] == "steady_again":
            arguments |= {"at_least_s": at_least_s, "at_most_s": at_most_s}
        elif "seconds" in arguments and experiment.name not in OWN:
            # It is put back once the look has ended.
            arguments["seconds"] = at_most_s + WARM_UP_S
    for block in found["extensions"]:
        if block["name"] == EXTENSION:
            block |= {"recovery_s": at_most_s, "warm_up_s": WARM_UP_S, "observe_s": 0.0}
    if broken is not None:
        _break(found, broken)
    return found


def _break(found: dict[str, Any], broken: Break) -> None:
    """Break the rule before the fault; where there is no fault, once its time was taken."""
    step = {
        "type": "action",
        "name": f"{broken.rule} is broken",
        "provider": {
            "type": "python",
            "module": "rehearsal.breaking",
            "func": "break_rule",
            "arguments": {"rule": broken.rule},
        },
    }
    found["method"].insert(1 if broken.experiment == LOAD_ALONE else 0, step)
