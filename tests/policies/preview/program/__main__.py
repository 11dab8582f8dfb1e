"""The project's own program, with the change that a test wrote into `changes.json`.

A transform of the SDK could change properties, but neither leave a resource out nor see what a
property depends on. So the change is made one step later, to the registration on its way to the
engine (ADR 0015).
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

from pulumi.runtime import settings

ROOT = Path(__file__).resolve().parents[4]
sys.path[:0] = [path for path in (str(ROOT),) if path not in sys.path]

from tests.policies.preview.program.changing_monitor import ChangingMonitor  # noqa: E402

changes = json.loads(Path("changes.json").read_text(encoding="utf-8"))
settings.SETTINGS.monitor = ChangingMonitor(settings.get_monitor(), changes)
runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
