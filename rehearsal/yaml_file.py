"""Reads Pulumi's project and settings files, which people write by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from commandline.errors import UserError
from loadtest import yaml_positions
from loadtest.yaml_positions import YamlError


class YamlFileError(UserError):
    """A file that cannot be read, or is not a mapping; the message names it, with the line."""


def read(file: Path, remedy: str = "") -> dict[str, Any]:
    """Read a file with a YAML mapping; an empty one has nothing in it.

    `remedy` follows the reason why it cannot be read.

    Raises:
        YamlFileError: It cannot be read, or is something else.
    """
    if file.is_file() and not file.stat().st_size:
        return {}
    try:
        content = yaml_positions.read(file).content
    except OSError as error:
        raise YamlFileError(f"cannot read {file}: {error.strerror}{remedy}") from error
    except YamlError as error:
        place = f"{file}, line {error.problem.position.line}"
        raise YamlFileError(f"{place}: {error.problem.text}") from error
    if not isinstance(content, dict):
        raise YamlFileError(f"{file} is not a mapping; write `config:` and below it `key: value`")
    return cast("dict[str, Any]", content)


def config(content: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return the settings below `config:` of a file's content; none without it.

    Raises:
        YamlFileError: They are something else than a mapping.
    """
    found = content.get("config")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise YamlFileError(f"{file}: `config` is not a mapping; write `key: value` lines below it")
    return cast("dict[str, Any]", found)
