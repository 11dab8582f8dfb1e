"""What a policy is worth: the same experiment with the rule kept and broken, and the difference.

`python -m rehearsal damage` writes the figures with their date into `docs/damage.json`, from which the
policies' catalogue takes them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from commandline.errors import UserError
from commandline.exit_codes import ExitCode
from loadtest.experiments import files, models
from loadtest.profiles import profile_named
from loadtest.stack import outputs as stack_outputs
from rehearsal import display
from rehearsal.breaks import BREAKS, Break
from rehearsal.damage_figures import FILE, Damage, Side, load, save, sentence, side
from rehearsal.experiments import Applicable, Runner
from rehearsal.prove import Proving
from rehearsal.region_clients import RegionClients

STACK: Literal["ha"] = "ha"


def chosen(rules: Sequence[str]) -> list[Break]:
    """Return the breaks of these rules, of all without any; those without an experiment are left out.

    Raises:
        UserError: a rule has no break.
    """
    known = {one.rule: one for one in BREAKS if one.experiment in files.names()}
    for rule in rules:
        if rule not in known:
            raise UserError(f"rule {rule!r} cannot be broken here; choose of {', '.join(known)}")
    return [known[rule] for rule in rules or known]


@dataclass
class Damaging:
    """One measurement of the damage: which rules, and the rehearsal that brings the stack up."""

    proving: Proving
    breaks: Sequence[Break]
    file: Path = FILE

    def run(self) -> int:
        """Measure, print and save each; 3 if something was not shown, 0 otherwise.

        Raises:
            UserError: as `Rehearsal.run`.
        """
        profile = profile_named(self.proving.load)
        made = self.proving.prepared_rehearsal([STACK])
        complete = True
        with made.prepared(profile) as project:
            self.proving.bring_up(made, project, [STACK])
            runner = Runner(project, made.results, profile.peak_rate)
            intact: dict[str, Side] = {}
            for one in self.breaks:
                outputs = stack_outputs.parse(json.dumps(project.outputs(STACK)), "the stack")
                if one.experiment not in intact:
                    intact[one.experiment] = self._run(made.console, runner, one, "intact")
                mend = one.apply(RegionClients(project), outputs)
                try:
                    broken = self._run(made.console, runner, one, f"without {one.rule}")
                finally:
                    mend()
                found = Damage(
                    experiment=one.experiment,
                    what=one.what,
                    date=f"{datetime.now(UTC):%Y-%m-%d}",
                    intact=intact[one.experiment],
                    broken=broken,
                )
                made.console.print(sentence(one.rule, found), highlight=False, markup=False)
                if "not shown" in {found.intact.outcome, found.broken.outcome}:
                    complete = False
                    continue
                save({**load(self.file), one.rule: found}, self.file)
        return ExitCode.SUCCESS if complete else ExitCode.NO_VERDICT

    @staticmethod
    def _run(console: Any, runner: Runner, one: Break, how: str) -> Side:
        wanted = Applicable(files.find(one.experiment), STACK)
        with display.stage(console, f"{one.experiment}: {how}") as progress:
            record = models.load(runner.run(wanted, progress))
        assert record is not None  # noqa: S101 - `run` leaves one
        return side(record)
