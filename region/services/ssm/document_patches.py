"""Documents: the one that Run Command has here, as AWS publishes it.

Custom documents would be stored and never run: the region refuses to create them.
https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
"""

from __future__ import annotations

import json
from typing import Any, Final, cast

from moto.ssm.exceptions import InvalidDocument
from moto.ssm.models import Document, Documents, SimpleSystemManagerBackend

from region.api.patching import Original, Patches
from region.services.ssm.send_command_checks import DOCUMENT, DOCUMENT_VERSION

patches = Patches()

_CONTENT: Final = {
    "schemaVersion": "1.2",
    "description": "Run a shell script or specify the commands to run.",
    "parameters": {
        "commands": {
            "type": "StringList",
            "description": "(Required) Specify a shell script or a command to run.",
            "minItems": 1,
            "displayType": "textarea",
        },
        "workingDirectory": {
            "type": "String",
            "default": "",
            "description": "(Optional) The path to the working directory on your instance.",
            "maxChars": 4096,
        },
        "executionTimeout": {
            "type": "String",
            "default": "3600",
            "description": "(Optional) The time in seconds for a command to complete before it is "
            "considered to have failed. Default is 3600 (1 hour). Maximum is 172800 (48 hours).",
            "allowedPattern": "([1-9][0-9]{0,4})|(1[0-6][0-9]{4})|(17[0-1][0-9]{3})|"
            "(172[0-7][0-9]{2})|(172800)",
        },
    },
    "runtimeConfig": {
        "aws:runShellScript": {
            "properties": [
                {
                    "id": "0.aws:runShellScript",
                    "runCommand": "{{ commands }}",
                    "workingDirectory": "{{ workingDirectory }}",
                    "timeoutSeconds": "{{ executionTimeout }}",
                }
            ]
        }
    },
}


@patches.around(SimpleSystemManagerBackend, "_get_documents")
def _get_documents(moto: Original, self: SimpleSystemManagerBackend, name: str) -> Documents:
    """Find a document by its name or its ARN."""
    _provide(self)
    found = name.rpartition("/")[2]
    if found not in _documents_of(self):
        raise InvalidDocument(
            f"The document {found} does not exist in the local region: it has {DOCUMENT}."
        )
    return moto(self, found)


@patches.around(SimpleSystemManagerBackend, "list_documents")
def _list_documents(
    moto: Original, self: SimpleSystemManagerBackend, *given: Any, **named: Any
) -> tuple[list[dict[str, Any]], str]:
    _provide(self)
    return moto(self, *given, **named)


def _documents_of(backend: SimpleSystemManagerBackend) -> dict[str, Documents]:
    return backend._documents  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _provide(backend: SimpleSystemManagerBackend) -> None:
    """Give an account the document that every account has."""
    documents = _documents_of(backend)
    if DOCUMENT in documents:
        return
    document = Document(
        account_id="Amazon",
        name=DOCUMENT,
        version_name="",
        content=json.dumps(_CONTENT, indent=4),
        document_type="Command",
        document_format="JSON",
        requires=[],
        attachments=[],
        target_type="",
        document_version=DOCUMENT_VERSION,
    )
    # moto types what its models' `__new__` makes loosely.
    found = cast("Document", document)
    found.platform_types = ["Linux", "MacOS"]
    documents[DOCUMENT] = cast("Documents", Documents(found))
