"""Which file system a path lies on, and that overlays are not laid on overlays."""

from __future__ import annotations

from pathlib import Path

import pytest

from region.machines.images import ImageError
from region.machines.images.file_systems import mount_points, require_upper, type_of


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    """The mounts of a container with a volume, one directory of which another mount hides."""
    lines = [
        "1 0 0:1 / / rw - overlay overlay rw",
        "2 1 8:1 /v /state rw,nosuid shared:1 - ext4 /dev/vda rw",
        "3 2 0:2 / /state/my\\040dir rw - tmpfs tmpfs rw",
        "4 2 0:3 / /state/my\\040dir rw - overlay overlay rw",
    ]
    file = tmp_path / "mountinfo"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/haproof/.rehearsal", "overlay"),
        ("/state", "ext4"),
        ("/state/absent/below", "ext4"),
        ("/state-of-another", "overlay"),
        ("/state/my dir/x", "overlay"),
    ],
)
def test_the_innermost_and_latest_mount_decides(mounts: Path, path: str, kind: str):
    assert type_of(Path(path), mounts) == kind


def test_a_blank_in_a_mount_point_is_read(mounts: Path):
    assert (Path("/state/my dir"), "tmpfs") in list(mount_points(mounts))


def test_an_overlay_is_refused_with_the_volume_to_add(mounts: Path):
    require_upper(Path("/state"), "--root", mounts)
    with pytest.raises(ImageError, match=r"--volume haproof:/x`.*by --root"):
        require_upper(Path("/x"), "--root", mounts)
