"""User data: what an instance does at first boot, as cloud-config. Pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HOME = "/opt/haproof"
"""The directory that everything written at boot is below."""

SWAP_BYTES = 512 * 1024 * 1024
"""As much swap as a nano has memory: without swap the kernel kills the package manager and the SSM
agent (amazonlinux/amazon-linux-2023#404, aws/amazon-ssm-agent#615)."""

MAX_BYTES = 16 * 1024
"""EC2's limit for user data before base64 encoding (EC2 user guide, "Run commands at launch")."""

_FILES = Path(__file__).parent / "instance_files"
_PERMISSIONS = {"boot.sh": "0755", "placeholder.py": "0644", "placeholder.service": "0644"}


@dataclass(frozen=True, kw_only=True)
class InstanceEnvironment:
    """What the application reads from `/opt/haproof/environment`.

    It contains no secret: the password is read from Secrets Manager with the instance's role.
    """

    region: str
    app_port: int
    health_path: str
    database_host: str
    database_port: int
    database_name: str
    database_secret_arn: str
    seed_users: int
    search_index: bool

    def lines(self) -> str:
        """Render KEY=VALUE lines that both systemd's EnvironmentFile and a shell can read.

        Raises:
            ValueError: A value would have to be quoted.
        """
        values = {
            "AWS_REGION": self.region,
            "APP_PORT": self.app_port,
            "HEALTH_PATH": self.health_path,
            "DATABASE_HOST": self.database_host,
            # A provider may return numbers as floats, but 5432.0 is not a port.
            "DATABASE_PORT": int(self.database_port),
            "DATABASE_NAME": self.database_name,
            "DATABASE_SECRET_ARN": self.database_secret_arn,
            "SEED_USERS": self.seed_users,
            "SEARCH_INDEX": str(self.search_index).lower(),
        }
        for key, value in values.items():
            if any(character in str(value) for character in " \t\r\n'\"\\$`;&|<>#"):
                raise ValueError(
                    f"{key} is {str(value)!r}, which an environment file cannot hold unquoted; "
                    "use a value without spaces, quotes and shell characters"
                )
        return "".join(f"{key}={value}\n" for key, value in values.items())


def render_user_data(environment: InstanceEnvironment) -> str:
    """Render the cloud-config document.

    Raises:
        ValueError: The document is larger than EC2 accepts.
    """
    files = [_entry("environment", environment.lines(), "0644")]
    files += [_entry(name, text, _PERMISSIONS[name]) for name, text in _instance_files().items()]
    document = {
        "swap": {"filename": f"{HOME}/swapfile", "size": SWAP_BYTES, "maxsize": SWAP_BYTES},
        "write_files": files,
        "runcmd": [["/bin/bash", f"{HOME}/boot.sh"]],
    }
    text = "#cloud-config\n" + yaml.dump(document, Dumper=_Readable, sort_keys=False, width=1000)
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(
            f"user data has {len(text.encode())} bytes, EC2 accepts {MAX_BYTES}; "
            "shorten the files in components/instance_files"
        )
    return text


def encode_user_data(text: str) -> str:
    """Encode user data as base64, the form that a launch template requires."""
    return base64.b64encode(text.encode()).decode("ascii")


def boot_digest() -> str:
    """Return the SHA-256 of the files that every instance boots with."""
    digest = hashlib.sha256()
    for name, text in _instance_files().items():
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def _instance_files() -> dict[str, str]:
    return {name: (_FILES / name).read_text(encoding="utf-8") for name in sorted(_PERMISSIONS)}


def _entry(name: str, content: str, permissions: str) -> dict[str, str]:
    return {"path": f"{HOME}/{name}", "permissions": permissions, "content": content}


class _Readable(yaml.SafeDumper):
    """A dumper that writes files as block literals, for people who debug a boot."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _represent_text)
