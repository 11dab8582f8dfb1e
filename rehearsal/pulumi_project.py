"""Drives the real Pulumi engine on the project's own program.

The checkout stays as it is: what Pulumi writes next to a project file (the stack's settings with its
encryption salt) goes to a project file below the region's root, whose `main` is the checkout.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Generator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from commandline.errors import UserError
from region import private
from region.environment import process_environment
from region.session import Session
from rehearsal import foreign_settings, yaml_file
from rehearsal.causes import causes, described
from rehearsal.engine_events import (
    VARIABLES,
    Event,
    Message,
    OnEvent,
    PolicyViolation,
    event_stream,
)
from rehearsal.processes import Processes
from toolchain import locate, paths

STACKS = ("single", "ha")
"""The stacks of the experiment: the baseline first."""

STACK_TYPE = "pulumi:pulumi:Stack"
"""The type of the stack itself among its resources: it is there as soon as anything was tried."""


def _ignore(_: Event) -> None:
    """Let the engine report what it does: the causes of a failure are taken from that."""


class EngineError(UserError):
    """A Pulumi command failed; the message has the cause, and the file with the whole output."""


class OtherProgram(Protocol):
    """Where a program that is not this checkout's has its files."""

    @property
    def project(self) -> Path:
        """Its project file."""
        ...

    @property
    def settings(self) -> Mapping[str, Path]:
        """The settings file of each stack that has one."""
        ...

    @property
    def sources(self) -> Sequence[Path]:
        """Where packages of its own are."""
        ...


@dataclass(frozen=True)
class Project:
    """The program of a checkout, on one region."""

    session: Session
    root: Path
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added to the environment of every Pulumi command."""
    processes: Processes = field(default_factory=Processes)
    """The commands that run, so that another thread can end them."""
    program: OtherProgram | None = None
    """Another program than this checkout's."""

    @property
    def directory(self) -> Path:
        """Where Pulumi finds the project file and the stacks' settings."""
        return self.root / "project"

    def prepare(self, stack: str, overrides: Mapping[str, str]) -> None:
        """Write the project file and the settings, and create the stack if it does not exist.

        `overrides` are settings of the namespace `haproof` that take precedence over
        `Pulumi.<stack>.yaml`.
        """
        private.directory(self.directory)
        private.directory(self.root / "pulumi")
        self._write_project()
        salt = self._read(self.directory / f"Pulumi.{stack}.yaml").get("encryptionsalt")
        own = self._settings_file(stack)
        settings = self._read(own)
        if self.program:
            settings = foreign_settings.portable(settings, own.name).settings
        config = settings["config"] = yaml_file.config(settings, own)
        config.update({f"haproof:{key}": value for key, value in overrides.items()})
        config["aws:region"] = self.session.region
        if salt:
            settings["encryptionsalt"] = salt
        target = self.directory / f"Pulumi.{stack}.yaml"
        target.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        self._run(["stack", "select", "--create", "--stack", stack])

    @property
    def _project_file(self) -> Path:
        return self.program.project if self.program else paths.ROOT / "Pulumi.yaml"

    def _settings_file(self, stack: str) -> Path:
        usual = self._project_file.with_name(f"Pulumi.{stack}.yaml")
        return self.program.settings.get(stack, usual) if self.program else usual

    def _write_project(self) -> None:
        project = self._read(self._project_file)
        main = self._project_file.parent / str(project.get("main") or "")
        project["main"] = str(os.path.relpath(main, self.directory)) + (
            "/" if main.is_dir() else ""
        )
        # Where its author keeps states and settings; `config` is one if it is a text, as it once was.
        for elsewhere in ("backend", "stackConfigDir"):
            project.pop(elsewhere, None)
        if isinstance(project.get("config"), str):
            del project["config"]
        if self.program:
            project = foreign_settings.without_secret_types(project)
        options = {"virtualenv": str(paths.VENV)}
        project["runtime"] = {"name": "python", "options": options}
        text = yaml.safe_dump(project, sort_keys=False)
        (self.directory / "Pulumi.yaml").write_text(text, encoding="utf-8")

    @staticmethod
    def _read(file: Path) -> dict[str, Any]:
        if not file.exists():
            return {}
        return yaml_file.read(file)

    def up(self, stack: str, on_event: OnEvent = _ignore) -> None:
        """Preview and update, both under the policy pack."""
        arguments = ["up", "--stack", stack, "--yes", *_pack(), "--suppress-outputs"]
        self._run(arguments, on_event)

    def preview(self, stack: str, on_event: OnEvent = _ignore, *, pack: bool = True) -> None:
        """Preview, under the policy pack unless `pack` is False."""
        arguments = ["preview", "--stack", stack, *(_pack() if pack else ()), "--suppress-outputs"]
        self._run(arguments, on_event)

    def destroy(self, stack: str, on_event: OnEvent = _ignore) -> None:
        """Delete every resource of the stack."""
        self._run(["destroy", "--stack", stack, "--yes"], on_event)

    def cancel(self, stack: str) -> None:
        """Remove the lock that a killed engine left on the stack."""
        self._run(["cancel", "--stack", stack, "--yes"])

    def outputs(self, stack: str) -> dict[str, Any]:
        """Return the stack's outputs."""
        return json.loads(self._run(["stack", "output", "--json", "--stack", stack]))

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """Return the resources in the stack's state; none if the stack does not exist."""
        try:
            state = json.loads(self._run(["stack", "export", "--stack", stack]))
        except EngineError:
            return []
        return state["deployment"].get("resources") or []

    def _run(self, arguments: Sequence[str], on_event: OnEvent | None = None) -> str:
        """Run a Pulumi command and return what it printed; `on_event` gets the engine's events.

        Raises:
            EngineError: the command failed.
        """
        reported: list[Event] = []
        if on_event is None:
            with self._started(arguments, {}) as process:
                printed, _ = process.communicate()
        else:
            with (
                event_stream() as stream,
                futures.ThreadPoolExecutor(1) as reader,
                # Last, so that the engine is ended before the reader of its output is waited for.
                self._started([*arguments, *stream.arguments], VARIABLES) as process,
            ):
                # All the time: the engine must not block on a full pipe.
                output = reader.submit(process.communicate)
                output.add_done_callback(lambda _: stream.wake())
                for event in stream.follow(output.done):
                    if isinstance(event, Message | PolicyViolation):
                        reported.append(event)
                    on_event(event)
                printed, _ = output.result()
        if process.returncode:
            stack = arguments[arguments.index("--stack") + 1]
            log = self._keep_output(arguments[0], stack, printed)
            raise EngineError(
                f"{stack}: pulumi {arguments[0]} failed (exit {process.returncode}): "
                f"{described(causes(reported), printed)}\nIts whole output: {log}"
            )
        return printed

    def _keep_output(self, command: str, stack: str, printed: str) -> Path:
        """Write what a command on a stack printed to a file, and return that."""
        log = private.directory(self.root / "log") / f"pulumi-{command}-{stack}.log"
        private.write(log, printed)
        return log

    @contextlib.contextmanager
    def _started(
        self, arguments: Sequence[str], variables: Mapping[str, str]
    ) -> Generator[subprocess.Popen[str]]:
        """Start a Pulumi command, and end it if it is still running on the way out."""
        command = [str(locate.pulumi()), *arguments, "--non-interactive", "--color", "never"]
        with self.processes.started(
            command,
            cwd=self.directory,
            env={**self.environment(), **variables},
            stdin=subprocess.DEVNULL,
        ) as process:
            yield process

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a process that works on the project."""
        # A provider that is not here is told, and not looked for on the Internet.
        local = {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
        found = {**process_environment(self.session, self.root), **local, **self.variables}
        if self.program and self.program.sources:
            # Behind everything else: a package of theirs must not hide one of this project's.
            theirs = map(str, self.program.sources)
            found["PYTHONPATH"] = os.pathsep.join(filter(None, [found.get("PYTHONPATH"), *theirs]))
        return found


def _pack() -> tuple[str, str]:
    return ("--policy-pack", str(paths.ROOT / "policies"))
