"""The user data of a machine: run at its first boot, and in part at each boot, as cloud-init does.

Whatever becomes of the user data, the instance runs; what failed is in its logs. The order is that
of cloud-init's stages: boot hooks, bootcmd, write_files; packages, deferred files; scripts per boot;
scripts by name. At later boots boot hooks, bootcmd and scripts per boot run, and the others if
`cloud_final_modules` says so (https://docs.cloud-init.io/en/latest/explanation/boot.html).
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from region.machines.accounts import Accounts
from region.machines.cloudinit import config as cloud_config
from region.machines.cloudinit import parts
from region.machines.cloudinit.output import OutputCopy
from region.machines.container.oci import ROOT
from region.machines.errors import BootError, MachineError
from region.machines.inside import write_files
from region.machines.processes import AGENT, Command, ProcessTable, end
from region.machines.root_file_system import RootFileSystem

FAILURE: Final = "user-data-failed"
"""The file in the machine's directory that says how its user data failed; missing if it did not."""

OUTPUT: Final = "/var/log/cloud-init-output.log"
_INSTANCE: Final = "/var/lib/cloud/instance"
_PER_BOOT: Final = "/var/lib/cloud/scripts/per-boot"
_OF_THE_IMAGE: Final = "per-boot-of-image.json"
"""The file in the machine's directory with the names of scripts per boot that its image has: they may be
this computer's own, and do not run."""
_PACKAGE_TOOLS: Final = "for tool in dnf yum apt-get; do command -v $tool >/dev/null && break; done"


@dataclass
class FirstBoot:
    """Runs the user data of one machine.

    Attributes:
        directory: Where the region keeps the machine's logs, and that its user data has run.
        console: Writes a line to the machine's console log.
        timeout: How long user data may run altogether, in seconds.
    """

    files: RootFileSystem
    accounts: Accounts
    processes: ProcessTable
    environment: Callable[[], Mapping[str, str]]
    directory: Path
    console: Callable[[str], None]
    timeout: float
    _problems: list[str] = field(default_factory=list[str])

    def run(self, user_data: bytes) -> None:
        """Run the user data; if it ran before, the part for every boot. Blocks; reports failures.

        Raises:
            MachineError: If the machine is powered off meanwhile.
        """
        marker = self.directory / "user-data-done"
        self._problems.clear()
        found = parts.split(user_data)
        config = cloud_config.parse([part.content for part in found.parts if part.kind == "config"])
        if marker.exists():
            self._boot_again(found.parts, config)
            return
        (self.directory / FAILURE).unlink(missing_ok=True)
        names = self.files.names(_PER_BOOT)
        (self.directory / _OF_THE_IMAGE).write_text(json.dumps(names), encoding="utf-8")
        for note in config.notes:
            self.console(f"cloud-init: {note}")
        for problem in (*found.problems, *config.problems):
            self._fail(problem)
        self._stages(found.parts, config)
        if not self.processes.powered:
            raise BootError("it was powered off while its user data ran.")
        self._finish([*config.notes, *found.problems, *config.problems], bool(user_data.strip()))
        marker.touch()

    def _boot_again(self, found: Sequence[parts.Part], config: cloud_config.CloudConfig) -> None:
        self._start(found, config)
        self._run_per_boot(found)
        if config.repeats_scripts:
            self._run_scripts(found, config)
        if not self.processes.powered:
            raise BootError("it was powered off while its user data ran.")
        if self._problems:
            self._finish((), has_user_data=True)

    def _stages(self, found: Sequence[parts.Part], config: cloud_config.CloudConfig) -> None:
        self._start(found, config)
        self._write([file for file in config.write_files if not file.defer])
        if config.packages:
            names = shlex.join(config.packages)
            text = f"#!/bin/sh\n{_PACKAGE_TOOLS}\n$tool -y install {names}\n"
            self._execute("scripts", "packages", text.encode())
        self._write([file for file in config.write_files if file.defer])
        self._run_per_boot(found)
        self._run_scripts(found, config)

    def _start(self, found: Sequence[parts.Part], config: cloud_config.CloudConfig) -> None:
        for part in found:
            if part.kind == "boothook":
                # Without a `#!` of its own it is executed without its first line.
                rest = part.content.lstrip().partition(b"\n")[2]
                self._execute("boothooks", part.name, rest)
        if config.bootcmd:
            self._execute("scripts", "bootcmd", config.bootcmd.encode())

    def _run_per_boot(self, found: Sequence[parts.Part]) -> None:
        """Run the scripts per boot: those of the user data, and any that were put beside them."""
        own = {part.name: part.content for part in found if part.kind == "per-boot"}
        try:
            for name, text in own.items():
                self._put(f"{_PER_BOOT}/{name}", text.replace(b"\r\n", b"\n"), 0o700)
            left = set(json.loads((self.directory / _OF_THE_IMAGE).read_text(encoding="utf-8")))
            there = [name for name in self.files.names(_PER_BOOT) if name not in left - own.keys()]
            names = [name for name in there if self._may_run(name)]
        except (MachineError, OSError, ValueError) as error:
            self._fail(f"the scripts in {_PER_BOOT} could not be run: {error}")
            return
        for name in names:
            self._execute_file(name, f"{_PER_BOOT}/{name}")

    def _may_run(self, name: str) -> bool:
        """Return whether a file is one that cloud-init runs: it may be executed."""
        try:
            with self.files.reading(f"{_PER_BOOT}/{name}") as descriptor:
                return bool(os.fstat(descriptor).st_mode & 0o111)
        except (MachineError, OSError):
            return False

    def _run_scripts(self, found: Sequence[parts.Part], config: cloud_config.CloudConfig) -> None:
        scripts = {part.name: part.content for part in found if part.kind == "script"}
        if config.runcmd:
            scripts["runcmd"] = config.runcmd.encode()
        for name in sorted(scripts):
            self._execute("scripts", name, scripts[name])

    def _environment(self) -> Mapping[str, str]:
        """Leave out HOME: cloud-init is a service without User=, and systemd gives it none."""
        return {name: value for name, value in self.environment().items() if name != "HOME"}

    def _fail(self, problem: str) -> None:
        self._problems.append(problem)
        self.console(f"cloud-init: {problem}")

    def _write(self, files: Sequence[cloud_config.WriteFile]) -> None:
        for file in files:
            user, _, group = file.owner.partition(":")
            try:
                usual = (user, group) in {("root", "root"), ("root", "")}
                owner = ROOT if usual else self.accounts.user(user, group)
                self._put(
                    file.path, file.content, file.mode, append=file.append, uid=owner.uid,
                    gid=owner.gid,
                )  # fmt: skip
            except MachineError as error:
                self._fail(f"write_files: {error}")
            else:
                self.console(f"cloud-init: wrote {file.path}")

    def _put(self, path: str, content: bytes, mode: int, **more: int | bool) -> None:
        """Write one file of the machine.

        Raises:
            MachineError: If it cannot be written.
        """
        wanted = {
            "path": path, "content": base64.b64encode(content).decode(), "mode": mode, **more
        }  # fmt: skip
        answer = self.files.call(Path(write_files.__file__), {"files": [wanted]})
        if answer["problems"]:
            raise MachineError(" ".join(answer["problems"]))

    def _execute(self, directory: str, name: str, text: bytes) -> None:
        """Run a script as cloud-init does: by name, so that its first line says what runs it."""
        path = f"{_INSTANCE}/{directory}/{name}"
        try:
            if self.processes.powered:
                self._put(path, text.replace(b"\r\n", b"\n"), 0o700)
        except (MachineError, OSError) as error:
            self._fail(f"{name} could not be run: {error}")
        else:
            self._execute_file(name, path)

    def _execute_file(self, name: str, path: str) -> None:
        """Run a program of the machine; `name` stands for it in messages."""
        if not self.processes.powered:
            return
        try:
            self._put(OUTPUT, b"", 0o640, append=True)
            with self.files.appending(OUTPUT) as output:
                self._run(name, path, output)
        except (MachineError, OSError) as error:
            self._fail(f"{name} could not be run: {error}")

    def _run(self, name: str, path: str, output: Path) -> None:
        with OutputCopy(output, self.directory / "log" / "cloud-init.log") as copy:
            process = self.processes.spawn(
                Command(
                    argv=[path],
                    group=AGENT,
                    environment=self._environment(),
                    directory="/",
                    log=output,
                )
            )
            try:
                status: int | None = process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                status = None
                end(process, 0)
        self.processes.confine(AGENT)
        said = copy.text()
        if status is None:
            self.console(f"cloud-init: {name} was ended\n{said}")
            self._fail(f"{name} ran for more than {self.timeout:g} s.")
            return
        self.console(f"cloud-init: {name} ended with status {status}\n{said}")
        if status != 0:
            last = said.strip().splitlines()[-1:] or ["silent"]
            self._fail(f"{name} ended with status {status}: {last[0][:500]}.")

    def _finish(self, messages: Sequence[str], has_user_data: bool) -> None:
        """Leave what cloud-init leaves when it has ended, and say in the console how it did."""
        failed = bool(self._problems)
        result = {"v1": {"datasource": "DataSourceEc2Local", "errors": self._problems}}
        text = "".join(f"cloud-init: {message}\n" for message in messages)
        ended = f"cloud-init: {'failed' if failed else 'finished'}\n" if has_user_data else ""
        with suppress(MachineError):
            self._put(OUTPUT, f"{text}{ended}".encode(), 0o640, append=True)
            self._put("/run/cloud-init/result.json", json.dumps(result, indent=1).encode(), 0o644)
            self._put(f"{_INSTANCE}/boot-finished", b"", 0o644)
        if failed:
            said = " ".join(self._problems)
            (self.directory / FAILURE).write_text(said[:4096], errors="replace")
            self.console(
                f"cloud-init: user data failed: {said[:4096]} The instance runs as it is; all "
                f"output is in its {OUTPUT}."
            )
