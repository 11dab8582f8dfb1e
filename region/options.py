"""Options that several of the region's commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths

DEFAULT_ROOT = paths.ROOT / ".rehearsal"

Root = Annotated[Path, typer.Option(help="Directory of the region's state.")]
