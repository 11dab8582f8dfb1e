"""The AWS CLI for instances, which Amazon Linux has by default.

Where the host has one of its own, the image `host` has it already. Else this program's own
dependencies, which contain it, become the directory `DESTINATION`, read by the running Python.
"""

from __future__ import annotations

import compileall
import os
import shlex
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from region.machines.images import confined, interpreter
from region.machines.images.layers import Layer

DESTINATION = "/usr/lib/haproof/site-packages"
_IMPORTED = ("awscli", "botocore", "s3transfer", "docutils", "colorama", "rsa")
_WITHOUT_PROGRAMS = frozenset({"__pycache__", "data", "examples"})
"""Directories of these libraries with models of services and texts: nine of ten of their files."""
_PLACES = ("/usr/local/bin/aws", "/usr/bin/aws")


def libraries(root: Path, base: Path | None) -> Path | None:
    """Return the directory that an image of `root` needs for the AWS CLI; None if it needs none.

    `base` is the Python that the image gets (`interpreter`), None for the system's own.
    """
    if any(confined.on_host(root, path).exists() for path in _PLACES):
        return None
    if base is None and interpreter.prefix() is not None:
        return None
    found = Path(sysconfig.get_paths()["purelib"])
    if find_spec("awscli") is None or not found.is_dir():
        return None
    _compile(found)
    return found


def _compile(libraries: Path) -> None:
    """Let the AWS CLI have its bytecode, as on Amazon Linux, where the user may write it.

    Instances may not, and would compile 250 files at each call, which takes as long as the call. A region
    looks at each start, so not through the thousands of files that are not programs.
    """
    for name in _IMPORTED:
        for directory, below, files in os.walk(libraries / name):
            below[:] = [one for one in below if one not in _WITHOUT_PROGRAMS]
            if any(file.endswith(".py") for file in files):
                compileall.compile_dir(directory, maxlevels=0, quiet=2)


def add(layer: Layer) -> None:
    """Add the command `aws` to `layer`."""
    layer.directory(DESTINATION)
    program = interpreter.NAME
    layer.file(
        "/usr/local/bin/aws",
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(DESTINATION)} exec {program} -m awscli "$@"\n',
        0o755,
    )
