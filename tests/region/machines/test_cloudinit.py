from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from region.machines import cloudinit
from region.machines.errors import CloudConfigError
from region.machines.inside import write_files


def _parse(text: str) -> cloudinit.CloudConfig:
    return cloudinit.parse(f"#cloud-config\n{text}".encode())


def test_files_are_written_with_content_and_permissions(tmp_path: Path, monkeypatch):
    owners: list[tuple[Path, int, int]] = []
    monkeypatch.setattr("os.chown", lambda *who: owners.append(who))
    config = _parse(
        f"""
write_files:
  - {{path: {tmp_path}/a, content: "x\\n", permissions: '0750'}}
  - {{path: {tmp_path}/deep/b, content: aGVsbG8=, encoding: b64}}
  - {{path: {tmp_path}/c, content: '', permissions: 0600}}
"""
    )
    write_files.main({"files": cloudinit.files(config)})
    first, second, third = tmp_path / "a", tmp_path / "deep" / "b", tmp_path / "c"
    assert (first.read_text(), first.stat().st_mode & 0o777) == ("x\n", 0o750)
    assert (second.read_bytes(), second.stat().st_mode & 0o777) == (b"hello", 0o644)
    assert third.stat().st_mode & 0o777 == 0o600
    assert owners == [(path, 0, 0) for path in (first, second, third)]


def test_a_relative_path_is_refused():
    with pytest.raises(CloudConfigError, match=r"write_files\.0\.path"):
        _parse("write_files: [{path: etc/x}]")


def test_runcmd_becomes_one_script_with_words_quoted():
    config = _parse("""runcmd: ["cd /", [printf, "%s|", "a b", "$HOME"], 'pwd']""")
    done = subprocess.run(["sh", "-c", config.script()], capture_output=True, text=True, check=True)
    assert done.stdout == "a b|$HOME|/\n"


def test_empty_user_data_is_an_empty_configuration():
    assert cloudinit.parse(b"") == cloudinit.CloudConfig()
    assert cloudinit.parse(b"#cloud-config\n") == cloudinit.CloudConfig()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("packages: [nginx]", "packages"),
        ("write_files: [{path: /opt/x, permissions: rwx}]", r"permissions.*'rwx'"),
        ("write_files: [{content: x}]", r"write_files\.0\.path"),
        ("write_files: [{path: /opt/x, defer: true}]", "defer"),
        ("runcmd: nothing", "runcmd"),
        ("runcmd: [", "YAML"),
        ("- a list", "document"),
    ],
)
def test_unsupported_keys_are_rejected_by_name(text: str, message: str):
    with pytest.raises(CloudConfigError, match=message):
        _parse(text)


def test_wrong_header_size_encoding_and_base64():
    with pytest.raises(CloudConfigError, match="#cloud-config"):
        cloudinit.parse(b"#!/bin/bash\ntrue\n")
    with pytest.raises(CloudConfigError, match="16384"):
        cloudinit.parse(b"#cloud-config\n" + b"#" * 16384)
    with pytest.raises(CloudConfigError, match="UTF-8"):
        cloudinit.parse(b"#cloud-config\n\xff")
    config = _parse("write_files: [{path: /opt/haproof/x, content: a, encoding: b64}]")
    with pytest.raises(CloudConfigError, match="base64"):
        cloudinit.files(config)
