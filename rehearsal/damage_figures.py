"""The measured damage of broken policies: `docs/damage.json`, and its wording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from commandline.errors import UserError
from loadtest.experiments.models import Outcome
from loadtest.experiments.proof.models import Entry
from loadtest.formatting import percent
from loadtest.runs import paths as runs_paths
from toolchain import paths

FILE: Final = paths.ROOT / "docs" / "damage.json"


class Side(BaseModel):
    """What an experiment did to the users of one stack."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Outcome
    failed: int
    failed_share: float
    """Of the requests from the fault's beginning on; where nothing fails, from the look's."""
    recovery_s: float | None
    """None: it did not recover while it was watched."""


class Damage(BaseModel):
    """One rule: the same experiment on the intact stack and on one that breaks the rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    what: str
    date: str
    intact: Side
    broken: Side
    finding: str = ""
    """Why it does no damage, where that is known."""

    @property
    def inconclusive(self) -> bool:
        """Whether one of the two runs showed nothing, so that they cannot be compared."""
        return "not shown" in {self.intact.outcome, self.broken.outcome}

    @property
    def shown(self) -> bool:
        """Whether breaking the rule did damage: users or recovery fared worse."""
        intact, broken = self.intact, self.broken
        if intact.outcome == "survived" and broken.outcome == "not survived":
            return True
        return broken.failed > 2 * intact.failed + 10


def side(found: Entry) -> Side:
    """Return an experiment's figures."""
    measured = found.measured
    requests, failed = (measured.requests, measured.failed) if measured else (0, 0)
    return Side(
        outcome=found.record.outcome,
        failed=failed,
        failed_share=round(failed / requests, 4) if requests else 0.0,
        recovery_s=found.record.recovery_measured_s,
    )


def sentence(rule: str, found: Damage) -> str:
    """Say what breaking the rule does; "no damage" is a finding as well, "inconclusive" is not."""
    if found.inconclusive or not found.shown:
        result = "inconclusive" if found.inconclusive else "no damage"
        return (
            f"Without `{rule}` ({found.what}): {result} in `{found.experiment}` "
            f"({_figures(found.broken)}; intact: {_figures(found.intact)})"
            + (f"; {found.finding}" if found.finding else "")
        )
    return (
        f"Without `{rule}` ({found.what}), `{found.experiment}`: {_figures(found.broken)}; "
        f"intact: {_figures(found.intact)}"
    )


def _figures(one: Side) -> str:
    if one.recovery_s is None:
        back = "not recovered"
    else:
        back = (
            f"recovered after {one.recovery_s:.0f} s" if one.recovery_s else "steady all the time"
        )
    failed = f"{one.failed:,} requests failed ({percent(one.failed_share)})"
    return f"{one.outcome}, {failed}, {back}"


def load(file: Path = FILE) -> dict[str, Damage]:
    """Return what is known, by rule; nothing without a file.

    Raises:
        UserError: the file is broken.
    """
    if not file.exists():
        return {}
    try:
        content: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return {rule: Damage.model_validate(found) for rule, found in content.items()}
    except (ValueError, AttributeError) as error:
        raise UserError(f"{file} cannot be read: {error}; remove it and measure again") from error


def save(found: Mapping[str, Damage], file: Path = FILE) -> None:
    """Write all figures, in the order of their rules."""
    content = {rule: found[rule].model_dump(mode="json") for rule in sorted(found)}
    runs_paths.write_json(file, content)
