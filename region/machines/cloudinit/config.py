"""What cloud-config asks for: files, commands and packages.

Keys as in cloud-init's reference (https://cloudinit.readthedocs.io/en/latest/reference/modules.html).
As there, a key that is wrong fails its own module, and the others go on.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import yaml

from region.machines.cloudinit.parts import gunzip

_WITHOUT_EFFECT: Final = frozenset(
    {"users", "groups", "ssh_authorized_keys", "ssh_pwauth", "password", "chpasswd", "hostname",
     "fqdn", "preserve_hostname", "manage_etc_hosts", "timezone", "locale", "disable_root",
     "package_upgrade", "package_update", "package_reboot_if_required", "repo_update",
     "repo_upgrade", "output", "final_message", "growpart", "resize_rootfs", "swap", "merge_how",
     "merge_type", "cloud_config_modules", "cloud_init_modules"}
)  # fmt: skip
_BASE64: Final = ("b64", "base64")
_GZIP: Final = ("gz", "gzip")
_BOTH: Final = tuple(f"{first}+{second}" for first in _GZIP for second in _BASE64)
_DEFAULT_MODE: Final = 0o644
_OCTAL: Final = re.compile(r"(0o)?[0-7]{1,5}")
_PACKAGE: Final = re.compile(r"[A-Za-z0-9/][^\s\x00-\x1f]*")


@dataclass(frozen=True)
class WriteFile:
    """One file to write.

    Attributes:
        owner: A user, or a user and a group as "user:group".
        defer: Write it after packages have been installed.
    """

    path: str
    content: bytes
    mode: int
    owner: str
    append: bool
    defer: bool


@dataclass
class CloudConfig:
    """What all cloud-configs of user data ask for together.

    Attributes:
        bootcmd: A shell script that runs at each boot, before files are written; empty without one.
        runcmd: A shell script that runs last, among the user's own; empty without one.
        repeats_scripts: Whether scripts and `runcmd` run at each boot.
        notes: What has no effect here, to be told.
        problems: What fails, as with cloud-init.
    """

    write_files: list[WriteFile] = field(default_factory=list[WriteFile])
    bootcmd: str = ""
    runcmd: str = ""
    repeats_scripts: bool = False
    packages: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])


def parse(texts: Sequence[bytes]) -> CloudConfig:
    """Read cloud-configs in order; a key of a later one replaces that of an earlier."""
    config = CloudConfig()
    keys: dict[str, Any] = {}
    for text in texts:
        keys |= _document(text, config)
    for key, value in keys.items():
        if value is None or key in _READERS:
            continue
        if key in _WITHOUT_EFFECT:
            config.notes.append(f"{key} has no effect in the local region")
        else:
            config.problems.append(f"{key} is not supported by the local region")
    for key, read in _READERS.items():
        if keys.get(key) is not None:
            read(keys[key], config)
    return config


def _document(text: bytes, config: CloudConfig) -> dict[str, Any]:
    try:
        found: Any = yaml.safe_load(text.decode())
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        config.problems.append(f"Failed loading yaml blob: {' '.join(str(error).split())[:500]}")
        return {}
    if found is None:
        return {}
    if not isinstance(found, dict):
        config.problems.append(
            f"The cloud-config is a {type(found).__name__}, and it has to be a mapping of keys"
        )
        return {}
    return {str(key): value for key, value in cast("dict[Any, Any]", found).items()}


def _shell(key: str, value: Any, config: CloudConfig) -> str:
    """Make one script of commands, as cloud-init's `shellify` does; empty if it cannot be made."""
    if not isinstance(value, list):
        config.problems.append(f"{key}: expected a list of commands, got {type(value).__name__}")
        return ""
    lines = ["#!/bin/sh"]
    for command in cast("list[Any]", value):
        if isinstance(command, str):
            lines.append(command)
        elif isinstance(command, list):
            words = [str(word) for word in cast("list[Any]", command)]
            lines.append(" ".join("'" + word.replace("'", "'\\''") + "'" for word in words))
        elif command is not None:
            config.problems.append(
                f"{key}: Unable to shellify type '{type(command).__name__}'. Expected list, string"
            )
            return ""
    return "\n".join([*lines, ""])


def _read_bootcmd(value: Any, config: CloudConfig) -> None:
    config.bootcmd = _shell("bootcmd", value, config)


def _read_runcmd(value: Any, config: CloudConfig) -> None:
    config.runcmd = _shell("runcmd", value, config)


def _read_final_modules(value: Any, config: CloudConfig) -> None:
    """Heed `[scripts-user, always]`, by which user data runs at each boot; the region has no modules."""
    for entry in cast("list[Any]", value) if isinstance(value, list) else [value]:
        words = [str(word) for word in cast("list[Any]", entry)] if isinstance(entry, list) else []
        if [word.replace("_", "-") for word in words] == ["scripts-user", "always"]:
            config.repeats_scripts = True
        else:
            config.notes.append(
                f"cloud_final_modules: {str(entry)[:50]} has no effect in the local region"
            )


def _read_packages(value: Any, config: CloudConfig) -> None:
    for entry in cast("list[Any]", value) if isinstance(value, list) else [value]:
        # A name, or a name and the version of it.
        words: list[Any] = cast("list[Any]", entry) if isinstance(entry, list) else [entry]
        name = "-".join(str(word) for word in words)
        if len(words) in (1, 2) and _PACKAGE.fullmatch(name):
            config.packages.append(name)
        else:
            config.problems.append(f"packages: {str(entry)[:100]!r} is not the name of a package")


def _read_files(value: Any, config: CloudConfig) -> None:
    if not isinstance(value, list):
        config.problems.append(f"write_files: expected a list, got {type(value).__name__}")
        return
    for number, entry in enumerate(cast("list[Any]", value), 1):
        fields = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
        path = fields.get("path")
        if not (isinstance(path, str) and path and "\0" not in path):
            config.problems.append(
                f"write_files: No path provided to write for entry {number}; it is skipped"
            )
            continue
        if fields.get("source") and not fields.get("content"):
            config.problems.append(f"write_files: the source of {path} cannot be fetched")
            continue
        text = fields.get("content")
        content = text if isinstance(text, bytes) else str("" if text is None else text).encode()
        config.write_files.append(
            WriteFile(
                path=f"/{path.lstrip('/')}",
                content=_decoded(path, content, str(fields.get("encoding") or ""), config),
                mode=_mode(path, fields.get("permissions"), config),
                owner=str(fields.get("owner") or "root:root"),
                append=_true(fields.get("append")),
                defer=_true(fields.get("defer")),
            )
        )


def _true(value: Any) -> bool:
    return str(value).lower() in {"true", "1", "on", "yes"}


def _decoded(path: str, content: bytes, encoding: str, config: CloudConfig) -> bytes:
    """Decode a file's content; what cannot be decoded is written as it is, as cloud-init does."""
    kind = encoding.lower().strip()
    if kind not in {"", "text/plain", *_BASE64, *_GZIP, *_BOTH}:
        config.problems.append(
            f"write_files: Unknown encoding type {encoding!r} of {path}, assuming text/plain"
        )
        return content
    found: bytes | None = content
    if kind in (*_BASE64, *_BOTH):
        try:
            found = base64.b64decode(content, validate=False)
        except (binascii.Error, ValueError):
            found = None
    if found is not None and kind in (*_GZIP, *_BOTH):
        found = gunzip(found)
    if found is None:
        config.problems.append(f"write_files: the content of {path} is not {encoding}")
        return content
    return found


def _mode(path: str, value: Any, config: CloudConfig) -> int:
    """Return mode bits: YAML has parsed an unquoted 0644, a text is octal."""
    if value is None:
        return _DEFAULT_MODE
    if isinstance(value, int | float) and 0 <= value <= 0o7777:
        return int(value)
    if isinstance(value, str) and _OCTAL.fullmatch(value) and int(value, 8) <= 0o7777:
        return int(value, 8)
    config.problems.append(
        f"write_files: Undecodable permissions {str(value)[:50]!r} of {path}, returning default 0o644"
    )
    return _DEFAULT_MODE


_READERS: Final = {
    "bootcmd": _read_bootcmd,
    "write_files": _read_files,
    "packages": _read_packages,
    "runcmd": _read_runcmd,
    "cloud_final_modules": _read_final_modules,
}
