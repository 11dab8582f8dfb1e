"""Finding an instance's logs, their last lines, and following one through what happens to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.access import log_files
from region.access.inventory import AccessError
from tests.region.builders import until


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    found = tmp_path / "i-0ab"
    (found / "log").mkdir(parents=True)
    for name in ("app", "cloud-init", "codedeploy-agent", "odd.service"):
        (found / "log" / f"{name}.log").write_text(f"{name}\n")
    (found / "console.log").write_text("console\n")
    return found


@pytest.mark.parametrize(
    ("unit", "file"),
    [
        ("console", "console.log"),
        ("app", "log/app.log"),
        ("app.service", "log/app.log"),
        ("codedeploy-agent.service", "log/codedeploy-agent.log"),
        ("cloud-init", "log/cloud-init.log"),
        ("odd", "log/odd.service.log"),
        ("odd.service", "log/odd.service.log"),
    ],
)
def test_a_units_log_is_found_by_its_name(directory: Path, unit: str, file: str) -> None:
    assert log_files.log_file(directory, unit, must_exist=True) == directory / file


@pytest.mark.parametrize("unit", ["web", "../console", "/etc/passwd", "app\x1b[2J", "a b"])
def test_an_unknown_unit_lists_those_with_logs(directory: Path, unit: str) -> None:
    with pytest.raises(AccessError) as error:
        log_files.log_file(directory, unit, must_exist=True)
    assert "it has: console, app, cloud-init, codedeploy-agent, odd.service" in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_log_that_is_followed_may_come_later_but_not_from_elsewhere(directory: Path) -> None:
    found = log_files.log_file(directory, "later.service", must_exist=False)
    assert found == directory / "log" / "later.log"
    with pytest.raises(AccessError):
        log_files.log_file(directory, "../later", must_exist=False)


@given(
    st.lists(st.binary(max_size=9).map(lambda text: text.replace(b"\n", b"|")), max_size=30),
    st.integers(0, 12),
    st.booleans(),
)
def test_the_last_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], count: int, ended: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "last-lines.log"
    text = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    file.write_bytes(text)
    whole = text.split(b"\n")
    whole = [line + b"\n" for line in whole[:-1]] + ([whole[-1]] if whole[-1] else [])
    expected = b"".join(whole[-count:]) if count else b""
    block, log_files.BLOCK = log_files.BLOCK, 7
    try:
        assert log_files.last_lines(file, count) == expected
    finally:
        log_files.BLOCK = block
    assert log_files.last_lines(file, None) == text


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    assert log_files.last_lines(tmp_path / "none", 3) == b""


class Follower:
    """A log that is followed on another thread."""

    def __init__(self, file: Path, count: int | None = None) -> None:
        self.file = file
        self.exists = True
        self.seen = b""
        self._thread = threading.Thread(target=self._run, args=(count,), daemon=True)
        self._thread.start()

    def _run(self, count: int | None) -> None:
        for piece in log_files.follow(self.file, count, lambda: self.exists, poll=0.01):
            self.seen += piece

    def sees(self, text: bytes) -> None:
        until(lambda: self.seen == text, 5)

    def ended(self) -> bool:
        self._thread.join(5)
        return not self._thread.is_alive()


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[..., Follower]]:
    started: list[Follower] = []

    def start(**settings: int) -> Follower:
        started.append(Follower(tmp_path / "app.log", **settings))
        return started[-1]

    yield start
    for follower in started:
        follower.exists = False
        assert follower.ended()


def append(file: Path, text: bytes) -> None:
    with file.open("ab") as stream:
        stream.write(text)


def test_what_is_added_is_followed(follow: Callable[..., Follower], tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"1\n2\n3\n")
    follower = follow(count=2)
    follower.sees(b"2\n3\n")
    append(follower.file, b"4\n")
    follower.sees(b"2\n3\n4\n")
    append(follower.file, b"no line end")
    follower.sees(b"2\n3\n4\nno line end")


def test_no_old_lines_if_none_are_wanted(follow: Callable[..., Follower], tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"1\n2\n")
    follower = follow(count=0)
    follower.sees(b"")
    threading.Event().wait(0.1)
    append(follower.file, b"3\n")
    follower.sees(b"3\n")


def test_a_log_that_comes_later(follow: Callable[..., Follower]) -> None:
    follower = follow(count=1)
    threading.Event().wait(0.05)
    follower.file.write_bytes(b"1\n2\n")
    follower.sees(b"1\n2\n")


def test_a_log_that_is_rotated_with_lines_left_in_the_old_one(
    follow: Callable[..., Follower],
) -> None:
    follower = follow()
    follower.file.write_bytes(b"old\n")
    follower.sees(b"old\n")
    moved = follower.file.rename(follower.file.with_suffix(".1"))
    append(moved, b"last of old\n")
    follower.sees(b"old\nlast of old\n")
    follower.file.write_bytes(b"new\n")
    follower.sees(b"old\nlast of old\nnew\n")


def test_a_log_that_is_truncated(follow: Callable[..., Follower]) -> None:
    follower = follow()
    follower.file.write_bytes(b"a long line\n")
    follower.sees(b"a long line\n")
    follower.file.write_bytes(b"new\n")
    follower.sees(b"a long line\nnew\n")


def test_it_ends_with_the_instance_and_after_its_last_lines(
    follow: Callable[..., Follower],
) -> None:
    follower = follow()
    follower.file.write_bytes(b"1\n")
    follower.sees(b"1\n")
    append(follower.file, b"2\n")
    follower.exists = False
    assert follower.ended()
    assert follower.seen == b"1\n2\n"
