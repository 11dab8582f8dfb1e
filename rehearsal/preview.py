"""Previews of both stacks under the policy pack, on a region of their own, and the policy report."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from region import background
from region.session import Session
from rehearsal import display, policy_report
from rehearsal.policy_report import MANDATORY, Rule, StackReport
from rehearsal.project import EngineError, Project
from toolchain import paths

STACKS = ("single", "ha")
KEPT, VIOLATED, FAILED = 0, 2, 4
"""Exit codes: no mandatory violation, at least one, a preview that failed for another reason."""

POLICIES = paths.ROOT / "policies"
SETTINGS: Mapping[str, str] = {"loadProfile": "none", "appPath": str(paths.REVISION)}


@dataclass
class Previews:
    """Both previews: where, and `run`. The root is the region's own: no other region is touched."""

    root: Path
    summary: Path | None = None
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    console: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True))

    def run(self) -> int:
        """Runs them; returns the exit code. The report is written also when a preview fails.

        Raises:
            BackgroundError, SessionError: the region did not start.
        """
        rules = known_rules()
        with self._region() as found:
            reports = [self._preview(Project(found, self.root), stack) for stack in STACKS]
        text = policy_report.render(
            reports,
            rules,
            f"Previewed on the local region ({found.region}): no AWS account, no Pulumi account, "
            f"{len(rules)} rules.",
        )
        if self.summary is None:
            print(text, end="")
        else:
            self.summary.parent.mkdir(parents=True, exist_ok=True)
            self.summary.write_text(text, encoding="utf-8")
            self.console.print(f"policy report: {self.summary}", highlight=False)
        for report in reports:
            self._tell(report)
        return exit_code(reports)

    @contextmanager
    def _region(self) -> Generator[Session]:
        with display.stage(self.console, "start a local region"):
            found = background.launch(self.root, [])
        try:
            yield found
        finally:
            with display.stage(self.console, "stop the local region"):
                background.stop(found)

    def _preview(self, project: Project, stack: str) -> StackReport:
        events = self.root / "log" / f"preview-{stack}.jsonl"
        events.unlink(missing_ok=True)
        failed: str | None = None
        with display.stage(self.console, f"{stack}: pulumi preview with the policy pack"):
            try:
                project.prepare(stack, self.settings)
                project.preview(stack, events=events)
            except EngineError as error:
                failed = str(error)
        text = events.read_text(encoding="utf-8") if events.exists() else ""
        report = policy_report.read_events(text.splitlines(), stack, failed)
        # The engine ends badly for a mandatory violation too: that is no failure of its own.
        return replace(report, failed=None) if report.of_level(MANDATORY) else report

    def _tell(self, report: StackReport) -> None:
        for finding in report.findings:
            place = finding.resource or "the stack"
            self.console.print(
                f"{report.stack}: {finding.level} {finding.rule} ({place}): {finding.what}",
                style="red" if finding.level == MANDATORY else None,
                highlight=False,
                markup=False,
            )
        if report.failed is not None:
            self.console.print(
                f"{report.stack}: {report.failed}", style="red", highlight=False, markup=False
            )


def exit_code(reports: list[StackReport]) -> int:
    """The worst of the reports: a preview that failed says nothing about the rules."""
    if any(report.failed is not None for report in reports):
        return FAILED
    return VIOLATED if any(report.of_level(MANDATORY) for report in reports) else KEPT


def known_rules() -> tuple[Rule, ...]:
    """Every rule of the pack, asked of the pack itself.

    Raises:
        EngineError: the pack cannot be read.
    """
    # A process of its own: the rehearsal knows policies only by what they print.
    done = subprocess.run(
        [sys.executable, "-m", "guardrails"],
        cwd=POLICIES,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise EngineError(f"the policy pack in {POLICIES} cannot be read: {last}", FAILED)
    return policy_report.read_rules(done.stdout)
