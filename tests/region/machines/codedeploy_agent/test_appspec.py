from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.machines.codedeploy_agent import appspec
from region.machines.errors import AppSpecError

MINIMAL = "version: 0.0\nos: linux\n"


def test_a_whole_appspec():
    spec = appspec.parse(
        MINIMAL
        + """
files:
  - {source: /, destination: /opt/app}
  - {source: /config/app.ini, destination: /opt/app/etc}
file_exists_behavior: OVERWRITE
permissions:
  - {object: /opt/app, pattern: "*.sh", except: [x.sh], mode: 755, owner: root, type: [file]}
hooks:
  BeforeInstall:
    - {location: scripts/a.sh, timeout: 30, runas: root}
  AfterInstall:
"""
    )
    assert [mapping.source for mapping in spec.files] == [".", "config/app.ini"]
    assert spec.permissions[0].bits == 0o755
    assert spec.permissions[0].exclude == ("x.sh",)
    assert spec.hooks["BeforeInstall"][0].timeout == 30
    assert "AfterInstall" not in spec.hooks


def test_timeout_is_an_hour_by_default():
    spec = appspec.parse(MINIMAL + "hooks: {AfterInstall: [{location: x.sh}]}")
    assert spec.hooks["AfterInstall"][0].timeout == 3600


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("version: 0.1\nos: linux", "version"),
        ("os: linux", "version"),
        ("version: 0.0\nos: windows", "os"),
        (MINIMAL + "hook: {}", "hook"),
        (MINIMAL + "hooks: {BeforeStart: [{location: x}]}", "BeforeStart"),
        (MINIMAL + "hooks: {AfterInstall: [{timeout: 3}]}", r"hooks\.AfterInstall\.0\.location"),
        (MINIMAL + "hooks: {AfterInstall: [{location: x, timeout: 0}]}", "timeout"),
        (MINIMAL + "hooks: {AfterInstall: [{location: x, timeout: 9999}]}", "timeout"),
        (MINIMAL + "hooks: {AfterInstall: [{location: ../x}]}", r"location.*out of the revision"),
        (MINIMAL + "hooks: {AfterInstall: [{location: ' '}]}", r"location.*empty"),
        (MINIMAL + "hooks: [a]", "hooks"),
        (MINIMAL + "files: [{source: a/../../b, destination: /opt/x}]", r"files\.0\.source"),
        (MINIMAL + "files: [{source: a, destination: opt/x}]", r"files\.0\.destination"),
        (MINIMAL + "files: [{source: a}]", r"files\.0\.destination"),
        (MINIMAL + "file_exists_behavior: MERGE", "file_exists_behavior"),
        (MINIMAL + "permissions: [{object: /opt/x, mode: rwx}]", r"permissions\.0\.mode"),
        ("version: [", "YAML"),
        ("", "empty"),
        ("just text", "invalid"),
    ],
)
def test_errors_name_the_key(text: str, key: str):
    with pytest.raises(AppSpecError, match=key):
        appspec.parse(text)


def test_appspec_must_be_at_the_root(tmp_path: Path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/appspec.yml").write_text(MINIMAL)
    with pytest.raises(AppSpecError, match=r"no appspec\.yml at its root"):
        appspec.load(tmp_path)
    (tmp_path / "appspec.yaml").write_text(MINIMAL)
    assert appspec.load(tmp_path).os == "linux"


@given(st.text())
def test_any_text_is_parsed_or_refused_with_the_one_error(text: str):
    with suppress(AppSpecError):
        appspec.parse(text)
