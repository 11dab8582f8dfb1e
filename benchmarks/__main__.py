"""`python -m benchmarks`: says which benchmarks there are, for each is a module of its own."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from commandline.errors import ERROR_PREFIX
from commandline.exit_codes import ExitCode


def listed(directory: Path) -> list[str]:
    """Return the benchmarks of a directory: the modules that run by themselves, by name."""
    return sorted(
        file.stem
        for file in directory.glob("*.py")
        if file.name != "__main__.py" and _runs_by_itself(file)
    )


def _runs_by_itself(file: Path) -> bool:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(isinstance(one, ast.If) and "__name__" in ast.unparse(one.test) for one in tree.body)


def main() -> int:
    """Name all benchmarks; nothing is run."""
    names = ", ".join(listed(Path(__file__).parent))
    text = (
        f"{ERROR_PREFIX}name a benchmark, such as `python -m benchmarks.service`; there are {names}"
    )
    print(text, file=sys.stderr)
    return ExitCode.FAILURE


if __name__ == "__main__":
    sys.exit(main())
