"""Benchmarks, each a module of its own: `python -m benchmarks.service`."""

from __future__ import annotations

import importlib.util
import sys

from commandline.errors import ERROR_PREFIX
from commandline.exit_codes import ExitCode


def _require_a_module() -> None:
    """End with the documented code if `python -m` asks for a benchmark that is not there; Python's is 1."""
    # While `python -m` imports the package of what it shall run, it has no other first argument.
    if sys.argv[:1] != ["-m"] or "-m" not in sys.orig_argv:
        return
    asked = sys.orig_argv[sys.orig_argv.index("-m") + 1]
    if asked.startswith(f"{__name__}.") and importlib.util.find_spec(asked) is None:
        sys.exit(_unknown(asked))


def _unknown(asked: str) -> int:
    text = f"there is no {asked}; `python -m {__name__}` names all benchmarks"
    print(f"{ERROR_PREFIX}{text}", file=sys.stderr)
    return ExitCode.FAILURE


_require_a_module()
