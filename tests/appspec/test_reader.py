"""What AWS's agent makes of a file: the expectations are answers of the agent's own code.

Recorded from application_specification.rb of aws-codedeploy-agent 1.8.1 on Ruby 3.1 (Psych 4).
"""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from appspec import FileMapping, Finding, read

MINIMAL = "version: 0.0\nos: linux\n"
EMPTY = "specification file was empty"
VERSION = r"invalid version value \({}\)"
SYSTEM = r"unsupported operating system \({}\)"
NO_LOCATION = "a script with no location value"
TIMEOUT = "invalid timeout value"
MODE = "permissions mode"


def hook(script):
    return f"{MINIMAL}hooks: {{AfterInstall: [{{location: x, {script}}}]}}"


def permission(entry):
    return f"{MINIMAL}permissions: [{{object: /x, {entry}}}]"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", EMPTY),
        ("# nothing\n", EMPTY),
        ("- a", "not a mapping"),
        ("just text", "not a mapping"),
        ("version: '0.0'\nos: linux", VERSION.format("0.0") + ".*Without the quotes"),
        ("version: 0.1\nos: linux", VERSION.format("0.1")),
        ("version: false\nos: linux", VERSION.format("false")),
        ("os: linux", VERSION.format("")),
        ("version: 0.0\nos: windows", SYSTEM.format("windows") + ".*takes `linux` only"),
        ("version: 0.0\nos: Linux", SYSTEM.format("Linux")),
        ("version: 0.0\nos:\n", SYSTEM.format("")),
        ("version: 0.0\nResources: [{a: 1}]\n", SYSTEM.format("") + ".*for ECS or Lambda"),
        ("version: 0.0\nfiles:\n\t- source: a\n", "indent with spaces, not tabs"),
        (f"\ufeff{MINIMAL}", "byte order mark"),
        (f"\ufeff---\n{MINIMAL}", "byte order mark"),
        (f"{MINIMAL}hooks: []", "`hooks` is not a mapping"),
        (f"{MINIMAL}hooks: x", "`hooks` is not a mapping"),
        (f"{MINIMAL}hooks: {{AfterInstall: x.sh}}", "not a list of scripts"),
        (f"{MINIMAL}hooks: {{AfterInstall: {{location: x}}}}", "not a list of scripts"),
        (f"{MINIMAL}hooks: {{AfterInstall: [x]}}", "not a mapping"),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{location: }}]}}", NO_LOCATION),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{location: ' '}}]}}", NO_LOCATION),
        (f"{MINIMAL}hooks: {{AfterInstall: [{{timeout: 3}}]}}", NO_LOCATION),
        (hook("timeout: abc"), TIMEOUT),
        (hook("timeout: ''"), TIMEOUT),
        (hook("timeout: 0"), TIMEOUT),
        (hook("timeout: -5"), TIMEOUT),
        (hook("timeout: 0.5"), TIMEOUT),
        (hook("timeout: true"), TIMEOUT),
        (hook("timeout: [1]"), TIMEOUT),
        (hook("timeout: .inf"), TIMEOUT),
        (hook("timeout: '0x1A'"), TIMEOUT),
        (hook("timeout: 2020-01-01"), "is a date"),
        (f"{MINIMAL}files: x", "not a list"),
        (f"{MINIMAL}files: {{source: a, destination: /b}}", "not a list"),
        (f"{MINIMAL}files: [a]", "not a mapping"),
        (f"{MINIMAL}files: [~]", "not a mapping"),
        (f"{MINIMAL}files: [{{source: a}}]", r"only a source file \(a\)"),
        (f"{MINIMAL}files: [{{destination: /a}}]", "no source file"),
        (f"{MINIMAL}files: [{{source: 5, destination: /a}}]", "must be texts"),
        (f"{MINIMAL}file_exists_behavior: MERGE", r"file_exists_behavior value \(MERGE\)"),
        (f"{MINIMAL}file_exists_behavior: overwrite", "file_exists_behavior value"),
        (f"{MINIMAL}permissions: [{{mode: 755}}]", "no object value"),
        (f"{MINIMAL}permissions: [x]", "not a mapping"),
        (permission("mode: 0755"), r"mode \(493\) .*character \(9\).*write 755"),
        (permission("mode: rwx"), MODE),
        (permission("mode: 77777"), r"length of a permissions mode"),
        (permission("mode: 9"), r"mode \(009\)"),
        (permission("mode: true"), MODE),
        (permission("mode: 0o755"), "length of a permissions mode"),
        (permission("type: file"), "`type` is not a list"),
        (permission("type: [link]"), r"not supported for permissions \(link\)"),
        (permission("except: x"), "`except` is not a list"),
        (permission("owner: 5"), "names only"),
        (permission("acls: x"), "`acls` is not a list"),
        (permission("acls: ['u::rw']"), "Use mode to set the base acl entry"),
        (permission("acls: ['bob:q']"), r"invalid character \(q\)"),
        (permission("acls: ['a:b:c:d:e']"), "Invalid acl entry"),
        (permission("acls: ['d:d:x:r']"), "Invalid acl entry"),
        (permission("acls: ['m:bob:r']"), "Invalid acl entry"),
        (permission("acls: [5]"), "not a text"),
        (permission("context: {}"), "invalid context type"),
        (permission("context: {type: t, range: x}"), "invalid range"),
        (f"{MINIMAL}x: &a 1\ny: *a\n", "alias"),
        (f"{MINIMAL}x: &a [*a]", "alias"),
        (f"{MINIMAL}\tfoo: 1", "not YAML"),
        (f"{MINIMAL}files:\n\t- a", "not YAML"),
        (f"{MINIMAL}files:\n- source: /\n  destination: /x\n overwrite: yes\n", "not YAML"),
        (f"{MINIMAL}x: !ruby/object:Object {{}}", "!ruby"),
        ("version: [", "not YAML"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_what_the_agent_rejects(text, reason):
    reading = read(text)
    assert reading.spec is None
    assert re.search(reason, reading.errors[0].text, re.DOTALL), reading.errors


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL.replace("\n", "\r\n"),
        f"\ufeff# a comment\n{MINIMAL}",
        "version: 0\nos: linux",
        "version: -0.0\nos: linux",
        f"%YAML 1.1\n---\n{MINIMAL}",
        f"{MINIMAL}---\nanother: document\n",
        f"{MINIMAL}hooks:\n",
        f"{MINIMAL}hooks: no",
        f"{MINIMAL}hooks: {{AfterInstall: }}",
        f"{MINIMAL}files:\n",
        f"{MINIMAL}files: {{}}",
        f"{MINIMAL}permissions: {{}}",
        f"{MINIMAL}file_exists_behavior:",
        f"{MINIMAL}x: 2020-99-99",
        f"{MINIMAL}x: !!python/object:os.system 1",
        f"{MINIMAL}x: &a {{b: c}}",
        f"{MINIMAL}? [a]\n: b\n",
        f"{MINIMAL}x: =",
    ],
)
def test_what_the_agent_accepts_as_empty(text):
    spec = read(text).spec
    assert spec is not None
    assert (spec.files, spec.hooks, spec.permissions, spec.file_exists_behavior) == (
        (),
        {},
        (),
        None,
    )


def test_a_whole_file():
    reading = read(
        MINIMAL
        + """
files:
  - source: ./
    destination: /home/ec2-user/app
  - {source: /config/app.ini, destination: /etc}
file_exists_behavior: OVERWRITE
permissions:
  - {object: /opt/app, pattern: "*.sh", except: [x.sh], mode: 755, owner: app, type: [file]}
hooks:
  BeforeInstall:
    - {location: /scripts/a.sh, timeout: 30, runas: ec2-user}
  AfterInstall:
"""
    )
    spec = reading.spec
    assert spec is not None
    assert reading.hints == ()
    assert spec.files == (
        FileMapping("./", "/home/ec2-user/app", 5),
        FileMapping("/config/app.ini", "/etc", 7),
    )
    assert spec.file_exists_behavior == "OVERWRITE"
    (found,) = spec.permissions
    assert (found.mode, found.owner, found.exclude, found.line) == ("755", "app", ("x.sh",), 10)
    (script,) = spec.hooks["BeforeInstall"]
    assert (script.location, script.timeout, script.runas, script.line) == (
        *("/scripts/a.sh", 30, "ec2-user", 13),
    )
    assert "AfterInstall" not in spec.hooks
    assert spec.unknown_events == ()


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        *(("'300'", 300), ("5m", 5), ("2.5", 2), ("010", 8), ("0x10", 16), ("1_000", 1000)),
        *(("", 3600), ("~", 3600), ("9999", 9999), ("1e3", 1), ("' 12 '", 12), ("'1_0'", 10)),
    ],
)
def test_timeouts_are_read_as_ruby_reads_them(written, seconds):
    spec = read(hook(f"timeout: {written}")).spec
    assert spec is not None
    assert spec.hooks["AfterInstall"][0].timeout == seconds


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        *(("755", "755"), ("0644", "420"), ("'0644'", "0644"), ("4755", "4755"), ("7", "007")),
        *(("''", "000"), ("075", "061")),
    ],
)
def test_modes_are_the_digits_that_yaml_leaves(written, mode):
    spec = read(permission(f"mode: {written}")).spec
    assert spec is not None
    assert spec.permissions[0].mode == mode


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        (
            f"{MINIMAL}files:\n- source: /\n  destination: /x\n  overwrite: yes\n",
            *(6, r"`overwrite` of an entry of files has no effect.*file_exists_behavior"),
        ),
        (f"{MINIMAL}branch_config:\n  a: 1\n", 3, "`branch_config` has no effect"),
        (f"{MINIMAL}hook: {{}}", 3, "did you mean `hooks`"),
        (f"{MINIMAL}Resources: []", 3, "ECS and Lambda"),
        (hook("sudo: true"), 3, "root already"),
        (hook("sudo: true, shell: bash"), 3, "`shell` of a script of AfterInstall"),
        (hook("timeout: 5m"), 3, "means 5 seconds"),
        (f"{MINIMAL}hooks: {{Install: [{{location: x}}]}}", 3, "never run"),
        (
            (
                f"{MINIMAL}hooks:\n  AfterInstall:\n  - {{location: x, timeout: 3000}}\n"
                "  - {location: y, timeout: 900}\n"
            ),
            *(4, "add up to 3900 s"),
        ),
        (f"{MINIMAL}files: [{{source: a, destination: app}}]", 3, "'app' is relative"),
        (permission("mode: 0644"), 3, "0644 sets 420"),
        (permission("acls: ['u:bob:rw']"), 3, "`acls` is checked, but"),
        (permission("context: {type: t}"), 3, "`context` is checked, but"),
        (f"{MINIMAL}files: []\nfiles: []\n", 3, "given again"),
        (f"{MINIMAL}hooks:\n  AfterInstall:\n  AfterInstall:\n", 4, "given again"),
    ],
)
def test_what_has_no_effect_is_a_hint_with_its_line(text, line, hint):
    reading = read(text)
    assert reading.spec is not None
    assert reading.spec.hints == reading.hints
    assert [found for found in reading.hints if found.line == line and re.search(hint, found.text)]


def test_the_last_of_two_equal_keys_wins():
    spec = read(f"{MINIMAL}hooks: {{AfterInstall: [{{location: a}}]}}\nhooks: {{}}\n").spec
    assert spec is not None
    assert spec.hooks == {}


def test_unknown_events_are_accepted_here_and_fail_the_installation():
    spec = read(f"{MINIMAL}hooks:\n  BeforeStart: [{{location: x}}]\n  yes: []\n").spec
    assert spec is not None
    assert spec.unknown_events == ("BeforeStart", "true")
    assert spec.hook_lines["BeforeStart"] == 4


def test_a_default_acl_is_noticed():
    spec = read(permission("acls: ['u:bob:rw', 'd:u:bob:7']")).spec
    assert spec is not None
    assert spec.permissions[0].default_acl


def test_every_error_is_found_and_the_agents_first_one_comes_first():
    reading = read("version: 1\nos: mac\nfiles: [{source: a}]\nhooks: {AfterInstall: [{}]}\n")
    assert [found.line for found in reading.errors] == [1, 2, 4, 3]
    assert Finding(3, "x").at("appspec.yml") == "appspec.yml:3: x"


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 9999), st.floats(), st.text(max_size=5)
)
KEYS = st.sampled_from(
    [
        *("version", "os", "files", "hooks", "permissions", "file_exists_behavior", "source"),
        *("destination", "location", "timeout", "runas", "sudo", "object", "mode", "acls", "type"),
        *("except", "context", "owner", "AfterInstall", "Install", "x"),
    ]
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_any_document_gives_a_specification_or_errors(document):
    content = document if not isinstance(document, dict) else {**document}
    if isinstance(content, dict):
        content |= {"version": 0.0, "os": "linux"}
    reading = read(yaml.safe_dump(content, allow_unicode=True))
    assert (reading.spec is None) == bool(reading.errors)
    assert all(found.line >= 1 for found in (*reading.errors, *reading.hints))


@given(st.text())
def test_any_text_gives_a_specification_or_errors(text):
    reading = read(text)
    assert (reading.spec is None) == bool(reading.errors)


@given(st.text(alphabet="{}[]:,-&*!|>'\"#%@` \n\tab0.\ufeff", max_size=60))
def test_any_markup_gives_a_specification_or_errors(text):
    reading = read(f"version: 0.0\nos: linux\n{text}")
    assert (reading.spec is None) == bool(reading.errors)


NUMBERS = st.sampled_from(
    ["9" * 5000, "-" + "9" * 5000, "0x" + "f" * 5000, "0b" + "1" * 20_000, "0" + "7" * 6000,
     "1:" + "5" * 5000, "1e999", "-.inf", ".nan", "1_000", "0.0" + "0" * 5000, "٣", "2020-01-01",
     "2020-99-99 25:00:00", "!!int x", "!!float y", "!!bool z", "!!int '" + "9" * 5000 + "'",
     "!!timestamp x", "!!binary x", "0x", "0b", "+", "~"]
)  # fmt: skip
PLACES = st.sampled_from(
    ["version: {}\nos: linux\n", "version: 0.0\nos: {}\n", MINIMAL + "files: {}\n",
     MINIMAL + "file_exists_behavior: {}\n", MINIMAL + "{}: {}\n", MINIMAL + "hooks: {{{}: {}}}\n",
     MINIMAL + "files: [{{source: {}, destination: {}}}]\n",
     MINIMAL + "hooks: {{AfterInstall: [{{location: x, timeout: {}}}]}}\n",
     MINIMAL + "hooks: {{AfterInstall: [{{location: x, runas: {}, sudo: {}, timeout: 1{}}}]}}\n",
     MINIMAL + "permissions: [{{object: {}, mode: {}, owner: {}, type: [{}], except: [{}]}}]\n",
     MINIMAL + "permissions: [{{object: /x, mode: {}, acls: [{}], context: {{type: {}}}}}]\n"]
)  # fmt: skip


@given(PLACES, st.lists(NUMBERS, min_size=8, max_size=8))
def test_no_scalar_anywhere_raises(place, numbers):
    reading = read(place.format(*numbers))
    assert reading.spec is not None or all(str(error.at("appspec.yml")) for error in reading.errors)
    assert (reading.spec is None) == bool(reading.errors)
