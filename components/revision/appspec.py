"""What a directory's appspec.yml promises, checked against the directory. Pure.

CodeDeploy would say the same, but only on the instances, one failed deployment later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.errors import ConfigurationError

APPSPEC = "appspec.yml"


def check_appspec(source: Path) -> None:
    """Refuses an appspec.yml that names what is not there.

    Raises ConfigurationError with one sentence per problem. What is valid beyond that is
    CodeDeploy's to say (its user guide, "AppSpec file reference").
    """
    try:
        document = yaml.safe_load((source / APPSPEC).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f'haproof:appPath is "{source}", whose {APPSPEC} is not valid YAML ({reason}); '
            "put the file right."
        ) from error
    if not isinstance(document, dict):
        raise ConfigurationError(
            f'haproof:appPath is "{source}", whose {APPSPEC} is empty or no mapping; it needs at least '
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
                    "such file; add it or take the hook out."
                )


def _missing_files(document: Mapping[str, Any], source: Path) -> Iterator[str]:
    files = document.get("files")
    for entry in files if isinstance(files, list) else ():
        name = entry.get("source") if isinstance(entry, dict) else None
        if isinstance(name, str) and not _inside(source, name).exists():
            yield (
                f'{APPSPEC} installs "{name}", but "{source}" has no such file or directory; '
                "add it or take the entry out."
            )


def _inside(source: Path, name: str) -> Path:
    # To CodeDeploy `/` is the revision's root.
    return source / name.lstrip("/")
