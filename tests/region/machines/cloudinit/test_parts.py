"""User data of every format that EC2's users send."""

from __future__ import annotations

import gzip
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.machines.cloudinit import parts

CONFIG = "#cloud-config\nruncmd: [id]\n"


def _multipart(*texts: tuple[str, str, str]) -> MIMEMultipart:
    whole = MIMEMultipart()
    for text, kind, name in texts:
        part = MIMEText(text, kind)
        if name:
            part.add_header("Content-Disposition", "attachment", filename=name)
        whole.attach(part)
    return whole


@pytest.mark.parametrize(
    ("user_data", "kinds"),
    [
        (b"", []),
        (b" \n", []),
        (CONFIG.encode(), ["config"]),
        (b"#cloud-config \r\nruncmd:\r\n- id\r\n", ["config"]),
        (b"\n#!/bin/bash\necho\n", ["script"]),
        (b"#!/usr/bin/python3\n", ["script"]),
        (b"#cloud-boothook\n#!/bin/sh\n", ["boothook"]),
        pytest.param(gzip.compress(gzip.compress(CONFIG.encode())), ["config"], id="gzip-twice"),
        (b"#cloud-config-archive\n- '#!/bin/sh'\n- {type: text/cloud-config, content: 'a: 1'}\n",
         ["script", "config"]),
    ],
)  # fmt: skip
def test_a_format_is_known_by_how_it_begins(user_data: bytes, kinds: list[str]):
    found = parts.split(user_data)
    assert ([part.kind for part in found.parts], found.problems) == (kinds, [])


def test_the_parts_of_a_multipart_keep_order_and_names():
    inner = _multipart(("#!/bin/sh\ntrue\n", "x-shellscript", "../../b.sh"))
    whole = _multipart((CONFIG, "cloud-config", ""), (CONFIG, "plain", ""))
    whole.attach(inner)
    found = parts.split(gzip.compress(whole.as_bytes()))
    assert [(part.kind, part.name) for part in found.parts] == [
        ("config", "part-001"), ("config", "part-002"), ("script", "b.sh")
    ]  # fmt: skip
    assert found.parts[2].content.startswith(b"#!/bin/sh")


@pytest.mark.parametrize(
    ("user_data", "problem"),
    [
        (b"hello", "Unhandled non-multipart"),
        (b"\xef\xbb\xbf#cloud-config\n", "byte order mark"),
        (b"# comment\n#cloud-config\n", "Unhandled non-multipart"),
        (b"## template: jinja\n#cloud-config\n", "text/jinja2"),
        (b"#include\nhttp://example.com/\n", "text/x-include-url"),
        (b"#include-once\nhttp://example.com/\n", "text/x-include-once-url"),
        (b"#part-handler\n", "text/part-handler"),
        (b"\x1f\x8bbroken", "not a gzip"),
        pytest.param(gzip.compress(bytes(20 * 1024**2)), "not a gzip that unpacks", id="too-much"),
        (b"#cloud-config-archive\n[", "not valid YAML"),
        (b"#cloud-config-archive\n[1]", "has no content"),
    ],
)
def test_what_is_not_handled_is_a_problem(user_data: bytes, problem: str):
    found = parts.split(user_data)
    assert found.parts == []
    assert [problem in text for text in found.problems] == [True]


def test_nesting_has_an_end():
    data = CONFIG.encode()
    for _ in range(50):
        data = gzip.compress(data)
    assert "nested too deeply" in parts.split(data).problems[0]


@given(
    st.binary()
    | st.sampled_from(["#!", "#cloud-config-archive\n", "MIME-Version: 1.0\nContent-Type: multipart/x\n"])
    .flatmap(lambda start: st.text().map(lambda rest: (start + rest).encode()))
)  # fmt: skip
def test_no_user_data_raises(user_data: bytes):
    parts.split(user_data)
