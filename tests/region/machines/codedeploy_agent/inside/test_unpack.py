"""Unpacking into a directory of the test's, with bundles as harmless and hostile as they come."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from region.machines.codedeploy_agent.inside import unpack

FILE, LINK, DIRECTORY = stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR
LIMIT = 10_000


def call(directory, kind="zip", limit=LIMIT):
    request = {"bundle": str(directory / "bundle"), "archive": str(directory / "d/archive")}
    request |= {"users": str(directory / "passwd"), "groups": str(directory / "none")}
    retain = {"group": str(directory / "none"), "current": "", "last_successful": "", "count": 5}
    request |= {"type": kind, "limit": limit, "retain": retain}
    with unpack.prepare(request) as bundle:
        return unpack.main(request, bundle)


def zipped(directory, *entries, **options):
    with zipfile.ZipFile(directory / "bundle", "w") as opened:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 6))
            entry.external_attr = mode << 16
            opened.writestr(entry, content)
    return call(directory, **options)


def tarred(directory, *members, kind="tar", compression="", **options):
    with tarfile.open(directory / "bundle", f"w:{compression}") as opened:
        for name, entry in members:
            member = tarfile.TarInfo(name)
            content = b""
            for key, value in entry.items():
                if key == "content":
                    content = value
                    member.size = len(value)
                else:
                    setattr(member, key, value)
            opened.addfile(member, io.BytesIO(content))
    return call(directory, kind, **options)


def archive(directory):
    return directory / "d/archive"


def names_in(directory):
    return sorted(path.name for path in directory.iterdir())


def test_files_keep_content_mode_and_time(tmp_path):
    answer = zipped(
        *(
            tmp_path,
            ("a/", "", DIRECTORY | 0o755),
            ("a/x.sh", "hi", FILE | 0o4755),
            ("p", "p", FILE),
        ),
    )
    assert answer == {"stripped": False}
    assert (archive(tmp_path) / "a/x.sh").read_text() == "hi"
    assert (archive(tmp_path) / "a/x.sh").stat().st_mode & 0o7777 == 0o755
    assert (archive(tmp_path) / "p").stat().st_mode & 0o777 == 0o644
    assert (archive(tmp_path) / "p").stat().st_mtime == 1_577_934_246


def test_an_earlier_archive_is_replaced(tmp_path):
    archive(tmp_path).mkdir(parents=True)
    (archive(tmp_path) / "old").write_text("")
    zipped(tmp_path, ("new", "", FILE))
    assert names_in(archive(tmp_path)) == ["new"]


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "a\\..\\evil"])
def test_names_that_lead_out_are_refused(tmp_path, name):
    assert "leads out of it" in zipped(tmp_path, (name, "x", FILE))["error"]
    assert "leads out of it" in tarred(tmp_path, (name.replace("\\", "/"), {}))["error"]
    assert not (tmp_path / "evil").exists()
    assert not archive(tmp_path).exists()


def test_separators_of_windows(tmp_path):
    zipped(tmp_path, ("scripts\\a.sh", "x", 0), ("b", "", 0))
    assert (archive(tmp_path) / "scripts/a.sh").is_file()


def test_links_within_the_revision_are_kept(tmp_path):
    assert "error" not in zipped(
        *(tmp_path, ("current", "v1", LINK | 0o777), ("v1/x", "x", FILE), ("loop", "loop", LINK)),
    )
    assert (archive(tmp_path) / "current/x").read_text() == "x"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc", ""])
def test_links_out_of_the_revision_are_refused(tmp_path, target):
    assert "link" in zipped(tmp_path, ("x", target, LINK))["error"]
    assert "link" in tarred(tmp_path, ("x", {"type": tarfile.SYMTYPE, "linkname": target}))["error"]


def test_links_that_lead_out_together_are_refused(tmp_path):
    answer = zipped(tmp_path, ("d/up", "..", LINK), ("d/out", "up/..", LINK))
    assert "leads out" in answer["error"]


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "outside").mkdir()
    link = {"type": tarfile.SYMTYPE, "linkname": "../../outside"}
    for answer in (
        zipped(tmp_path, ("l", "../../outside", LINK), ("l/x", "x", FILE)),
        tarred(tmp_path, ("l", link), ("l/x", {"content": b"x"})),
    ):
        assert "error" in answer
    assert names_in(tmp_path / "outside") == []


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_special_files_are_refused(tmp_path, kind):
    assert "not a file, a directory or a link" in tarred(tmp_path, ("x", {"type": kind}))["error"]
    assert "not a file, a directory" in zipped(tmp_path, ("x", "", stat.S_IFCHR))["error"]


def test_hard_links_are_to_files_of_the_revision(tmp_path):
    link = {"type": tarfile.LNKTYPE, "linkname": "./a"}
    assert "error" not in tarred(tmp_path, ("./a", {"content": b"1"}), ("b", link))
    assert (archive(tmp_path) / "b").read_text() == "1"
    link = {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}
    assert "leads out" in tarred(tmp_path, ("b", link))["error"]
    link = {"type": tarfile.LNKTYPE, "linkname": "c"}
    assert "which is not in it" in tarred(tmp_path, ("b", link))["error"]


def test_too_much_content_is_refused(tmp_path):
    assert "11 bytes" in zipped(tmp_path, ("x", "x" * 11, FILE), limit=10)["error"]
    content = {"content": b"x" * 6}
    answer = tarred(
        tmp_path, ("x", content), ("y", content), kind="tgz", compression="gz", limit=10
    )
    assert "12 bytes" in answer["error"]
    assert not archive(tmp_path).exists()


@pytest.mark.parametrize(
    ("kind", "compression"),
    [("tar", ""), ("tar", "gz"), ("tar", "bz2"), ("tar", "xz"), ("tgz", "gz")],
)
def test_tars_as_gnu_tar_reads_them(tmp_path, kind, compression):
    (tmp_path / "passwd").write_text("app:x:4711:4711::/:\n")
    answer = tarred(
        *(tmp_path, ("./", {"type": tarfile.DIRTYPE, "mode": 0o750})),
        ("./s.sh", {"content": b"1", "mode": 0o6755, "uname": "app", "uid": 1, "gid": 12}),
        kind=kind,
        compression=compression,
    )
    assert answer == {"stripped": False}
    found = (archive(tmp_path) / "s.sh").stat()
    assert found.st_mode & 0o7777 == 0o6755
    assert archive(tmp_path).stat().st_mode & 0o777 == 0o750
    if os.geteuid() == 0:
        assert (found.st_uid, found.st_gid) == (4711, 12)


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_what_is_no_bundle_is_refused(tmp_path, kind):
    (tmp_path / "bundle").write_text("hello")
    assert f"is not a {kind}" in call(tmp_path, kind)["error"]


def test_a_plain_tar_is_no_tgz(tmp_path):
    assert "is not a tgz" in tarred(tmp_path, ("a", {}), kind="tgz")["error"]


@pytest.mark.parametrize(
    ("names", "stripped"),
    [
        (["top/appspec.yml", "top/a"], True),
        (["top/AppSpec.yaml"], True),
        (["top/a"], False),
        (["top/appspec.yml", "b"], False),
        (["appspec.yml"], False),
    ],
)
def test_a_single_directory_at_the_top_is_left_out(tmp_path, names, stripped):
    assert zipped(tmp_path, *((name, "", FILE) for name in names)) == {"stripped": stripped}
    expected = {Path(name).parts[1 if stripped else 0] for name in names}
    assert set(names_in(archive(tmp_path))) == expected
    assert names_in(tmp_path / "d") == ["archive"]


PARTS = st.sampled_from(["a", "b", "..", ".", "", "l", "c\\d", "x y"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(PATHS, PATHS, st.sampled_from([FILE, LINK, DIRECTORY])), max_size=6))
def test_nothing_ever_leaves_the_archive(tmp_path_factory, entries):
    directory = tmp_path_factory.mktemp("any")
    answers = [zipped(directory, *((name, text, kind | 0o755) for name, text, kind in entries))]
    kinds = {FILE: tarfile.REGTYPE, LINK: tarfile.SYMTYPE, DIRECTORY: tarfile.DIRTYPE}
    members = [
        (name or "n", {"type": kinds[kind], "linkname": text if kind == LINK else ""})
        for name, text, kind in entries
    ]
    answers.append(tarred(directory, *members))
    assert all("error" in answer or answer["stripped"] is False for answer in answers)
    assert set(names_in(directory)) <= {"bundle", "d"}
    assert set(names_in(directory / "d")) <= {"archive"}
    root = os.path.realpath(archive(directory))
    for path in archive(directory).rglob("*"):
        assert os.path.realpath(path).startswith(root)


def test_a_link_whose_text_is_longer_than_a_path_is_refused_unread(tmp_path):
    answer = zipped(tmp_path, ("x", "a" * 5000, LINK | 0o777))
    assert "more than 4096 characters" in answer["error"]
    answer = tarred(tmp_path, ("x", {"type": tarfile.SYMTYPE, "linkname": "a" * 5000}))
    assert "more than 4096 characters" in answer["error"]


@pytest.mark.parametrize(
    "kind", [tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE]
)
def test_a_header_that_would_be_held_in_memory_is_bounded(tmp_path, kind):
    answer = tarred(
        tmp_path, ("x", {"type": kind, "content": bytes(3 * 1024**2)}), compression="gz"
    )
    assert "a header of 3145728 bytes" in answer["error"]


def test_a_tar_that_is_cut_in_a_header_is_refused(tmp_path):
    tarred(tmp_path, ("appspec.yml", {"content": b"x"}), ("b", {"content": b"y"}))
    whole = (tmp_path / "bundle").read_bytes()
    (tmp_path / "bundle").write_bytes(whole[: 512 * 2 + 200])
    assert "damaged in the middle" in call(tmp_path, "tar")["error"]
    assert not archive(tmp_path).exists()
