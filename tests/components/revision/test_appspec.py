"""A revision that is certain to fail is rejected before anything is planned, with file and line."""

from __future__ import annotations

import re

import pytest

from components.errors import ConfigurationError
from components.revision.appspec import check_appspec
from components.revision.bundle import build_bundle, bundle_members

MINIMAL = "version: 0.0\nos: linux\n"


@pytest.fixture
def revision(tmp_path):
    def make(text, **files):
        directory = tmp_path / "revision"
        (directory / "scripts").mkdir(parents=True)
        (directory / "scripts/start.sh").write_text("#!/bin/sh\n")
        (directory / "app/empty").mkdir(parents=True)
        (directory / "app/main.py").write_text("")
        for name, content in files.items():
            (directory / name.replace("_", ".")).write_bytes(content)
        (directory / "appspec.yml").write_text(text)
        return directory

    return make


def check(directory):
    return check_appspec(directory, bundle_members(directory))


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL,
        MINIMAL + "files:\n  - {source: /, destination: /opt/app}\n",
        MINIMAL + "files: [{source: scripts, destination: /x}]\nhooks:\n",
        MINIMAL + "files: [{source: ., destination: /x}, {source: ./app/, destination: /y}]\n",
        MINIMAL + "files: [{source: app/main.py, destination: /x/}]\n",
        MINIMAL + "hooks: {ApplicationStart: [{location: scripts/start.sh}], AfterInstall: }\n",
        MINIMAL + "hooks: {ApplicationStart: [{location: /scripts/start.sh, runas: app}]}\n",
        MINIMAL + "hooks: {ApplicationStart: [{location: ./scripts/../scripts/start.sh}]}\n",
        MINIMAL + "files: [{source: app, destination: /x}]\npermissions: [{object: /x, mode: 755}]",
    ],
)
def test_a_revision_that_can_be_deployed(revision, text):
    assert check(revision(text)) == ()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("version: 0.0\nos: windows\n", 2, r"unsupported operating system \(windows\)"),
        ("version: 1.0\nos: linux\n", 1, r"invalid version value \(1\.0\)"),
        (f"\ufeff{MINIMAL}", 1, "byte order mark"),
        ("", 1, "empty"),
        ("hooks: [", 1, "not YAML"),
        ("- a\n", 1, "not a mapping"),
        (
            f"{MINIMAL}hooks:\n  BeforeStart: [{{location: scripts/start.sh}}]\n",
            4,
            "not a lifecycle",
        ),
        (f"{MINIMAL}hooks:\n  AfterInstall:\n  - location: gone.sh\n", 5, '"gone.sh" for AfterI'),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{location: scripts}}]}}", 3, "is not a file"),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{location: ../x.sh}}]}}", 3, "outside the revision"),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{location: crlf.sh}}]}}", 3, "line ends .*'/bin/sh"),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{location: mark.sh}}]}}", 3, "byte order mark"),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{location: a b.sh}}]}}", 3, "has a space"),
        (f"{MINIMAL}files:\n- source: app.jar\n  destination: /x\n", 4, "no such file"),
        (f"{MINIMAL}files: [{{source: app/empty, destination: /x}}]\n", 3, "no such file"),
        (f"{MINIMAL}files: [{{source: ../x, destination: /x}}]\n", 3, "outside the revision"),
        (
            (
                f"{MINIMAL}files:\n- {{source: app, destination: /x}}\n"
                "- {source: app/main.py, destination: /x/}\n"
            ),
            *(5, r'both "app/main.py" and "app/main.py" as /x/main.py'),
        ),
        (
            (
                f"{MINIMAL}files: [{{source: app, destination: /x}}]\n"
                'permissions:\n- object: /x/main.py\n  pattern: "*.py"\n'
            ),
            *(5, "`pattern` and `except` are rejected"),
        ),
        (
            (
                f"{MINIMAL}files: [{{source: app, destination: /x}}]\n"
                "permissions: [{object: /x/main.py, acls: ['d:u:bob:r']}]\n"
            ),
            *(4, "default entry"),
        ),
        (
            (
                f"{MINIMAL}files: [{{source: app, destination: /x}}]\n"
                "permissions:\n- {object: /x/main.py, mode: 600}\n- {object: /x//main.py, mode: 644}\n"
            ),
            *(6, "more than once"),
        ),
        (f"{MINIMAL}permissions:\n- object: /x\n  mode: 0755\n", 4, r"mode \(493\)"),
    ],
)
def test_what_is_certain_to_fail_is_named_with_its_line(revision, text, line, reason):
    directory = revision(
        text, crlf_sh=b"#!/bin/sh\r\n", mark_sh=b"\xef\xbb\xbf#!/bin/sh\n", **{"a b_sh": b""}
    )
    with pytest.raises(ConfigurationError) as raised:
        check(directory)
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith(f"{directory}/appspec.yml:{line}: ")
    assert re.search(reason, message)


def test_every_problem_is_named_with_the_remedy_and_nothing_is_written(revision, tmp_path):
    directory = revision(
        f"{MINIMAL}files: [{{source: app.jar, destination: /opt}}]\n"
        "hooks:\n  AfterInstall: [{location: scripts/start.sh}, {location: scripts/gone.sh}]\n"
        "  ValidateService: [{location: scripts}]\n"
    )
    with pytest.raises(ConfigurationError) as raised:
        build_bundle(directory, tmp_path / "cache")
    first, second, third = str(raised.value).splitlines()
    assert 'installs "app.jar"' in first
    assert 'the script "scripts/gone.sh" for AfterInstall' in second
    assert 'the script "scripts" for ValidateService' in third
    assert all("or remove the" in line for line in (first, second, third))
    assert not (tmp_path / "cache").exists()


def test_a_file_that_is_left_out_of_the_bundle_is_missing(revision):
    directory = revision(f"{MINIMAL}hooks: {{AfterInstall: [{{location: .venv/x.sh}}]}}")
    (directory / ".venv").mkdir()
    (directory / ".venv/x.sh").write_text("")
    with pytest.raises(ConfigurationError, match="not a file of the revision"):
        check(directory)


def test_scripts_of_events_that_run_none_need_not_exist(revision):
    (hint,) = check(revision(f"{MINIMAL}hooks: {{Install: [{{location: gone.sh}}]}}"))
    assert "never run" in hint


def test_what_has_no_effect_is_no_error(revision):
    hints = check(
        revision(
            f"{MINIMAL}files:\n- source: /\n  destination: /srv\n  overwrite: yes\nsudo: true\n"
        )
    )
    assert [hint.rpartition("/")[2].partition(" has")[0] for hint in hints] == [
        "appspec.yml:6: `overwrite` of an entry of files",
        "appspec.yml:7: `sudo`",
    ]


def test_what_is_not_text_is_one_message(revision):
    directory = revision(MINIMAL)
    (directory / "appspec.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="save it as UTF-8"):
        check(directory)
