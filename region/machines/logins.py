"""What /etc/environment tells every login of a machine: `su`, `sudo`, `runuser`, cron.

PAM reads the file (pam_env) after the login has set HOME, USER, SHELL and PATH, and sets whatever it
finds there, for every user alike. On Amazon Linux 2023 it is empty; services have their variables from
the service manager. Here it has only what a login would otherwise lose, because it begins with an empty
environment: that the machine's AWS region is a local one.
"""

from __future__ import annotations

from collections.abc import Mapping

from region.machines.errors import MachineError
from region.machines.root_file_system import RootFileSystem

ENVIRONMENT_FILE = "/etc/environment"


def tell(files: RootFileSystem, variables: Mapping[str, str]) -> None:
    """Append to /etc/environment those of `variables` that it does not set; the rest stays as it is.

    A file that the machine has made unusable stays too: that is its own affair, as on AWS.
    """
    try:
        before = _read(files)
        known = {
            line.removeprefix("export ").partition("=")[0].strip() for line in before.split("\n")
        }
        missing = {name: value for name, value in variables.items() if name not in known}
        if not missing:
            return
        separator = "\n" if before and not before.endswith("\n") else ""
        lines = "".join(f"{name}={value}\n" for name, value in missing.items())
        with files.appending(ENVIRONMENT_FILE) as path, path.open("a", encoding="utf-8") as file:
            file.write(separator + lines)
    except (MachineError, OSError):
        return


def _read(files: RootFileSystem) -> str:
    try:
        return files.read_bytes(ENVIRONMENT_FILE).decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""
