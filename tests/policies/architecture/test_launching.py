"""What a launch template has its instances run, as text."""

from __future__ import annotations

import base64

import pytest
from guardrails.architecture.launching import user_data
from guardrails.resources import Resource
from guardrails.values import UNKNOWN

SCRIPT = "#!/bin/bash\n# 서비스를 시작한다\nsystemctl start web\n"
ENCODED = base64.encodebytes(SCRIPT.encode() * 3).decode()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (ENCODED, SCRIPT * 3),
        (ENCODED.replace("\n", ""), SCRIPT * 3),
        (SCRIPT, SCRIPT),
        ("/wA=", "/wA="),
        (UNKNOWN, None),
        (None, None),
    ],
    ids=["on several lines", "on one line", "not encoded", "no text", "unknown", "none"],
)
def test_user_data_is_read_in_plain_text(given: object, text: str | None):
    template = Resource(
        type="aws:ec2/launchTemplate:LaunchTemplate",
        name="web",
        urn="urn:web",
        properties={"userData": given},
    )
    assert user_data(template) == text
