"""The content of `proof.json`, and everything that the page, the terminal and the card show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from commandline.exit_codes import ExitCode
from loadtest.experiments import repetition
from loadtest.experiments.measurement import Measurement
from loadtest.experiments.models import ExperimentRecord, Outcome, Topology
from loadtest.experiments.observations import Observations
from loadtest.experiments.prediction import Agreement, Prediction
from loadtest.messages.message import Message, msg
from loadtest.models import PerSecondCounts, Record

SCHEMA_VERSION = 1
EXIT_CODES: dict[Outcome, ExitCode] = {
    "survived": ExitCode.SUCCESS,
    "not survived": ExitCode.BROKEN_PROMISE,
    "not shown": ExitCode.NO_VERDICT,
}


class Comparison(Record):
    """One figure of an experiment: predicted beside measured."""

    name: Message
    agreement: Agreement
    explanation: Message | None = None
    """Which assumption was wrong, where they do not agree; else what took longest of a recovery."""


class Entry(Record):
    """One experiment on one stack."""

    record: ExperimentRecord
    number: int = Field(default=1, ge=1)
    """Which one it is of those with the same experiment on the same stack."""
    measured: Measurement | None = None
    """None where the fault was not begun or the load cannot be read."""
    predicted: Prediction | None = None
    comparisons: list[Comparison] = Field(default_factory=list[Comparison])
    series: PerSecondCounts | None = None
    observed: Observations | None = None
    rate: int | None = None
    """Users per second of its load; None where there was no load."""
    load_began_ms: float | None = None
    """Epoch milliseconds of the beginning of the load's first phase; None where there was no load."""

    @property
    def key(self) -> str:
        """A name that no other entry has, for ids of a page and cases of a test suite."""
        return f"{self.record.topology}-{self.name}"

    @property
    def name(self) -> str:
        """The experiment's name, which only one of those with the same stack has."""
        return self.record.experiment + ("" if self.number == 1 else f"-{self.number}")

    @property
    def promised(self) -> bool:
        """Whether the HA stack promises to survive it; all else is there for contrast."""
        return self.record.topology == "ha" and not self.record.contrast

    @property
    def began_ms(self) -> float:
        """Where the entry's time axis begins: with the load, or else with the experiment."""
        return self.load_began_ms if self.load_began_ms is not None else self.record.started_ms

    @property
    def fault_at_s(self) -> float | None:
        """When the fault began, on the load's axis; None if it did not."""
        began = self.record.fault_began_ms
        return None if began is None else round((began - self.began_ms) / 1000, 3)

    @property
    def fault_until_s(self) -> float | None:
        """When it had ended, on the load's axis."""
        ended = self.record.fault_ended_ms
        return None if ended is None else round((ended - self.began_ms) / 1000, 3)


class LeftOut(Record):
    """An experiment that was skipped for lack of time."""

    experiment: str
    topology: Topology


class Proof(Record):
    """Several experiments and the verdict on the HA stack."""

    schema_version: Literal[1] = SCHEMA_VERSION
    generated_at: str
    commit: str | None = None
    """The project's commit, where it is known: for a history of what passed when."""
    outcome: Outcome
    sentence: Message
    speed: float = 1.0
    entries: list[Entry]
    left_out: list[LeftOut] = Field(default_factory=list[LeftOut])
    """What was there for contrast, and not run."""

    @property
    def left_out_messages(self) -> list[Message]:
        """A sentence about what was left out; none without anything."""
        if not self.left_out:
            return []
        names = tuple(
            msg("proof-page.left-out.name", topology=one.topology, experiment=one.experiment)
            for one in self.left_out
        )
        return [msg("proof-page.left-out", names=names)]

    @property
    def repeated(self) -> list[Message]:
        """A sentence about each experiment that was run more than once on a stack."""
        return repetition.sentences(entry.record for entry in self.entries)

    @property
    def exit_code(self) -> int:
        """The exit code of a process with this verdict."""
        return EXIT_CODES[self.outcome]


def slug(outcome: Outcome) -> str:
    """Return an outcome as it is part of a message's id and of a class of the page."""
    return outcome.replace(" ", "-")


def verdict(entries: Sequence[Entry]) -> Outcome:
    """Return the verdict on the HA stack: one experiment that it did not survive decides.

    Others are there for contrast. Without any that it promises to survive, nothing is shown.
    """
    outcomes = {entry.record.outcome for entry in entries if entry.promised}
    if "not survived" in outcomes:
        return "not survived"
    return "survived" if outcomes == {"survived"} else "not shown"


def sentence(entries: Sequence[Entry]) -> Message:
    """Return the verdict as one sentence."""
    on_ha = [entry for entry in entries if entry.promised]
    by_outcome = {
        outcome: [entry for entry in on_ha if entry.record.outcome == outcome]
        for outcome in EXIT_CODES
    }
    lost, unseen = by_outcome["not survived"], by_outcome["not shown"]
    survived = len(by_outcome["survived"])
    if lost:
        return msg("proof-page.not-survived", survived=survived, all=len(on_ha), names=_names(lost))
    if unseen:
        return msg("proof-page.not-shown", survived=survived, all=len(on_ha), names=_names(unseen))
    if not on_ha:
        return msg("proof-page.nothing")
    single = [entry.record for entry in entries if entry.record.topology == "single"]
    if not single:
        return msg("proof-page.survived", n=len(on_ha))
    kept = sum(record.outcome == "survived" for record in single)
    return msg("proof-page.survived-beside", n=len(on_ha), kept=kept, all=len(single))


def _names(entries: Iterable[Entry]) -> tuple[Message, ...]:
    return tuple(msg("value.name", name=entry.name) for entry in entries)
