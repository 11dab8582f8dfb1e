"""Named baselines: the runs that later ones are compared with, in a file that can be committed.

The file names runs and the conditions they were made under; the runs themselves stay where results are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field, ValidationError

from commandline import files
from loadtest.analysis import comparability, saved_runs
from loadtest.analysis.saved_runs import SavedRun
from loadtest.errors import LoadTestError, ResultsError
from loadtest.models import Record
from loadtest.runs import paths

FILE_VARIABLE: Final = "LOADTEST_BASELINES"
DEFAULT_FILE: Final = "baselines.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class BaselineError(LoadTestError):
    """A baseline that does not exist, cannot be read, or whose runs are gone."""


class Baseline(Record):
    """The runs that a name stands for, and what they have in common."""

    runs: Annotated[list[str], Field(min_length=1)]
    """Ids below the results directory; a run from elsewhere by its path."""
    topology: Literal["single", "ha"]
    scenario: str
    profile: str
    computer: str
    """What they were made on; empty for runs that did not record it."""
    set_at: AwareDatetime


class _File(Record):
    schema_version: Literal[1] = 1
    baselines: dict[str, Baseline] = Field(default_factory=dict[str, Baseline])


def file() -> Path:
    """Return the file with the baselines: `baselines.json`, or what LOADTEST_BASELINES names."""
    return Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)


def read(path: Path) -> dict[str, Baseline]:
    """Return the baselines in a file by name; none if it does not exist.

    Raises:
        BaselineError: It cannot be read.
    """
    remedy = (
        "restore it, or remove it and use `python -m loadtest baseline set`; "
        f"{FILE_VARIABLE} names another"
    )
    try:
        return _File.model_validate(files.parse_json(files.read_text(path))).baselines
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BaselineError(f"cannot read {path}: {error.strerror}; {remedy}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise BaselineError(
            f"{path} holds no baselines: {where}: {first['msg']}; {remedy}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path} is not JSON: {error}; {remedy}") from error


def put(path: Path, name: str, base: Path, wanted: Sequence[str]) -> Baseline:
    """Let a name stand for these runs, instead of any it stood for before.

    Raises:
        BaselineError: The name has another form.
        ComparisonError: A run is not valid, or they were made under different conditions.
        ResultsError: A run does not exist or cannot be read.
    """
    if not _NAME.fullmatch(name):
        raise BaselineError(
            f"{name!r} cannot name a baseline; use up to 64 letters, digits, `.`, `_` and `-`"
        )
    found = saved_runs.given_once(_distinct([saved_runs.load(base, one) for one in wanted]))
    for other in found[1:]:
        if other.summary.topology != found[0].summary.topology:
            raise BaselineError(
                f"{found[0].summary.id} is a run of {found[0].summary.topology}, {other.summary.id} of "
                f"{other.summary.topology}; give runs of one stack"
            )
        comparability.require(found[0].summary, other.summary)
    comparability.require_valid(*(run.summary for run in found))
    first = found[0].summary
    made = Baseline(
        runs=[_written(base, run) for run in found],
        topology=first.topology,
        scenario=first.scenario.name,
        profile=first.profile.name,
        computer=first.generator.computer,
        set_at=datetime.now(UTC).replace(microsecond=0),
    )
    _write(path, {**read(path), name: made})
    return made


def remove(path: Path, name: str) -> None:
    """Forget a name; its runs stay.

    Raises:
        BaselineError: There is none of that name.
    """
    known = read(path)
    _require(path, known, name)
    _write(path, {key: one for key, one in known.items() if key != name})


def choose(path: Path, name: str | None) -> tuple[str, Baseline]:
    """Return a baseline with its name: the only one where none is named.

    Raises:
        BaselineError: There is none of that name, or which one is meant cannot be told.
    """
    known = read(path)
    if name is None and len(known) > 1:
        raise BaselineError(
            f"{path} has {len(known)} baselines; name one: --to-baseline {'|'.join(sorted(known))}"
        )
    chosen = name if name is not None else next(iter(known), None)
    return _require(path, known, chosen)


def runs(name: str, baseline: Baseline, base: Path) -> list[SavedRun]:
    """Load a baseline's runs.

    Raises:
        BaselineError: Some of them are gone or cannot be read.
    """
    found, missing = list[SavedRun](), list[str]()
    for one in baseline.runs:
        try:
            found.append(saved_runs.load(base, one))
        except ResultsError:
            missing.append(one)
    if missing:
        raise BaselineError(
            f"baseline {name!r} is incomplete: {', '.join(missing)} cannot be read below {base}; restore "
            f"what was removed, or set it anew: `python -m loadtest baseline set {name} RUN…`"
        )
    return found


def _distinct(found: Sequence[SavedRun]) -> list[SavedRun]:
    return list({run.directory.resolve(): run for run in found}.values())


def _written(base: Path, run: SavedRun) -> str:
    """Return how a run is named in the file: its id if it is below the results directory."""
    inside = run.directory.resolve().parent == base.resolve()
    return run.directory.name if inside else str(run.directory)


def _require(path: Path, known: dict[str, Baseline], name: str | None) -> tuple[str, Baseline]:
    if name is not None and name in known:
        return name, known[name]
    which = f"no baseline {name!r}" if name is not None else "no baseline"
    listed = f"it has {', '.join(sorted(known))}" if known else "it is empty"
    raise BaselineError(
        f"{path} has {which}; {listed}; `python -m loadtest baseline set {name or 'main'} RUN…` sets one"
    )


def _write(path: Path, baselines: dict[str, Baseline]) -> None:
    ordered = dict(sorted(baselines.items()))
    paths.write_text(path, _File(baselines=ordered).model_dump_json(indent=2) + "\n")
