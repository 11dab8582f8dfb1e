"""Installs Artillery, the load generator, from the committed `package-lock.json`."""

from __future__ import annotations

import hashlib
import os
import shutil

from toolchain import locate, paths, progress


def ensure() -> str:
    """Install Artillery unless it is the one that the lock file pins, and return one line about it."""
    wanted = hashlib.sha256(
        (paths.ARTILLERY_MANIFEST / "package-lock.json").read_bytes()
    ).hexdigest()
    stamp = paths.ARTILLERY / ".lock-digest"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        _install()
        stamp.write_text(wanted, encoding="ascii")
    script = paths.ARTILLERY / "node_modules" / "artillery" / "package.json"
    version = locate.version_of(["grep", "-m1", '"version"', str(script)])
    return f"Artillery: {version} on Node {locate.version_of([str(locate.node()), '--version'])}"


def _install() -> None:
    paths.ARTILLERY.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(paths.ARTILLERY_MANIFEST / name, paths.ARTILLERY / name)
    node = locate.node()
    # Started by its script: the wheel's own `npm` is a link that installers turn into a copy.
    npm = locate.node_wheel_bin().parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # Without install scripts: Artillery's Playwright engine would download three browsers.
    progress.run(
        [
            str(node),
            str(npm),
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ],
        title="install Artillery",
        log=paths.TOOLS / "log" / "artillery.log",
        cwd=paths.ARTILLERY,
        environment={"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
