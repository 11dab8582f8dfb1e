"""Runs one program of the region with a machine's root as its own: `chrooted.py ROOT PROGRAM`.

See `RootFileSystem.call`. Reads the request as JSON from standard input and writes the answer as
JSON to standard output. Standard library only. Once in the machine nothing may be imported any
more: a module found there would run with the region's rights.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

# What the standard library imports only when it is used, for names in archives for example.
_LATE_IMPORTS = ("ascii", "cp437", "idna", "latin_1", "utf_8")


def confine(root: Path) -> None:
    """Enter `root` for good and forbid every later import."""
    for name in _LATE_IMPORTS:
        importlib.import_module(f"encodings.{name}")
    os.chroot(root)
    os.chdir("/")
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()


def main(root: Path, program: Path) -> dict[str, Any]:
    """Load the program, enter the machine, and run it."""
    request = json.load(sys.stdin)
    functions = runpy.run_path(str(program))
    prepare = functions.get("prepare")
    prepared = prepare(request) if prepare else None
    confine(root)
    work = functions["main"]
    answer: dict[str, Any] = work(request, prepared) if prepare else work(request)
    return answer


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]), Path(sys.argv[2])), sys.stdout)
