"""Variants of the stack's own revision: the same files, and something that is wrong with them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from loadtest.errors import ExperimentError

APPSPEC = "appspec.yml"
SCRIPT = "haproof-fault.sh"
FAILING: Final = """\
#!/bin/sh
echo "this revision was made to fail, by an experiment" >&2
exit 1
"""


def failing_hook(files: dict[str, bytes]) -> None:
    """Let the deployment's last lifecycle event fail on every instance."""
    _add_hook(files, "ValidateService", FAILING)


VARIANTS: Final[Mapping[str, Callable[[dict[str, bytes]], None]]] = {"failing-hook": failing_hook}


def variant(bundle: bytes, name: str) -> bytes:
    """Return the zip of a revision, changed into that variant.

    Raises:
        ExperimentError: There is no such variant, or the bundle is not a revision.
    """
    if name not in VARIANTS:
        raise ExperimentError(
            f"there is no variant {name!r} of a revision; use good, {', '.join(VARIANTS)}"
        )
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(bundle)) as source:
            infos = {one.filename: one for one in source.infolist()}
            before = {APPSPEC: source.read(APPSPEC)}
            changed = dict(before)
            VARIANTS[name](changed)
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as sink:
                for path, info in infos.items():
                    content = changed.pop(path) if path in changed else source.read(path)
                    sink.writestr(info, content)
                for path, content in changed.items():
                    info = zipfile.ZipInfo(path)
                    info.external_attr = 0o100755 << 16
                    sink.writestr(info, content)
    except (zipfile.BadZipFile, KeyError, yaml.YAMLError) as error:
        raise ExperimentError(
            f"the stack's revision is not a zip with an {APPSPEC}: {error}"
        ) from error
    return made.getvalue()


def _add_hook(files: dict[str, bytes], event: str, script: str) -> None:
    """Add a script at the end of a lifecycle event."""
    spec: dict[str, Any] = yaml.safe_load(files[APPSPEC])
    hooks = spec.setdefault("hooks", {})
    hooks[event] = [
        *(hooks.get(event) or []),
        {"location": SCRIPT, "timeout": 60, "runas": "root"},
    ]
    files[APPSPEC] = yaml.safe_dump(spec, sort_keys=False).encode()
    files[SCRIPT] = script.encode()
