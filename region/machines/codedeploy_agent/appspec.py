"""The revision's appspec.yml on a machine. What it means is defined in the package `appspec`."""

from __future__ import annotations

from typing import Final

from appspec import AppSpec, FileExistsBehavior, read
from region.machines.errors import AppSpecError
from region.machines.root_file_system import RootFileSystem

__all__ = ["FILE_NAME", "AppSpec", "FileExistsBehavior", "load", "parse"]

FILE_NAME: Final = "appspec.yml"
_OTHER_NAME: Final = "appspec.yaml"


def parse(text: str) -> AppSpec:
    """Parse the text of an appspec.yml.

    Raises:
        AppSpecError: If the agent rejects it; the message is the first error, with its line.
    """
    reading = read(text)
    if reading.spec is None:
        raise AppSpecError(reading.errors[0].at(FILE_NAME))
    return reading.spec


def load(files: RootFileSystem, archive: str) -> AppSpec:
    """Read the appspec at the root of the unpacked revision `archive`, a path of the machine.

    The agent's hooks look for `appspec.yml` only (hook_executor.rb, `parse_app_spec`; its Install
    event would also take `appspec.yaml`, but BeforeInstall has failed by then).

    Raises:
        AppSpecError: If it is missing or invalid.
    """
    path = f"{archive}/{FILE_NAME}"
    try:
        return parse(files.read_text(path))
    except FileNotFoundError:
        remedy = (
            f"rename {_OTHER_NAME}"
            if files.exists(f"{archive}/{_OTHER_NAME}")
            else "pack the directory's content, not the directory, and include the file"
        )
        raise AppSpecError(
            "The CodeDeploy agent did not find an AppSpec file within the unpacked revision "
            f'directory at revision-relative path "{FILE_NAME}". The revision was unpacked to '
            f'directory "{archive}", and the AppSpec file was expected but not found at path '
            f'"{path}"; {remedy}.'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise AppSpecError(f"{FILE_NAME} cannot be read: {error}.") from error
