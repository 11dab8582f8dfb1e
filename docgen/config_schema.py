"""The JSON schema of a stack's settings file, for editors: from Pulumi.yaml and the program's checks.

Types, bounds and choices come from `components.config.settings`, names, descriptions and defaults from
`Pulumi.yaml`; `tests/docgen/test_config_schema.py` keeps the committed file equal to both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components.config.settings import Settings
from toolchain import paths

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest dialect that editors' YAML language server supports in full."""

_ENGINE_KEYS = {
    "encryptionsalt": "Written by Pulumi: salt of the passphrase that encrypts secrets.",
    "encryptedkey": "Written by Pulumi: the data key, encrypted by the secrets provider.",
    "secretsprovider": "Which key encrypts secrets, such as awskms://alias/haproof?region=…",
    "environment": "Pulumi ESC environments.",
}


def render(project: Path = paths.ROOT / "Pulumi.yaml") -> str:
    """Return the schema as JSON text."""
    declared = yaml.safe_load(project.read_text(encoding="utf-8"))
    return json.dumps(_document(declared), indent=2, ensure_ascii=False) + "\n"


def _document(declared: Mapping[str, Any]) -> dict[str, Any]:
    namespace = declared["name"]
    checks = Settings.model_json_schema(by_alias=True)["properties"]
    keys = {
        key: _property(entry, checks[key.removeprefix(f"{namespace}:")])
        for key, entry in declared["config"].items()
    }
    required = [key for key, entry in declared["config"].items() if "default" not in entry]
    config = {
        "type": "object",
        "description": f"Settings of the stack; those of {namespace} are all listed in Pulumi.yaml.",
        "properties": {
            "aws:region": {"type": "string", "description": "Region that the stack is built in."},
            **keys,
        },
        "required": required,
        # Other namespaces belong to providers; in this project's own, a typo is an error.
        "propertyNames": {
            "anyOf": [{"enum": list(keys)}, {"not": {"pattern": f"^{namespace}:"}}],
        },
    }
    return {
        "$schema": DIALECT,
        "title": f"Pulumi.<stack>.yaml of {namespace}",
        "type": "object",
        "properties": {
            "config": config,
            **{key: {"description": text} for key, text in _ENGINE_KEYS.items()},
        },
        "additionalProperties": False,
    }


def _property(entry: Mapping[str, Any], check: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": entry["description"]}
    if "default" in entry:
        described["default"] = entry["default"]
    bounds = {key: value for key, value in check.items() if key not in {"title", "default"}}
    match entry["type"]:
        # `pulumi config set` writes every value as a string; the program and the engine read both.
        case "integer":
            return {**described, "anyOf": [bounds, {"type": "string", "pattern": "^[0-9]+$"}]}
        case "boolean":
            return {**described, "enum": [True, False, "true", "false"]}
        case _:
            return {**described, **bounds}
