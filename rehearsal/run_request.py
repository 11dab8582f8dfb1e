"""The request of `python -m rehearsal run`, validated as a whole before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commandline.findings import Findings
from loadspec.phases import Word
from loadspec.setting import NONE
from loadtest.cli.load_request import choose_generator
from loadtest.cli.options import slo_file
from loadtest.scenario import scenario
from loadtest.scenario.scenario import Choice
from region.start_options import StartOptions
from rehearsal import load_choice
from rehearsal.run import Rehearsal
from rehearsal.testbed import Testbed


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """The options of the command.

    Attributes:
        profile: The load profile's name, if one is named.
        words: The phases of the load, if they are written out.
        choice: What each user does.
        generator: The load generator's name; None for that of the environment.
        slo: The file with the promise; None for that of the environment.
        config: Settings of the stacks, each as KEY=VALUE.
        image: The images of instances, as `--image` names them.
        region: How the region is started, but for its images.
    """

    root: Path
    results: Path
    keep: bool
    revision: Path
    experiments: bool
    profile: str | None
    words: Sequence[Word]
    choice: Choice
    generator: str | None
    slo: Path | None
    config: Sequence[str]
    image: Sequence[str] | None
    region: StartOptions

    def checked(self, findings: Findings) -> Rehearsal:
        """Return the rehearsal; `findings` has what was wrong before all of it was put together.

        Raises:
            UserError: Some of it is wrong; the message has all that is.
            UsageError: One of the options is, and nothing else.
        """
        findings.of(scenario.require_exported, sorted(self.choice.pass_env))
        load = findings.of(load_choice.setting_of, self.profile, self.words, self.choice)
        generator = findings.of(choose_generator, self.generator)
        promise = findings.of(slo_file, self.slo)
        testbed = Testbed(
            root=self.root,
            results=self.results,
            load=load.otherwise(NONE),
            keep=self.keep,
            revision=self.revision,
            region=self.region,
        ).with_inputs(findings, self.config, self.image)
        if findings:
            # Then all that is wrong with what the user brings, and nothing is made for it.
            findings.of(scenario.load, choice=self.choice)
            testbed.look_at_inputs(findings)
        findings.report()
        return Rehearsal(testbed, self.choice, generator.value, promise.value, self.experiments)
