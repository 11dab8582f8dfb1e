"""What a policy is worth: the same experiment with the rule kept and with it broken, and the difference.

`python -m rehearsal damage` writes the figures with their date into `docs/damage.json`, from which the
policies' catalogue takes them. An experiment and all policies that it guards against share one load and
one run on the intact stack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Literal

from rich.console import Console

from commandline.errors import UserError
from commandline.exit_codes import ExitCode
from loadtest.experiments import faults, files, kinds, load
from loadtest.experiments.proof import assemble
from rehearsal import damage_figures, damage_files, display, settling
from rehearsal.breaks import BREAKS, Break
from rehearsal.damage_figures import FILE, Damage, Side, sentence, side
from rehearsal.experiments import Applicable, Runner
from rehearsal.prove import ProofRun
from rehearsal.pulumi_project import Project
from rehearsal.region_clients import RegionClients

STACK: Literal["ha"] = "ha"


def chosen(rules: Sequence[str]) -> list[Break]:
    """Return the breaks of these rules, of all without any; those without an experiment are left out.

    Raises:
        UserError: some of the rules have no break.
    """
    known = {one.rule: one for one in BREAKS if damage_files.exists(one.experiment)}
    if wrong := [rule for rule in dict.fromkeys(rules) if rule not in known]:
        raise UserError(
            f"rule {', '.join(map(repr, wrong))} cannot be broken here; choose of {', '.join(known)}"
        )
    wanted = set(rules or known)
    return [one for rule, one in known.items() if rule in wanted]


def plan_of(breaks: Sequence[Break], known: Mapping[str, Damage]) -> list[str]:
    """Return what would be measured, a line each; `known` are the figures that there are."""
    lines = list[str]()
    for name, ones in groupby(breaks, key=lambda one: one.experiment):
        title = damage_files.find(name).title
        lines.append(f"{name} ({title}), on the intact stack, then with each of these broken:")
        for one in ones:
            found = known.get(one.rule)
            before = "not measured yet"
            if found is not None:
                before = f"{found.broken.outcome} on {found.date}"
                before += "" if found.experiment == name else f", with {found.experiment}"
            lines.append(f"  {one.rule}: {one.what} ({before})")
    return lines


@dataclass
class DamageMeasurement:
    """One measurement of the damage: which rules, and the proof whose stack it breaks."""

    proof_run: ProofRun
    breaks: Sequence[Break]
    rate: int
    """Users per second."""
    file: Path = FILE

    def run(self) -> int:
        """Measure, print and save each; 3 if something was not shown, 0 otherwise.

        Raises:
            UserError: as `Testbed.prepared`.
        """
        testbed = self.proof_run.testbed_for([STACK])
        complete = True
        testbed.require()
        with testbed.prepared(load.hold(self.rate, 1.0)) as project:
            if not project.outputs(STACK):
                self.proof_run.bring_up(testbed, project, [STACK])
            runner = Runner(project, testbed.results, self.rate)
            for experiment, breaks in groupby(self.breaks, key=lambda one: one.experiment):
                complete &= self._show(testbed.console, project, runner, experiment, list(breaks))
        return ExitCode.SUCCESS if complete else ExitCode.NO_VERDICT

    def _show(
        self,
        console: Console,
        project: Project,
        runner: Runner,
        experiment: str,
        breaks: Sequence[Break],
    ) -> bool:
        """Run one experiment on the intact stack and with each rule broken; return whether all showed."""
        found = self._sides(console, project, runner, experiment, breaks)
        intact = found[damage_files.INTACT]
        complete = True
        for one in breaks:
            damage = Damage(
                experiment=experiment,
                what=one.what,
                date=f"{datetime.now(UTC):%Y-%m-%d}",
                intact=intact,
                broken=found[one.rule],
                finding=one.harmless,
            )
            console.print(sentence(one.rule, damage), highlight=False, markup=False)
            if damage.inconclusive:
                complete = False
            else:
                known = damage_figures.load(self.file)
                damage_figures.save({**known, one.rule: damage}, self.file)
        return complete

    @staticmethod
    def _sides(
        console: Console,
        project: Project,
        runner: Runner,
        experiment: str,
        breaks: Sequence[Break],
    ) -> Mapping[str, Side]:
        """Return what users had of it on the intact stack, and by rule on the broken one."""
        original = damage_files.find(experiment)
        cases: list[Break | None] = [None, *breaks]
        directory = project.root / "experiments"
        written = [damage_files.write(original, one, directory) for one in cases]
        wanted = [Applicable(files.read(path), STACK) for path in written]
        with display.stage(console, f"{experiment}: intact, then {len(breaks)} broken") as progress:
            if faults.grace_matters(kinds.of_file(original.raw)):
                outputs, speed = runner.outputs(STACK), project.session.speed
                settling.outlast_grace(outputs, RegionClients(project), speed, progress.tell)
            entries = map(assemble.entry, runner.run_files(wanted, written, progress))
            names = [one.rule if one else damage_files.INTACT for one in cases]
            return dict(zip(names, map(side, entries), strict=True))
