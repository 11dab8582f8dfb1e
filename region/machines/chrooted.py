"""Runs one program of the region with a machine's root as its own: `chrooted.py ROOT PROGRAM`.

See `RootFileSystem.call`. Reads the request as JSON from standard input and writes the answer as
JSON to standard output. Standard library only. Once in the machine nothing may be imported any
more: a module found there would run with the region's rights. Of those it keeps what installing
files needs: a destination such as /proc/sys must not change the kernel of this computer.

Nothing of the request is looked at before it has come, and it comes once this process is in the
machine's control groups: whatever it reads then counts as the machine's memory.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import runpy
import signal
import sys
import types
from pathlib import Path
from typing import Any

# What the standard library imports only when it is used, for names in archives for example.
_LATE_IMPORTS = ("ascii", "cp437", "idna", "latin_1", "utf_8")

# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID as bits.
_KEPT = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4
_CAPABILITIES_VERSION_3 = 0x20080522
# The region keeps an answer in its own memory.
_LONGEST_ANSWER = 4 * 1024**2
_LONGEST_MESSAGE = 4096
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def confine(root: Path) -> None:
    """Enter `root` for good, give up the rights to more than files, and forbid every later import."""
    for name in _LATE_IMPORTS:
        importlib.import_module(f"encodings.{name}")
    libc = ctypes.CDLL(None, use_errno=True)
    os.chroot(root)
    os.chdir("/")
    _drop_capabilities(libc)
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    # Effective, permitted and inheritable: the lower 32 capabilities, then the upper ones.
    sets = (ctypes.c_uint32 * 6)(_KEPT, _KEPT, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.capset(header, sets):
        code = ctypes.get_errno()
        raise OSError(code, f"the rights of this process cannot be reduced: {os.strerror(code)}")


def _offer_own_modules() -> None:
    """Let programs import `region.machines.inside` without the packages above, which are not stdlib."""
    machines = Path(__file__).parent
    for name, directory in (("region", machines.parent), ("region.machines", machines)):
        package = types.ModuleType(name)
        package.__path__ = [str(directory)]
        sys.modules[name] = package


def main(root: Path, program: Path) -> dict[str, Any]:
    """Load the program, enter the machine, and run it."""
    # It must not go on in a machine whose region has died. If that died before this line, standard
    # input is at its end.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    request = json.load(sys.stdin)
    _offer_own_modules()
    functions = runpy.run_path(str(program))
    prepare = functions.get("prepare")
    prepared = prepare(request) if prepare else None
    confine(root)
    work = functions["main"]
    answer: dict[str, Any] = work(request, prepared) if prepare else work(request)
    return answer


def _run() -> str:
    """Return the answer as JSON; whatever is raised ends this process with one bounded line."""
    try:
        text = json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2])))
    except Exception as error:
        line = " ".join(f"{type(error).__name__}: {error}".split())
        sys.exit(line.encode(errors="replace").decode()[:_LONGEST_MESSAGE])
    if len(text) > _LONGEST_ANSWER:
        sys.exit(f"its answer has {len(text)} characters; at most {_LONGEST_ANSWER} are taken.")
    return text


if __name__ == "__main__":
    sys.stdout.write(_run())
