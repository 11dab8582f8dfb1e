"""The installer on a directory of the test's: no machine is needed to follow the agent's rules."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.machines.codedeploy_agent.inside import install


@pytest.fixture
def archive(tmp_path):
    made = tmp_path / "archive"
    (made / "app/sub").mkdir(parents=True)
    (made / "appspec.yml").write_text("version: 0.0\nos: linux\n")
    (made / "app/main.py").write_text("1")
    (made / "app/sub/util.py").write_text("2")
    (made / "app/link.py").symlink_to("main.py")
    (made / "run.sh").write_text("#!/bin/sh\n")
    (made / "run.sh").chmod(0o4750)
    os.utime(made / "run.sh", (1_000_000_000, 1_000_000_000))
    return made


@pytest.fixture
def run(tmp_path, archive):
    """Runs the program; destinations and objects are given relative to the test's directory."""
    state = tmp_path / "state"
    (tmp_path / "passwd").write_text(f"root:x:0:0::/root:/bin/sh\nme:x:{os.geteuid()}:7::/:\n")
    (tmp_path / "group").write_text(f"staff:x:{os.getegid()}:\n")

    def call(*files, permissions=(), behavior="DISALLOW"):
        plain = {"pattern": "**", "except": (), "type": ["file", "directory"], "mode": None}
        plain |= {"owner": None, "group": None, "default_acl": False}
        return install.main(
            {
                "archive": str(archive),
                "files": [
                    {"source": source, "destination": f"{tmp_path}/{destination}"}
                    for source, destination in files
                ],
                "permissions": [
                    {**plain, **entry, "object": f"{tmp_path}/{entry['object']}"}
                    for entry in permissions
                ],
                "behavior": behavior,
                "cleanup": str(state / "g-cleanup"),
                "record": str(state / "g-install.json"),
                "success": str(state / "g_last_successful_install"),
                "deployment": "/deployments/d-1",
                "users": str(tmp_path / "passwd"),
                "groups": str(tmp_path / "group"),
            }
        )

    return call


APP = ("app", "out/app")


def mode(path):
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize(
    "destination", ["out/app", "out/app/", "out//app", "out/x/../app", "./out/app"]
)
@pytest.mark.parametrize("source", ["app", "app/", "/app", "./app", "app/."])
def test_a_directory_means_its_content(run, tmp_path, source, destination):
    assert run((source, destination)) == {"installed": 3, "hints": []}
    assert (tmp_path / "out/app/sub/util.py").read_text() == "2"
    assert (tmp_path / "out/app/link.py").readlink() == Path("main.py")


@pytest.mark.parametrize("source", ["/", ".", "./", ""])
def test_the_whole_revision(run, tmp_path, source):
    assert run((source, "srv"))["installed"] == 5
    assert (tmp_path / "srv/app/main.py").exists()


@pytest.mark.parametrize("destination", ["bin", "bin/"])
def test_a_file_goes_into_the_directory_and_keeps_mode_and_time(run, tmp_path, destination):
    assert run(("run.sh", destination))["installed"] == 1
    assert mode(tmp_path / "bin/run.sh") == 0o4750
    assert (tmp_path / "bin/run.sh").stat().st_mtime == 1_000_000_000


def test_new_directories_have_the_agents_mode(run, tmp_path, archive):
    (archive / "app").chmod(0o700)
    run(APP)
    assert mode(tmp_path / "out/app") == 0o755


def test_the_previous_installation_is_removed_first(run, tmp_path, archive):
    run(APP)
    (tmp_path / "out/app/own.log").write_text("made by the service")
    (tmp_path / "out/app/sub/__pycache__").mkdir()
    (archive / "app/sub/util.py").unlink()
    (archive / "app/main.py").write_text("new")
    assert run(APP)["installed"] == 2
    assert (tmp_path / "out/app/main.py").read_text() == "new"
    assert not (tmp_path / "out/app/sub/util.py").exists()
    assert (tmp_path / "out/app/sub/__pycache__").is_dir()
    assert (tmp_path / "out/app/own.log").exists()


def test_directories_go_when_they_are_empty_and_only_if_the_agent_made_them(run, tmp_path, archive):
    (tmp_path / "out").mkdir()
    run(("app", "out/new/app"))
    assert run() == {"installed": 0, "hints": []}
    assert (tmp_path / "out").is_dir()
    assert not (tmp_path / "out/new").exists()


def test_a_link_that_replaced_an_installed_file_is_removed_and_not_its_target(run, tmp_path):
    run(APP)
    (tmp_path / "precious").write_text("x")
    (tmp_path / "out/app/main.py").unlink()
    (tmp_path / "out/app/main.py").symlink_to(tmp_path / "precious")
    run()
    assert (tmp_path / "precious").exists()
    assert not (tmp_path / "out/app/main.py").is_symlink()


def test_an_interrupted_line_of_the_cleanup_file_is_ignored(run, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "keep").write_text("")
    (tmp_path / "state/g-cleanup").write_text(f"semanage\0/x\n{tmp_path}/keep")
    run()
    assert (tmp_path / "keep").exists()


def test_an_existing_file_stops_it_before_anything_is_copied(run, tmp_path):
    (tmp_path / "out/app/sub").mkdir(parents=True)
    (tmp_path / "out/app/sub/util.py").write_text("theirs")
    error = run(APP)["error"]
    assert error.endswith(f"already exists at this location: {tmp_path}/out/app/sub/util.py")
    assert not (tmp_path / "out/app/main.py").exists()


@pytest.mark.parametrize(("behavior", "content"), [("OVERWRITE", "1"), ("RETAIN", "theirs")])
def test_an_existing_file(run, tmp_path, behavior, content):
    (tmp_path / "out/app").mkdir(parents=True)
    (tmp_path / "out/app/main.py").write_text("theirs")
    assert "error" not in run(APP, behavior=behavior)
    assert (tmp_path / "out/app/main.py").read_text() == content


def test_an_existing_directory_in_the_place_of_a_file(run, tmp_path):
    (tmp_path / "bin/run.sh").mkdir(parents=True)
    assert "already exists" in run(("run.sh", "bin"))["error"]
    # As `cp`, Ruby's copy then goes into the directory.
    assert "error" not in run(("run.sh", "bin"), behavior="OVERWRITE")
    assert (tmp_path / "bin/run.sh/run.sh").is_file()


def test_an_existing_file_in_the_place_of_a_directory(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/app").write_text("a file")
    assert run(APP, behavior="OVERWRITE") == {"error": f"File exists - {tmp_path}/out/app"}


def test_links_at_the_destination_are_followed(run, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/app").symlink_to(tmp_path / "data")
    assert "error" not in run(APP)
    assert (tmp_path / "data/main.py").read_text() == "1"


def test_a_link_of_the_revision_does_not_replace_an_existing_file(run, tmp_path):
    (tmp_path / "out/app").mkdir(parents=True)
    (tmp_path / "out/app/link.py").write_text("theirs")
    assert run(APP, behavior="OVERWRITE")["error"].startswith("File exists - ")


def test_a_linked_directory_is_copied_and_an_endless_one_refused(run, tmp_path, archive):
    (archive / "app/more").symlink_to("sub")
    assert run(APP)["installed"] == 4
    assert not (tmp_path / "out/app/more").is_symlink()
    (archive / "app/sub/up").symlink_to("..")
    assert "up of the revision leads to a directory that contains it" in run(APP)["error"]


def test_a_missing_source_is_named(run, archive):
    error = run(("nothing.jar", "opt"))["error"]
    assert error.startswith(f"No such file or directory @ rb_sysopen - {archive}/nothing.jar")
    assert "nothing.jar: correct" in error


def test_two_sources_for_one_destination(run):
    assert "two source files" in run(("run.sh", "a"), ("/run.sh", "a/"))["error"]
    assert "mkdir command more than once" in run(("run.sh", "a"), ("app", "a/run.sh"))["error"]
    assert "calls for installing the file" in run(("app", "a/run.sh"), ("run.sh", "a"))["error"]


def test_the_instructions_are_recorded_as_the_agent_does(run, tmp_path):
    run(("run.sh", "bin"), permissions=[{"object": "bin/run.sh", "mode": "600"}])
    recorded = json.loads((tmp_path / "state/g-install.json").read_text())["instructions"]
    assert [entry["type"] for entry in recorded] == ["mkdir", "copy", "chmod"]
    assert (tmp_path / "state/g-cleanup").read_text() == f"{tmp_path}/bin\n{tmp_path}/bin/run.sh\n"


def test_permissions_apply_below_the_object_to_what_was_installed(run, tmp_path):
    (tmp_path / "out").mkdir(mode=0o755)
    (tmp_path / "out/theirs").write_text("")
    (tmp_path / "out/theirs").chmod(0o600)
    answer = run(
        *[APP, ("run.sh", "out")],
        permissions=[
            {"object": "out", "mode": "640", "type": ["file"], "except": ["run.sh"]},
            {"object": "out", "mode": "711", "type": ["directory"]},
        ],
    )
    assert answer == {"installed": 4, "hints": []}
    assert mode(tmp_path / "out/app/sub/util.py") == 0o640
    assert mode(tmp_path / "out/app/sub") == 0o711
    assert mode(tmp_path / "out/run.sh") == 0o4750
    assert mode(tmp_path / "out/theirs") == 0o600
    assert mode(tmp_path / "out") == 0o755


def test_a_pattern_does_not_reach_into_directories(run, tmp_path):
    run(APP, permissions=[{"object": "out/app/", "pattern": "*.py", "mode": "600"}])
    assert mode(tmp_path / "out/app/main.py") == 0o600
    assert mode(tmp_path / "out/app/sub/util.py") != 0o600


def test_the_root_is_an_object_too(run, tmp_path):
    run(APP, permissions=[{"object": "../" * 40, "mode": "600", "type": ["file"]}])
    assert mode(tmp_path / "out/app/sub/util.py") == 0o600


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"pattern": "*.sh"}, "invalid pattern"),
        ({"except": ["x"]}, "except parameter"),
        ({"default_acl": True}, "-d parameter"),
        ({"owner": "nobody-here"}, "can't find user for nobody-here"),
        ({"group": "nobody-here"}, "can't find group for nobody-here"),
    ],
)
def test_permissions_that_the_agent_rejects_for_a_file(run, entry, reason):
    assert (
        reason in run(("run.sh", "bin"), permissions=[{"object": "bin/run.sh", **entry}])["error"]
    )


def test_permissions_given_twice_are_rejected(run):
    entry = {"object": "out", "mode": "644"}
    assert "more than once" in run(APP, permissions=[entry, entry])["error"]


def test_permissions_without_an_effect_are_a_hint(run):
    answer = run(
        ("run.sh", "bin"),
        permissions=[
            {"object": "nowhere", "mode": "600"},
            {"object": "bin", "pattern": "*.py", "mode": "600"},
            {"object": "bin/run.sh", "type": ["directory"], "mode": "600"},
        ],
    )
    assert ["not installed" in hint or "match nothing" in hint for hint in answer["hints"]] == [
        *(True, True),
    ]


def test_owners_are_the_machines(run, tmp_path):
    answer = run(
        ("run.sh", "bin"),
        permissions=[{"object": "bin/run.sh", "owner": "me", "group": "staff", "mode": "640"}],
    )
    assert answer["installed"] == 1
    found = (tmp_path / "bin/run.sh").stat()
    assert (found.st_uid, found.st_gid) == (os.geteuid(), os.getegid())


def test_a_null_byte_is_one_message(run):
    assert "cannot be used" in run(("run.sh", "a\0b"))["error"]


NAMES = st.text(alphabet="ab.*", max_size=6)


@given(NAMES, NAMES)
def test_the_pattern_is_the_agents(name, pattern):
    assert install._matches_glob(name, pattern) == _simple_glob(name, pattern)


def _simple_glob(name, pattern):
    """The agent's own algorithm, by dynamic programming: `*` is any text."""
    reached = {0}
    for char in (*name, None):
        while any(p < len(pattern) and pattern[p] == "*" and p + 1 not in reached for p in reached):
            reached |= {p + 1 for p in reached if p < len(pattern) and pattern[p] == "*"}
        if char is None:
            break
        reached = (
            {p for p in reached if p < len(pattern) and pattern[p] == "*"}
            | {p + 1 for p in reached if p < len(pattern) and pattern[p] == char != "*"}
            | {p + 1 for p in reached if p < len(pattern) and pattern[p] == char == "*"}
        )
    return len(pattern) in reached


def test_a_pattern_is_for_one_component():
    assert not install._matches_glob("a/b", "*")
    assert install._matches_glob("a[1].b", "a[1].*")


def test_only_an_installation_that_succeeded_is_noted_as_the_last_one(run, tmp_path):
    noted = tmp_path / "state/g_last_successful_install"
    assert "error" in run(("no-such-file", "opt"))
    assert not noted.exists()
    assert "error" not in run(("run.sh", "opt"))
    assert noted.read_text() == "/deployments/d-1"
    assert sorted(path.name for path in noted.parent.iterdir()) == [
        "g-cleanup",
        "g-install.json",
        "g_last_successful_install",
    ]
