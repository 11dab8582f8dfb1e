"""Locates the programs that commands start. Only the command line knows where they are installed."""

from __future__ import annotations

from loadtest.errors import GeneratorError, LoadTestError, OutputsError
from loadtest.generator_names import ARTILLERY
from toolchain import locate, optional
from toolchain.errors import ToolError


def artillery() -> list[str]:
    """Return the command that starts Artillery: Node and Artillery's script.

    Raises:
        GeneratorError: Artillery is not installed.
    """
    try:
        return locate.artillery_command()
    except ToolError as error:
        raise GeneratorError(str(error)) from error


def generator(name: str) -> list[str]:
    """Return the command that starts the load generator of that name.

    Raises:
        GeneratorError: It is not installed.
    """
    if name == ARTILLERY:
        return artillery()
    try:
        return optional.command(name)
    except ToolError as error:
        raise GeneratorError(str(error)) from error


def otava() -> list[str]:
    """Return the command that starts Apache Otava.

    Raises:
        LoadTestError: It is not installed.
    """
    try:
        return optional.command("otava")
    except ToolError as error:
        raise LoadTestError(str(error)) from error


def pulumi() -> str:
    """Return the path of the Pulumi command line.

    Raises:
        OutputsError: Pulumi is not installed.
    """
    try:
        return str(locate.pulumi())
    except ToolError as error:
        raise OutputsError(f"cannot ask Pulumi for a stack's outputs: {error}") from error
