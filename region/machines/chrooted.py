"""Runs one program of the region with a machine's root as its own: `chrooted.py ROOT PROGRAM`.

See `RootFileSystem.call`. Reads the request as JSON from standard input and writes the answer as
JSON to standard output. Standard library only. Once in the machine nothing may be imported any
more: a module found there would run with the region's rights. Of those it keeps what installing
files needs: a destination such as /proc/sys must not change the kernel of this computer.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

# What the standard library imports only when it is used, for names in archives for example.
_LATE_IMPORTS = ("ascii", "cp437", "idna", "latin_1", "utf_8")

# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID as bits.
_KEPT = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4
_CAPABILITIES_VERSION_3 = 0x20080522
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


def main(root: Path, program: Path) -> dict[str, Any]:
    """Load the program, enter the machine, and run it."""
    # It must not go on in a machine whose region has died. If that died before this line, standard
    # input is at its end.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
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
