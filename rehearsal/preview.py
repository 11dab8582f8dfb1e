"""Previews of both stacks under the policy pack, on a region of their own, and the policy report."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from commandline import disk
from commandline.exit_codes import ExitCode
from commandline.findings import Findings
from commandline.run import UsageError
from region import background
from region.session import Session
from rehearsal import display, other_program, own_programs, policy_report
from rehearsal.engine_events import Event
from rehearsal.other_program import Program
from rehearsal.policy_report import LEVELS, MANDATORY, Rule, StackReport
from rehearsal.pulumi_project import STACKS, EngineError, Project
from toolchain import paths

POLICIES = paths.ROOT / "policies"
SETTINGS: Mapping[str, str] = {"loadProfile": "none", "appPath": str(paths.REVISION)}


@dataclass
class Previews:
    """Previews both stacks on a region of their own in `root`: no other region is touched."""

    root: Path
    summary: Path | None = None
    json_file: Path | None = None
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    program: Program | None = None
    """Another program than this checkout's."""
    console: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True))

    def run(self) -> int:
        """Run both and return the exit code. The report is written even if a preview fails.

        Raises:
            BackgroundError: the region did not start.
            SessionError: another region runs in `root`.
        """
        rules = known_rules()
        for note in self.program.notes() if self.program else ():
            self.console.print(note, style="yellow", highlight=False, markup=False)
        with self._region() as found:
            project = Project(found, self.root, program=self.program)
            reports = [self._preview(project, stack) for stack in self._stacks]
        text = policy_report.render(
            reports,
            rules,
            f"Previewed on the local region ({found.region}): no AWS account, no Pulumi account, "
            f"{len(rules)} rules.",
        )
        # Markdown is for files and pipes; a person reads the same below, in words.
        person_reads = self.summary is None and sys.stdout.isatty()
        if person_reads:
            self.console = Console()
        elif self.summary is None:
            print(text, end="")
        else:
            self.summary.parent.mkdir(parents=True, exist_ok=True)
            self.summary.write_text(text, encoding="utf-8")
            self.console.print(f"policy report: {self.summary}", highlight=False)
        if self.json_file is not None:
            self.json_file.parent.mkdir(parents=True, exist_ok=True)
            self.json_file.write_text(policy_report.as_json(reports, rules), encoding="utf-8")
        for report in reports:
            self._show(report, remedies=person_reads)
        return exit_code(reports)

    @property
    def _stacks(self) -> tuple[str, ...]:
        return self.program.stacks if self.program else STACKS

    @contextmanager
    def _region(self) -> Generator[Session]:
        with display.stage(self.console, "start a local region"):
            region = self.program.region if self.program else None
            arguments = ["--region", region] if region else []
            # What another program uses beyond the region is no matter of the policies.
            arguments += ["--preview-only"] if self.program else []
            found = background.launch(self.root, arguments)
        try:
            yield found
        finally:
            with display.stage(self.console, "stop the local region"):
                background.stop(found)

    def _preview(self, project: Project, stack: str) -> StackReport:
        events: list[Event] = []
        failed: str | None = None
        title = f"{stack}: pulumi preview with the policy pack"
        with display.stage(self.console, title) as progress:

            def follow(event: Event) -> None:
                events.append(event)
                if not policy_report.is_summary(event):  # it is what the command ends with
                    progress(event)

            try:
                project.prepare(stack, {} if self.program else self.settings)
                project.preview(stack, follow)
            except EngineError as error:
                progress.ending = display.FAILED
                failed = other_program.explained(str(error)) if self.program else str(error)
        return policy_report.read_events(events, stack, failed)

    def _show(self, report: StackReport, *, remedies: bool) -> None:
        findings = [one for level in LEVELS for one in report.of_level(level)]
        for finding in findings:
            place = finding.resource or "the stack"
            self._print(
                f"{report.stack}: {finding.level} {finding.rule} ({place}): {finding.problem}",
                "red" if finding.level == MANDATORY else None,
            )
            if remedies and finding.remedy:
                self._print(f"  {policy_report.REMEDY_MARK.strip()} {finding.remedy}")
        for line in report.summary:
            self._print(f"{report.stack}: {line}")
        if not report.complete:
            self._print(f"{report.stack}: the rules about the stack as a whole have not run", "red")
        if report.failed is not None:
            self._print(report.failed, "red")

    def _print(self, text: str, style: str | None = None) -> None:
        self.console.print(text, style=style, highlight=False, markup=False)


def looked_at(
    directory: Path | None, stacks: Sequence[str], reports: Sequence[Path]
) -> Program | None:
    """Return the program of a directory, if there is one; require files that reports can be written to.

    Raises:
        UserError: Some of it is wrong; the message has all that is.
        UsageError: `stacks` are named, and nothing else is wrong than that there is no program.
    """
    findings = Findings()
    found = findings.of(_program, directory, tuple(stacks))
    for file in reports:
        findings.of(disk.require_writable, file)
    findings.report()
    return found.value


def _program(directory: Path | None, stacks: tuple[str, ...]) -> Program | None:
    if stacks and directory is None:
        raise UsageError("--stack goes with --program: both stacks of this project are previewed")
    return other_program.find(directory, stacks) if directory else None


def exit_code(reports: list[StackReport]) -> int:
    """Return the worst of the reports: a preview that failed says nothing about the rules.

    A mandatory violation is a broken promise: the stack is not what it claims to be.
    """
    if any(report.failed is not None for report in reports):
        return ExitCode.FAILURE
    if any(report.of_level(MANDATORY) for report in reports):
        return ExitCode.BROKEN_PROMISE
    return ExitCode.SUCCESS


def known_rules() -> tuple[Rule, ...]:
    """Return every rule of the pack, as the pack itself lists them.

    Raises:
        EngineError: the pack cannot be read.
    """
    # In a process of its own: the rehearsal imports nothing of the pack.
    printed = own_programs.output(
        ["guardrails"],
        error=EngineError,
        failure=f"the policy pack in {POLICIES} cannot be read",
        variables={"PYTHONPATH": str(POLICIES)},
    )
    return policy_report.read_rules(printed)
