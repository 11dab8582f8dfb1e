"""The Python that runs this program, for instances: one that the sample service has libraries for.

Where it is the system's own (/usr), the image `host` has it already. Any other, such as uv's or
pyenv's, becomes the directory `DESTINATION` of every image that its C library lets it run in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from region.machines.images import confined
from region.machines.images.layers import Layer

DESTINATION = "/usr/lib/haproof/python"
NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
DEPLOYED = "python3.11"
"""Amazon Linux 2023's: the sample service's revision has libraries for it and for NAME."""

_REPLACEMENT = b"$ORIGIN/../lib"
_GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)")
_LIBC = ("/lib64/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6",
         "/usr/lib/libc.so.6", "/lib/libc.so.6")  # fmt: skip


def prefix() -> Path | None:
    """Return the directory of the running Python, or None if it belongs to the system."""
    base = Path(sys.base_prefix).resolve()
    return None if base.is_relative_to("/usr") or base == Path("/") else base


def add(layer: Layer, base: Path) -> None:
    """Add to `layer` what makes `base` work at `DESTINATION`: links, and its program.

    A Python that was built with a shared library finds it by an absolute path in its program, which
    does not exist in an instance; the copy in the layer has one that is relative to the program.
    """
    layer.directory(DESTINATION)
    program = f"{DESTINATION}/bin/{NAME}"
    layer.link(f"/usr/local/bin/{NAME}", program)
    layer.link("/usr/local/bin/python3", program)
    original = base / "bin" / NAME
    library = bytes(base / "lib")
    content = original.read_bytes()
    pattern = re.compile(b"\0" + re.escape(library) + b"/?\0")
    if pattern.search(content) and len(library) >= len(_REPLACEMENT):

        def relative(found: re.Match[bytes]) -> bytes:
            return b"\0" + _REPLACEMENT.ljust(len(found[0]) - 1, b"\0")

        layer.file(program, pattern.sub(relative, content), 0o755)


def runs_in(root: Path, base: Path) -> bool:
    """Return whether the C library of a root file system is new enough for the Python of `base`."""
    libraries = [base / "bin" / NAME, *(base / "lib").glob("libpython3.*.so*")]
    needed = _newest(path for path in libraries if path.is_file())
    provided = _newest(
        path for path in (confined.on_host(root, name) for name in _LIBC) if path.is_file()
    )
    return needed <= provided


def own_python(root: Path) -> str | None:
    """Return the name of a root file system's Python that can run the sample service."""
    for name in dict.fromkeys((DEPLOYED, NAME)):
        for directory in ("/usr/local/bin", "/usr/bin"):
            if confined.on_host(root, f"{directory}/{name}").is_file():
                return name
    return None


def _newest(paths: Iterable[Path]) -> tuple[int, int]:
    """Return the newest version of glibc's symbols that the files name; (0, 0) for none."""
    versions = [
        (int(found[1]), int(found[2]))
        for path in paths
        for found in _GLIBC.finditer(path.read_bytes())
    ]
    return max(versions, default=(0, 0))
