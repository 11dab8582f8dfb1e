"""Several workers as one load generator, each with its share in its own directory."""

from __future__ import annotations

import csv
import dataclasses
import shlex
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.engine.generators.base import Generator, Installation, Load, Running, Turn
from loadtest.engine.workers import shares
from loadtest.engine.workers.fleet import Fleet, Worker
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.runs import paths
from loadtest.scenario import credentials
from loadtest.scenario.scenario import Scenario
from loadtest.scenario.schema import Payload
from loadtest.yaml_positions import Problem

NUMBER = "{worker}"
"""What the worker's number replaces in the words that each is started with."""
WAITING = ("artillery",)
"""Generators that wait for a common beginning."""


@dataclass(frozen=True)
class Split:
    """Into how many workers a load is split, and where they run."""

    workers: int
    prefix: tuple[str, ...] = ()
    """Words before the command of each, with `{worker}` for its number."""
    elsewhere: Callable[[Generator, int], Generator] | None = None
    """Makes so many workers of a generator on other computers; None: they run on this one."""


def split(generator: Generator, into: Split | None) -> Generator:
    """Return the generator, or workers that share what it would do.

    Raises:
        LoadTestError: It cannot wait until all are ready.
    """
    if into is None:
        return generator
    if generator.name not in WAITING:
        raise LoadTestError(
            f"{generator.title} cannot wait until all workers are ready; leave out `--workers`, or "
            f"choose `--generator {WAITING[0]}`"
        )
    if into.elsewhere is not None:
        return into.elsewhere(generator, into.workers)
    return Workers(generator, into.workers, into.prefix)


class Workers:
    """A generator that starts another one several times.

    Where a worker runs is for the words before its command to say: a network namespace, a control
    group, another computer (`ip netns exec load-{worker}`).
    """

    def __init__(
        self,
        generator: Generator,
        workers: int,
        prefix: Sequence[str] = (),
        *,
        portable: bool = False,
    ) -> None:
        """Split what `generator` would do among `workers`, each started by `prefix` and its command.

        `portable` directories of workers hold every payload file, also those that all of them share.
        """
        self._generator, self._workers, self._prefix = generator, workers, tuple(prefix)
        self._portable = portable

    @property
    def name(self) -> str:
        """The generator's."""
        return self._generator.name

    @property
    def title(self) -> str:
        """The generator's."""
        return self._generator.title

    @property
    def log(self) -> str:
        """The log of the first worker; the others' are beside it."""
        return f"{self._directory(Path(), 1)}/{self._generator.log}"

    def inspect(self, command: Sequence[str]) -> Installation:
        """Look at what `command` starts, and count the threads of all workers."""
        found = self._generator.inspect(command)
        return dataclasses.replace(found, workers=found.workers * self._workers)

    def refused(self, scenario: Scenario) -> list[Problem]:
        """Return what the generator refuses."""
        return self._generator.refused(scenario)

    def prepare(self, load: Load) -> None:
        """Write each worker's share of the load.

        Raises:
            GeneratorError: The script's functions cannot be compiled.
            ResultsError: The directory cannot be written to.
            LoadTestError: The load cannot be split.
        """
        first = 1
        for one, turn in self.shares_of(load):
            one.directory.mkdir(exist_ok=True)
            if load.scenario.seeded:
                file = one.directory / paths.CREDENTIALS
                credentials.write(file, one.profile, one.installation.workers, first)
            first += one.profile.planned_users
            for path, payload in load.scenario.sequences:
                deal(path, payload, turn, self._workers)
            for path in self._copied(load.scenario):
                shutil.copyfile(path, turn.dealt[path])
            self._generator.prepare(one)

    def start(self, load: Load) -> Running:
        """Start all workers; they begin together.

        Raises:
            GeneratorError: One cannot be started.
        """
        started = list[Worker]()
        try:
            for one, turn in self.shares_of(load):
                started.append(Worker(one, turn, self._generator.start(one)))
        except BaseException:
            for worker in started:
                worker.process.stop()
            raise
        return Fleet(load.directory, load.profile, started)

    def script_error(
        self, process: Running, directory: Path, recorded: Iterable[str]
    ) -> str | None:
        """Return how the script failed users of the first worker that tells."""
        known = list(recorded)
        each = (self._directory(directory, number + 1) for number in range(self._workers))
        found = (self._generator.script_error(process, one, known) for one in each)
        return next((error for error in found if error), None)

    def _copied(self, scenario: Scenario) -> list[Path]:
        return scenario.shared_payloads if self._portable else []

    def _directory(self, run: Path, worker: int) -> Path:
        return run / f"worker-{worker}"

    def shares_of(self, load: Load) -> Iterable[tuple[Load, Turn]]:
        """Yield each worker's load, and its turn, which is also part of the load."""
        installed = load.installation
        for worker in range(1, self._workers + 1):
            directory = self._directory(load.directory, worker)
            prefix = [word.replace(NUMBER, str(worker)) for word in self._prefix]
            files = [*(file for file, _ in load.scenario.sequences), *self._copied(load.scenario)]
            turn = Turn(
                worker,
                directory / "ready",
                directory / "begin",
                {file: directory / f"{number}-{file.name}" for number, file in enumerate(files)},
            )
            mine = dataclasses.replace(
                load,
                directory=directory,
                profile=shares.share(load.profile, worker, self._workers),
                installation=dataclasses.replace(
                    installed,
                    command=(*prefix, *installed.command),
                    workers=installed.workers // self._workers,
                ),
                turn=turn,
            )
            yield mine, turn


def words(prefix: str) -> list[str]:
    """Split the words before a worker's command as a shell does.

    Raises:
        GeneratorError: A quote is open, or there is no such command.
    """
    try:
        found = shlex.split(prefix)
    except ValueError as error:
        raise GeneratorError(f"--worker-prefix {prefix!r}: {error}") from error
    if found and NUMBER not in found[0] and shutil.which(found[0]) is None:
        raise GeneratorError(
            f"--worker-prefix {prefix!r}: there is no command {found[0]!r}; install it, or write its path"
        )
    return found


def deal(file: Path, payload: Payload, turn: Turn, workers: int) -> None:
    """Write a worker's rows of a payload: every `workers`-th, from its own number on, below the header."""
    with file.open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.reader(text, delimiter=payload.delimiter) if row]
    header = int(payload.skipHeader)
    mine = rows[:header] + rows[header + turn.worker - 1 :: workers]
    with turn.dealt[file].open("w", newline="", encoding="utf-8") as text:
        csv.writer(text, delimiter=payload.delimiter, lineterminator="\n").writerows(mine)
