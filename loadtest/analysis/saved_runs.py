"""The saved runs: find one by name, or list them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from loadtest.analysis import comparability, run_loading
from loadtest.errors import ResultsError
from loadtest.models import RunSummary
from loadtest.runs import paths

RUN_NAME = re.compile(r"\d{8}T\d{6}Z-")
"""How a run's directory is named; other directories of the results are reports."""
LATEST = "latest-"


@dataclass(frozen=True)
class SavedRun:
    """A run and its summary."""

    directory: Path
    summary: RunSummary

    @property
    def identity(self) -> tuple[str, datetime]:
        """What makes it one run, wherever a copy of it is."""
        return self.summary.id, self.summary.started_at

    @property
    def app_versions(self) -> list[str]:
        """The application versions that its responses named."""
        return sorted({v for one in self.summary.instances for v in one.versions})


@dataclass(frozen=True)
class UnreadableRun:
    """The directory of a run that cannot be read, and why."""

    directory: Path
    reason: str


@dataclass(frozen=True)
class Filter:
    """Which runs to list; None accepts all."""

    topology: str | None = None
    profile: str | None = None
    verdict: str | None = None
    version: str | None = None
    """Prefix of an application version."""

    def accepts(self, run: SavedRun) -> bool:
        """Return whether a run is one of them."""
        summary = run.summary
        pairs = (
            (self.topology, summary.topology),
            (self.profile, summary.profile.name),
            (self.verdict, summary.verdict.outcome),
        )
        if any(wanted is not None and wanted != actual for wanted, actual in pairs):
            return False
        version = self.version
        return version is None or any(v.startswith(version) for v in run.app_versions)


def runs(base: Path) -> Iterator[SavedRun | UnreadableRun]:
    """Yield every run below `base`, the newest first; an unreadable one does not raise."""
    try:
        names = [entry.name for entry in base.iterdir() if RUN_NAME.match(entry.name)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise ResultsError(f"cannot list the runs in {base}: {error.strerror}") from error
    for name in sorted(names, reverse=True):
        directory = base / name
        try:
            yield SavedRun(directory, run_loading.load_summary(directory))
        except ResultsError as error:
            yield UnreadableRun(directory, str(error))


def find(base: Path, name: str) -> Path:
    """Find the directory of a run.

    Args:
        base: Directory of all results.
        name: The run's id, the beginning of it, `latest-single`, `latest-ha`, or a directory's path.

    Raises:
        ResultsError: No run has that name, or more than one has.
    """
    if name.startswith(LATEST):
        return paths.latest(base, name.removeprefix(LATEST))
    for directory in (base / name, Path(name)):
        if name and _is_directory(directory):
            return directory
    known = sorted(p.name for p in base.glob("*") if RUN_NAME.match(p.name))
    found = [one for one in known if name and one.startswith(name)]
    if len(found) == 1:
        return base / found[0]
    if found:
        raise ResultsError(
            f"{len(found)} runs below {base} start with {name!r}: {', '.join(found[:5])}; give more of it"
        )
    newest = f"the newest are {', '.join(known[-3:])}" if known else "there are none"
    raise ResultsError(
        f"there is no run {name!r} below {base}; {newest} (`python -m loadtest history` lists them)"
    )


def _is_directory(path: Path) -> bool:
    # What is too long for a name, or goes through a file, is none.
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def given_once(found: Iterable[SavedRun]) -> list[SavedRun]:
    """Return the runs; one that is given twice, also as a copy, is no evidence of its own.

    Raises:
        ResultsError: One is.
    """
    known = dict[tuple[str, datetime], Path]()
    every = list(found)
    for run in every:
        which, where = run.identity, run.directory.resolve()
        if which in known:
            also = "" if known[which] == where else f", as {known[which]} and as {where}"
            raise ResultsError(
                f"{run.summary.id} is given twice{also}; compare it with another run"
            )
        known[which] = where
    return every


def latest_pair(base: Path) -> tuple[Path, Path]:
    """Find the latest single run and HA run that can be compared; just the latest ones if none can.

    Raises:
        ResultsError: There is no run of one of them.
    """
    later: dict[str, list[SavedRun]] = {"single": [], "ha": []}
    for run in runs(base) if _has_both(base) else ():
        if isinstance(run, UnreadableRun):
            continue
        mine = run.summary.topology
        for other in later["ha" if mine == "single" else "single"]:
            if not comparability.differences(run.summary, other.summary):
                pair = (run, other) if mine == "single" else (other, run)
                return pair[0].directory, pair[1].directory
        later[mine].append(run)
    return paths.latest(base, "single"), paths.latest(base, "ha")


def _has_both(base: Path) -> bool:
    """Return whether there are directories of runs of both stacks: all others need not be read."""
    return all(any(base.glob(f"*Z-{topology}-*")) for topology in ("single", "ha"))


def load(base: Path, name: str) -> SavedRun:
    """Find a run and load its summary."""
    directory = find(base, name)
    return SavedRun(directory, run_loading.load_summary(directory))
