"""User data: the part of cloud-config that the stacks use.

Keys as in cloud-init's reference (https://cloudinit.readthedocs.io/en/latest/reference/modules.html):
`swap`, `write_files`, `runcmd`. Any other key is rejected, because a machine that silently skips a
step would prove nothing.
"""

from __future__ import annotations

import base64
import binascii
import shlex
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from region.machines.errors import CloudConfigError
from region.quotas import USER_DATA_BYTES

_HEADER = "#cloud-config"
_B64 = ("b64", "base64")


def _octal(value: Any) -> Any:
    """Parse a string of octal digits; YAML has already parsed an unquoted 0644."""
    if isinstance(value, str):
        try:
            return int(value, 8)
        except ValueError:
            raise ValueError(f"{value!r} is not a string of octal digits such as '0644'") from None
    return value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Swap(_Model):
    """The swap file that cloud-init would create; sizes in bytes or as "512M"."""

    filename: str = "/swap.img"
    size: int | str = 0
    maxsize: int | str | None = None


class WriteFile(_Model):
    """One file to write; `permissions` are mode bits."""

    path: Annotated[str, Field(pattern=r"^/")]
    content: str = ""
    permissions: Annotated[int, BeforeValidator(_octal), Field(ge=0, le=0o7777)] = 0o644
    encoding: Literal["b64", "base64", "text/plain"] = "text/plain"
    owner: Literal["root:root", "root"] = "root:root"

    def data(self) -> bytes:
        """Decode the content.

        Raises:
            CloudConfigError: If it is not base64, as it claims.
        """
        if self.encoding not in _B64:
            return self.content.encode()
        try:
            return base64.b64decode(self.content, validate=False)
        except binascii.Error as error:
            raise CloudConfigError(
                f"write_files: the content of {self.path!r} is not base64 ({error}); "
                "encode it or leave out `encoding`."
            ) from error


class CloudConfig(_Model):
    """A parsed cloud-config."""

    swap: Swap | None = None
    write_files: tuple[WriteFile, ...] = ()
    runcmd: tuple[str | tuple[str | int, ...], ...] = ()

    def script(self) -> str:
        """Render `runcmd` as the shell script that cloud-init makes of it."""
        lines = [
            line if isinstance(line, str) else shlex.join(str(word) for word in line)
            for line in self.runcmd
        ]
        return "\n".join(["#!/bin/sh", *lines, ""])


def parse(user_data: bytes) -> CloudConfig:
    """Parse user data; empty user data is an empty configuration.

    Raises:
        CloudConfigError: If it is too long, not a cloud-config, or not supported.
    """
    if not user_data.strip():
        return CloudConfig()
    if len(user_data) > USER_DATA_BYTES:
        raise CloudConfigError(
            f"User data has {len(user_data)} bytes, EC2 accepts at most {USER_DATA_BYTES}; "
            "move the bulk into the revision."
        )
    try:
        text = user_data.decode()
    except UnicodeDecodeError as error:
        raise CloudConfigError("User data is not UTF-8 text; send a cloud-config.") from error
    if text.split("\n", 1)[0].strip() != _HEADER:
        raise CloudConfigError(
            f"User data must begin with the line {_HEADER!r}; it begins with {text[:20]!r}."
        )
    return _validate(text)


def _validate(text: str) -> CloudConfig:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CloudConfigError(f"User data is not valid YAML: {error}.") from error
    try:
        return CloudConfig.model_validate({} if document is None else document)
    except ValidationError as error:
        raise CloudConfigError(f"User data is rejected: {problems(error)}.") from error


def problems(error: ValidationError) -> str:
    """Format every problem of a validation as `key: message`, in one line."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )


def files(config: CloudConfig) -> list[dict[str, object]]:
    """Return the files of the configuration in order, as `inside.write_files` takes them."""
    return [file(entry.path, entry.data(), entry.permissions) for entry in config.write_files]


def file(path: str, content: bytes, mode: int) -> dict[str, object]:
    """Return one file as `inside.write_files` takes it."""
    return {"path": path, "content": base64.b64encode(content).decode(), "mode": mode}
