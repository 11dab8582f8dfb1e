"""Drives the real Pulumi engine on the project's own program.

The checkout stays as it is: what Pulumi writes beside a project file (the stack's settings with its
encryption salt) goes to a project file below the region's root, whose `main` is the checkout.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from region.environment import process_environment
from region.session import Session
from toolchain import locate, paths

OnLine = Callable[[str], None]

INTERRUPT_GRACE_S = 20.0
"""After a Ctrl-C the engine gets this long to write its state and go."""


class EngineError(Exception):
    """A Pulumi command failed; the message holds its last lines."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class Project:
    """The program of a checkout, on one region."""

    session: Session
    root: Path
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added to the environment of every Pulumi command."""

    @property
    def directory(self) -> Path:
        """Where Pulumi finds the project file and the stacks' settings."""
        return self.root / "project"

    def prepare(self, stack: str, overrides: Mapping[str, str]) -> None:
        """Writes project file and settings, and makes sure that the stack exists.

        `overrides` are settings of the namespace `haproof` that win over `Pulumi.<stack>.yaml`.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.root / "pulumi").mkdir(parents=True, exist_ok=True)
        self._write_project()
        salt = self._read(self.directory / f"Pulumi.{stack}.yaml").get("encryptionsalt")
        settings = self._read(paths.ROOT / f"Pulumi.{stack}.yaml")
        config = settings.setdefault("config", {})
        config.update({f"haproof:{key}": value for key, value in overrides.items()})
        config["aws:region"] = self.session.region
        if salt:
            settings["encryptionsalt"] = salt
        target = self.directory / f"Pulumi.{stack}.yaml"
        target.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        self._run(["stack", "select", "--create", "--stack", stack])

    def _write_project(self) -> None:
        project = self._read(paths.ROOT / "Pulumi.yaml")
        project["main"] = str(os.path.relpath(paths.ROOT, self.directory)) + "/"
        options = {"virtualenv": str(paths.VENV)}
        project["runtime"] = {"name": "python", "options": options}
        text = yaml.safe_dump(project, sort_keys=False)
        (self.directory / "Pulumi.yaml").write_text(text, encoding="utf-8")

    @staticmethod
    def _read(file: Path) -> dict[str, Any]:
        if not file.exists():
            return {}
        return yaml.safe_load(file.read_text(encoding="utf-8")) or {}

    def up(self, stack: str, on_line: OnLine | None = None) -> None:
        """Preview and update, both under the policy pack."""
        self._run(
            ["up", "--stack", stack, "--yes", *self._pack(), "--suppress-outputs"], on_line=on_line
        )

    def preview(
        self,
        stack: str,
        on_line: OnLine | None = None,
        *,
        pack: bool = True,
        events: Path | None = None,
    ) -> None:
        """Preview, under the policy pack unless `pack` is False.

        `events` is a file to which the engine writes its events, one JSON object a line.
        """
        arguments = ["preview", "--stack", stack, *(self._pack() if pack else [])]
        variables: dict[str, str] = {}
        if events is not None:
            events.parent.mkdir(parents=True, exist_ok=True)
            arguments += ["--event-log", str(events)]
            # Without it the engine refuses the option.
            variables["PULUMI_DEBUG_COMMANDS"] = "true"
        self._run(arguments, on_line=on_line, variables=variables)

    def destroy(self, stack: str, on_line: OnLine | None = None) -> None:
        """Deletes every resource of the stack."""
        self._run(["destroy", "--stack", stack, "--yes"], on_line=on_line)

    def cancel(self, stack: str) -> None:
        """Frees the stack of the lock that a killed engine left."""
        self._run(["cancel", "--stack", stack, "--yes"])

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs."""
        return json.loads(self._run(["stack", "output", "--json", "--stack", stack]))

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """The resources in the stack's state; empty if the stack does not exist."""
        try:
            state = json.loads(self._run(["stack", "export", "--stack", stack]))
        except EngineError:
            return []
        return state["deployment"].get("resources") or []

    @staticmethod
    def _pack() -> list[str]:
        return ["--policy-pack", str(paths.ROOT / "policies")]

    def _run(
        self,
        arguments: list[str],
        on_line: OnLine | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        command = [str(locate.pulumi()), *arguments, "--non-interactive"]
        process = subprocess.Popen(
            [*command, "--color", "never"],
            cwd=self.directory,
            env={
                **process_environment(self.session, self.root),
                **self.variables,
                **(variables or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C must not reach the engine twice: it treats the second as "stop at once".
            start_new_session=True,
        )
        lines: list[str] = []
        try:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if on_line:
                    on_line(lines[-1])
            code = process.wait()
        finally:
            _end(process)
        if code:
            tail = "\n".join(line for line in lines if line.strip())[-6000:]
            raise EngineError(f"pulumi {arguments[0]} failed (exit {code}):\n{tail}", code)
        return "\n".join(lines)


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the engine and all that it started: first politely, so that it writes its state."""
    if process.poll() is not None:
        return
    # Plugins, the program and what its hook started are in process groups of their own.
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(INTERRUPT_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _, alive = psutil.wait_procs(family, timeout=1)
    for child in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    _, stubborn = psutil.wait_procs(alive, timeout=INTERRUPT_GRACE_S)
    for child in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
