"""Validation of a directory's appspec.yml against its files. Pure.

CodeDeploy would report the same problems, but only on the instances, one failed deployment later.
The agent's reader is `region/machines/codedeploy_agent/appspec.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.errors import ConfigurationError

APPSPEC = "appspec.yml"


def check_appspec(source: Path) -> None:
    """Reject an appspec.yml that names files that do not exist.

    Everything else is left to CodeDeploy (its user guide, "AppSpec file reference").

    Raises:
        ConfigurationError: The file is invalid; one sentence per problem.
    """
    try:
        document = yaml.safe_load((source / APPSPEC).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f'haproof:appPath is "{source}", whose {APPSPEC} is not valid YAML ({reason}); '
            "fix the file."
        ) from error
    if not isinstance(document, dict):
        raise ConfigurationError(
            f'haproof:appPath is "{source}", whose {APPSPEC} is empty or not a mapping; it needs at least '
            "`version: 0.0` and `os: linux`."
        )
    problems = [*_missing_scripts(document, source), *_missing_files(document, source)]
    if problems:
        raise ConfigurationError("\n".join(problems))


def _missing_scripts(document: Mapping[str, Any], source: Path) -> Iterator[str]:
    hooks = document.get("hooks")
    for event, scripts in hooks.items() if isinstance(hooks, dict) else ():
        for script in scripts if isinstance(scripts, list) else ():
            location = script.get("location") if isinstance(script, dict) else None
            if isinstance(location, str) and not _inside(source, location).is_file():
                yield (
                    f'{APPSPEC} names the script "{location}" for {event}, but "{source}" has no '
                    "such file; add it or remove the hook."
                )


def _missing_files(document: Mapping[str, Any], source: Path) -> Iterator[str]:
    files = document.get("files")
    for entry in files if isinstance(files, list) else ():
        name = entry.get("source") if isinstance(entry, dict) else None
        if isinstance(name, str) and not _inside(source, name).exists():
            yield (
                f'{APPSPEC} installs "{name}", but "{source}" has no such file or directory; '
                "add it or remove the entry."
            )


def _inside(source: Path, name: str) -> Path:
    # For CodeDeploy `/` is the root of the revision.
    return source / name.lstrip("/")
