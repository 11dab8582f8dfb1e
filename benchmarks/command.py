"""What the command lines of all benchmarks share: wrong arguments and failures end as the product's do."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from typing import NoReturn, cast

import typer

from commandline.errors import ERROR_PREFIX
from commandline.exit_codes import ExitCode
from commandline.run import run_cli


class Parser(argparse.ArgumentParser):
    """Parses the arguments of a benchmark; wrong ones end with 4, as 2 is a broken promise."""

    def __init__(self, described: str | None) -> None:
        """Take the description, which is shown as it is written."""
        super().__init__(
            description=described,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end."""
        self.print_usage(sys.stderr)
        self.exit(ExitCode.FAILURE, f"{ERROR_PREFIX}{message}\n")


def number(least: float = 0, *, above: bool = False) -> Callable[[str], float]:
    """Return a reader of numbers of at least, or above, `least`."""

    def read(text: str) -> float:
        found = float(text)
        if not math.isfinite(found) or found < least or (above and found == least):
            raise argparse.ArgumentTypeError(
                f"{text} is not {'above' if above else 'at least'} {least:g}"
            )
        return found

    read.__name__ = "number"
    return read


def whole(least: int = 1) -> Callable[[str], int]:
    """Return a reader of whole numbers of at least `least`."""

    def read(text: str) -> int:
        found = int(text)
        if found < least:
            raise argparse.ArgumentTypeError(f"{text} is not at least {least}")
        return found

    read.__name__ = "whole number"
    return read


def run(main: Callable[[], None]) -> NoReturn:
    """Run a benchmark and end with its exit code; a foreseen error is one message."""

    def command(*_: object, **__: object) -> int:
        try:
            main()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else ExitCode.SUCCESS
        return ExitCode.SUCCESS

    sys.exit(run_cli(cast("typer.Typer", command), "python -m benchmarks"))
