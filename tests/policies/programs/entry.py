"""The `__main__` of a project in the real engine: runs the case that `case.txt` names."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "policies")) if path not in sys.path]

import tests.policies.programs.broken  # noqa: E402
import tests.policies.programs.innocents  # noqa: E402, F401 - registers them
from tests.policies.programs.running import case, run  # noqa: E402

run(case(Path("case.txt").read_text(encoding="utf-8").strip()))
