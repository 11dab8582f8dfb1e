"""Project programs that the rehearsal may not import: each runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from commandline.errors import UserError
from toolchain import paths

TIMEOUT_S = 60


def output(
    module: Sequence[str],
    *,
    error: type[UserError],
    failure: str,
    text: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Return what `python -m` prints for `module` (its name and arguments), given `text` as its input.

    Raises:
        UserError: it failed; an `error` whose message is `failure` and the last line that it wrote.
    """
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=paths.ROOT,
        env={**os.environ, **(variables or {})},
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise error(f"{failure}: {last}")
    return done.stdout
