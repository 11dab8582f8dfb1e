"""Where the toolchain lives inside a checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

TOOLS = ROOT / ".tools"
"""What `make setup` installs; may be removed at any time and is then installed again."""

BIN = TOOLS / "bin"
"""Executables of the toolchain; first on PATH in every rehearsal."""

ENGINE_MODULE = ROOT / "toolchain" / "pulumi-engine"
ARTILLERY_MANIFEST = ROOT / "toolchain" / "artillery"
ARTILLERY = TOOLS / "artillery"
APP = ROOT / "app"
REVISION = TOOLS / "revision"
VENV = ROOT / ".venv"
