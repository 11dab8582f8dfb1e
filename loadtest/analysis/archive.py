"""The runs that are kept: finding one by name, and listing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadtest.analysis import reading
from loadtest.errors import ResultsError
from loadtest.models import RunSummary
from loadtest.runs import paths

RUN_NAME = re.compile(r"\d{8}T\d{6}Z-")
"""How the directory of a run begins; others below the results are reports."""
LATEST = "latest-"


@dataclass(frozen=True)
class Kept:
    """A run that can be read."""

    directory: Path
    summary: RunSummary

    @property
    def app_versions(self) -> list[str]:
        """The versions of the application that its answers named."""
        return sorted({v for one in self.summary.instances for v in one.versions})


@dataclass(frozen=True)
class Broken:
    """A run's directory that cannot be read, and why."""

    directory: Path
    reason: str


@dataclass(frozen=True)
class Filter:
    """Which runs to list. None lets all of them through."""

    topology: str | None = None
    profile: str | None = None
    verdict: str | None = None
    version: str | None = None
    """How an application version begins."""

    def accepts(self, run: Kept) -> bool:
        """Whether a run is one of them."""
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


def runs(base: Path) -> Iterator[Kept | Broken]:
    """Every run below `base`, the newest first; one that cannot be read is named, not raised."""
    try:
        names = [entry.name for entry in base.iterdir() if RUN_NAME.match(entry.name)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise ResultsError(f"cannot list the runs in {base}: {error.strerror}") from error
    for name in sorted(names, reverse=True):
        directory = base / name
        try:
            yield Kept(directory, reading.load_summary(directory))
        except ResultsError as error:
            yield Broken(directory, str(error))


def find(base: Path, name: str) -> Path:
    """The directory of a run.

    `name` is its id, how its id begins, `latest-single`, `latest-ha`, or the path of a directory.
    Raises ResultsError where that is no run or more than one.
    """
    if name.startswith(LATEST):
        return paths.latest(base, name.removeprefix(LATEST))
    for directory in (base / name, Path(name)):
        if name and directory.is_dir():
            return directory
    known = sorted(p.name for p in base.glob("*") if RUN_NAME.match(p.name))
    found = [one for one in known if name and one.startswith(name)]
    if len(found) == 1:
        return base / found[0]
    if found:
        raise ResultsError(
            f"{name!r} begins {len(found)} runs below {base}: {', '.join(found[:5])}; give more of it"
        )
    newest = f"the newest are {', '.join(known[-3:])}" if known else "there is none at all"
    raise ResultsError(
        f"there is no run {name!r} below {base}; {newest} (`python -m loadtest history` lists them)"
    )


def load(base: Path, name: str) -> Kept:
    """Finds a run and reads its summary."""
    directory = find(base, name)
    return Kept(directory, reading.load_summary(directory))
