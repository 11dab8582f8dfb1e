"""Bundles: the same content gives the same bytes on every machine."""

from __future__ import annotations

import os
import py_compile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import ConfigurationError
from components.revision.bundle import build_bundle

NAMES = st.text("abcdefgh", min_size=1, max_size=6)
TREES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map(
        lambda parts: "/".join([*parts[:-1], f"{parts[-1]}.x"])
    ),
    st.tuples(st.binary(max_size=200), st.booleans()),
    max_size=8,
)


def write(root, tree, *, moment=0, order=1, umask=0o000):
    """Writes a tree of path -> (content, executable), in an order, at a time, under a umask."""
    root.mkdir(parents=True)
    (root / "appspec.yml").write_text("version: 0.0\nos: linux\n", encoding="utf-8")
    for path, (content, executable) in list(tree.items())[::order]:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod((0o777 if executable else 0o666) & ~umask)
        os.utime(target, (moment, moment))
    return root


@settings(max_examples=40, deadline=None)
@given(tree=TREES)
def test_the_digest_depends_on_content_only(tree):
    with tempfile.TemporaryDirectory() as directory:
        here = Path(directory)
        first = write(here / "one" / "app", tree, moment=1_000_000_000, umask=0o022)
        second = write(here / "two" / "other", tree, moment=1_700_000_000, order=-1, umask=0o077)
        one = build_bundle(first, here / "cache-one")
        two = build_bundle(second, here / "cache-two")
        assert one.path.read_bytes() == two.path.read_bytes()
        assert one.digest == two.digest


@settings(max_examples=25, deadline=None)
@given(tree=TREES, change=st.binary(min_size=1, max_size=20))
def test_any_change_of_content_is_another_digest(tree, change):
    with tempfile.TemporaryDirectory() as directory:
        here = Path(directory)
        root = write(here / "app", tree)
        before = build_bundle(root, here / "cache").digest
        with (root / "content").open("ab") as stream:
            stream.write(change)
        assert build_bundle(root, here / "cache").digest != before


@pytest.fixture
def app(tmp_path):
    return write(
        tmp_path / "app", {"scripts/start.sh": (b"#!/bin/sh\n", True), "a.py": (b"", False)}
    )


def members(bundle):
    with zipfile.ZipFile(bundle.path) as archive:
        return {info.filename: info for info in archive.infolist()}


def test_paths_are_relative_to_the_root_and_modes_are_kept(app, tmp_path):
    found = members(build_bundle(app, tmp_path / "cache"))
    assert list(found) == ["a.py", "appspec.yml", "scripts/start.sh"]
    assert found["scripts/start.sh"].external_attr >> 16 == 0o100755
    assert found["a.py"].external_attr >> 16 == 0o100644


def test_an_executable_bit_alone_is_a_change(app, tmp_path):
    before = build_bundle(app, tmp_path / "cache").digest
    (app / "a.py").chmod(0o755)
    assert build_bundle(app, tmp_path / "cache").digest != before


def test_junk_stays_out(app, tmp_path):
    before = build_bundle(app, tmp_path / "cache").digest
    for junk in ("__pycache__/a.cpython-311.pyc", ".git/HEAD", ".DS_Store", "x.pyc", ".venv/a"):
        (app / junk).parent.mkdir(exist_ok=True)
        (app / junk).write_text("junk", encoding="utf-8")
    assert build_bundle(app, tmp_path / "cache").digest == before


def test_bytecode_that_was_made_to_be_deployed_is_deployed(app, tmp_path):
    by_hash = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for mode in (py_compile.PycInvalidationMode.TIMESTAMP, by_hash):
        py_compile.compile(app / "a.py", invalidation_mode=mode)
        bundle = build_bundle(app, tmp_path / "cache")
        with zipfile.ZipFile(bundle.path) as archive:
            found = [name for name in archive.namelist() if name.endswith(".pyc")]
        assert len(found) == (mode is by_hash)


def test_the_key_is_the_content(app, tmp_path):
    bundle = build_bundle(app, tmp_path / "cache")
    assert bundle.key == f"revisions/{bundle.digest}.zip"
    assert bundle.path == tmp_path / "cache" / f"{bundle.digest}.zip"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [f"{bundle.digest}.zip"]


def test_a_directory_without_appspec_is_rejected_with_the_remedy(app, tmp_path):
    (app / "appspec.yml").unlink()
    with pytest.raises(ConfigurationError, match=r"no appspec.yml at its root.*make revision"):
        build_bundle(app, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_the_other_name_of_an_appspec_is_rejected_with_the_remedy(app, tmp_path):
    (app / "appspec.yml").rename(app / "appspec.yaml")
    with pytest.raises(
        ConfigurationError, match=r"no appspec.yml at its root; rename appspec.yaml"
    ):
        build_bundle(app, tmp_path / "cache")


def test_what_has_no_effect_is_a_hint_with_its_line(app, tmp_path):
    (app / "appspec.yml").write_text("version: 0.0\nos: linux\nbranch_config: {}\n")
    (hint,) = build_bundle(app, tmp_path / "cache").hints
    assert hint.startswith(f"{app}/appspec.yml:3: `branch_config` has no effect")


def test_a_missing_directory_is_rejected_with_the_remedy(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere.*is not a directory.*make revision"):
        build_bundle(tmp_path / "nowhere", tmp_path / "cache")


def test_links_out_of_the_tree_are_rejected_and_leave_nothing_behind(app, tmp_path):
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (app / "linked").symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigurationError, match=r"linked.*not a regular file inside"):
        build_bundle(app, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_links_inside_the_tree_become_copies(app, tmp_path):
    (app / "b.py").symlink_to("a.py")
    assert "b.py" in members(build_bundle(app, tmp_path / "cache"))


def test_linked_directories_are_rejected(app, tmp_path):
    (app / "more").symlink_to("scripts")
    with pytest.raises(ConfigurationError, match=r"linked directory.*more"):
        build_bundle(app, tmp_path / "cache")


def test_programs_that_no_instance_of_the_stack_can_run_are_a_hint(tmp_path: Path):
    source = tmp_path / "revision"
    source.mkdir()
    (source / "appspec.yml").write_text("version: 0.0\nos: linux\n")
    header = bytearray(64)
    header[:6], header[18:20] = b"\x7fELF\x02\x01", (62).to_bytes(2, "little")
    (source / "ledger").write_bytes(header)
    [hint] = build_bundle(source, tmp_path / "cache", "arm64").hints
    assert "compiled for x86_64 (ledger); the stack's EC2 instances have arm64" in hint
    assert build_bundle(source, tmp_path / "cache", "x86_64").hints == ()
