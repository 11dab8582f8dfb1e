from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from region.machines.codedeploy_agent import bundle
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.machines.errors import BundleError


def _zip(path: Path, entries: list[tuple[str, str, int]]) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            opened.writestr(entry, content)
    return path


def _unpack(tmp_path: Path, *entries: tuple[str, str, int]) -> Path:
    archive = tmp_path / "archive"
    bundle.unpack(_zip(tmp_path / "b.zip", list(entries)), archive)
    return archive


def test_files_keep_content_and_mode(tmp_path: Path):
    archive = _unpack(
        tmp_path, ("a/", "", stat.S_IFDIR | 0o755), ("a/x.sh", "hi", stat.S_IFREG | 0o755),
        ("plain", "p", stat.S_IFREG),
    )  # fmt: skip
    assert (archive / "a/x.sh").read_text() == "hi"
    assert (archive / "a/x.sh").stat().st_mode & 0o777 == 0o755
    assert (archive / "plain").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "a\\..\\evil"])
def test_zip_slip_is_refused(tmp_path: Path, name: str):
    with pytest.raises(BundleError, match="leads out of it"):
        _unpack(tmp_path, (name, "x", stat.S_IFREG | 0o644))
    assert not (tmp_path / "evil").exists()


def test_link_within_the_revision_is_kept(tmp_path: Path):
    archive = _unpack(
        tmp_path, ("current", "v1", stat.S_IFLNK | 0o777), ("v1/x", "x", stat.S_IFREG | 0o644)
    )
    assert (archive / "current").is_symlink()
    assert (archive / "current/x").read_text() == "x"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc", ""])
def test_link_out_of_the_revision_is_refused(tmp_path: Path, target: str):
    with pytest.raises(BundleError, match="link"):
        _unpack(tmp_path, ("x", target, stat.S_IFLNK | 0o777))


def test_links_that_lead_out_together_are_refused(tmp_path: Path):
    with pytest.raises(BundleError, match="leads out"):
        _unpack(
            tmp_path,
            ("d/up", "..", stat.S_IFLNK | 0o777),
            ("d/out", "up/..", stat.S_IFLNK | 0o777),
        )


def test_nothing_is_written_through_a_link(tmp_path: Path):
    (tmp_path / "outside").mkdir()
    with pytest.raises(BundleError):
        _unpack(
            tmp_path,
            ("l", "../outside", stat.S_IFLNK | 0o777),
            ("l/x", "x", stat.S_IFREG | 0o644),
        )
    assert list((tmp_path / "outside").iterdir()) == []


def test_device_is_refused(tmp_path: Path):
    with pytest.raises(BundleError, match="not a file, a directory or a link"):
        _unpack(tmp_path, ("tty", "", stat.S_IFCHR | 0o666))


def test_too_much_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bundle, "_MAX_UNPACKED_BYTES", 10)
    with pytest.raises(BundleError, match="11 bytes"):
        _unpack(tmp_path, ("x", "x" * 11, stat.S_IFREG | 0o644))


def test_a_file_that_is_not_a_zip_is_refused(tmp_path: Path):
    (tmp_path / "b.zip").write_text("hello")
    with pytest.raises(BundleError, match="not a zip"):
        bundle.unpack(tmp_path / "b.zip", tmp_path / "archive")


class _Body(io.BytesIO):
    def iter_chunks(self, size: int) -> Any:
        return iter(lambda: self.read(size), b"")


class _S3:
    def __init__(self) -> None:
        self.asked: dict[str, str] = {}

    def get_object(self, **wanted: str) -> dict[str, Any]:
        self.asked = wanted
        return {"ETag": '"abc"', "Body": _Body(b"content")}


def _deployment(**extra: Any) -> AgentDeployment:
    return AgentDeployment("d-1", "app", "group", "gid", "bucket", "key.zip", **extra)


def test_download_asks_for_the_version_and_checks_the_etag(tmp_path: Path):
    s3, target = _S3(), tmp_path / "out"
    bundle.download(s3, _deployment(version_id="v7", etag='"abc"'), target)
    assert s3.asked == {"Bucket": "bucket", "Key": "key.zip", "VersionId": "v7"}
    assert target.read_bytes() == b"content"
    with pytest.raises(BundleError, match=r"s3://bucket/key\.zip.*abc.*other"):
        bundle.download(s3, _deployment(etag="other"), target)
