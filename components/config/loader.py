"""Loading of a stack's configuration: read once, validated as a whole, before any resource."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.config import combinations
from components.config.settings import Settings
from components.errors import ConfigurationError


def read_settings() -> Settings:
    """Load the settings of the stack that the engine runs this program for."""
    # All raw keys, not pulumi.Config's getters: an unknown key would go unnoticed.
    return settings_from({**get_config_env(), **CONFIG.get()}, pulumi.get_project())


def settings_from(config: Mapping[str, Any], namespace: str) -> Settings:
    """Load the keys under `namespace` from a stack's whole configuration.

    Raises:
        ConfigurationError: One sentence per problem, each with key, value and remedy.
    """
    prefix = f"{namespace}:"
    own = {
        key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)
    }
    known = sorted(field.alias or name for name, field in Settings.model_fields.items())
    problems = [_unknown(key, known, namespace) for key in own if key not in known]
    problems += _misspelled_namespaces(config, namespace)
    if problems:
        raise ConfigurationError("\n".join(problems))
    try:
        settings = Settings.model_validate(own)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise ConfigurationError(
            "\n".join(_sentence(detail, own, namespace) for detail in details)
        ) from error
    problems = combinations.problems(settings)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return settings


def _unknown(key: str, known: list[str], namespace: str) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = (
        f'did you mean "{namespace}:{near[0]}"?' if near else f"valid keys are {', '.join(known)}."
    )
    return (
        f'"{namespace}:{key}" is not a setting of this project; {hint} '
        f"Remove it with `pulumi config rm {namespace}:{key}`."
    )


def _misspelled_namespaces(config: Mapping[str, Any], namespace: str) -> list[str]:
    problems: list[str] = []
    for full in config:
        space, _, key = full.partition(":")
        if space != namespace and difflib.get_close_matches(space, [namespace], cutoff=0.8):
            problems.append(
                f'"{full}" is not in the namespace of this project; '
                f'did you mean "{namespace}:{key}"?'
            )
    return problems


_NUMBERS = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
}
"""What a setting should have been, by the type of pydantic's error."""


def _sentence(detail: ErrorDetails, own: Mapping[str, Any], namespace: str) -> str:
    reason = detail["msg"].removeprefix("Value error, ")
    key = str(detail["loc"][0])
    name = f"{namespace}:{key}"
    if detail["type"] == "missing":
        return f"{name} is not set; set it with `pulumi config set {name} <value>`."
    if detail["type"] in _NUMBERS:
        reason = f"is not {_NUMBERS[detail['type']]}"
    elif detail["type"] != "value_error":
        reason = f"is invalid: {reason[0].lower()}{reason[1:]}"
    return f'{name} "{own[key]}" {reason}. Change it with `pulumi config set {name} <value>`.'
