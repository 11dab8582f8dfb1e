"""Cloud-config: files, commands, packages, and what is wrong with them."""

from __future__ import annotations

import base64
import gzip
import subprocess
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from region.machines.cloudinit import config


def _parse(text: str) -> config.CloudConfig:
    return config.parse([f"#cloud-config\n{text}".encode()])


def test_files_have_content_owner_and_permissions():
    packed = base64.b64encode(gzip.compress(b"packed")).decode()
    found = _parse(
        f"""
write_files:
  - {{path: /a, content: "x\\n", permissions: '0750', owner: 'app:web'}}
  - {{path: deep/b, content: aGVsbG8=, encoding: b64, append: true}}
  - {{path: /c, permissions: 0600, defer: yes}}
  - {{path: /d, content: {packed}, encoding: gz+b64}}
  - {{path: /e, content: !!binary {packed}, encoding: gzip}}
"""
    )
    assert found.problems == []
    assert [(file.path, file.content, file.mode, file.owner) for file in found.write_files] == [
        ("/a", b"x\n", 0o750, "app:web"),
        ("/deep/b", b"hello", 0o644, "root:root"),
        ("/c", b"", 0o600, "root:root"),
        ("/d", b"packed", 0o644, "root:root"),
        ("/e", b"packed", 0o644, "root:root"),
    ]
    assert [(file.append, file.defer) for file in found.write_files[1:3]] == [
        (True, False), (False, True)
    ]  # fmt: skip


def test_commands_become_one_script_with_words_quoted():
    found = _parse("""runcmd: ["cd /", [printf, "%s|", "a'b", $HOME, true, 1.5], pwd]""")
    done = subprocess.run(["sh", "-c", found.runcmd], capture_output=True, text=True, check=True)
    assert done.stdout == "a'b|$HOME|True|1.5|/\n"


def test_null_is_no_request_and_later_keys_replace():
    found = config.parse([b"runcmd: [a]\nbootcmd: [b]", b"runcmd: [c]\nbootcmd: null\nusers: null"])
    assert (found.runcmd, found.bootcmd, found.problems) == ("#!/bin/sh\nc\n", "", [])


def test_packages_with_and_without_a_version():
    found = _parse("packages: [git, [nginx, 1.24], '-y', 'a b', 7zip]")
    assert found.packages == ["git", "nginx-1.24", "7zip"]
    assert len(found.problems) == 2


def test_what_has_no_effect_is_noted():
    found = _parse("users: [default]\nssh_authorized_keys: [x]\nswap: {filename: /s}")
    assert (len(found.notes), found.problems) == (3, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ntp: {}", "ntp is not supported"),
        ("write_files: [{path: /x, permissions: rwx}]", "permissions 'rwx' of /x"),
        ("write_files: [{content: x}]", "No path provided"),
        ("write_files: [{path: /x, content: a, encoding: b64}]", "not b64"),
        ("write_files: [{path: /x, encoding: rot13}]", "Unknown encoding type 'rot13'"),
        ("write_files: {path: /x}", "expected a list"),
        ("runcmd: nothing", "expected a list of commands"),
        ("runcmd: [{a: b}]", "Unable to shellify"),
        ("runcmd: [", "Failed loading yaml"),
        (f"runcmd: [{'1' * 5000}]", "Failed loading yaml"),
        ("- a list", "has to be a mapping"),
    ],
)
def test_what_is_wrong_is_a_problem(text: str, problem: str):
    assert [problem in found for found in _parse(text).problems] == [True]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["path", "content", "encoding", "permissions", "owner", "append"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["runcmd", "bootcmd", "write_files", "packages", "x"]), VALUES)
)
def test_no_value_raises(document: dict[str, Any]):
    config.parse([yaml.safe_dump(document).encode()])
