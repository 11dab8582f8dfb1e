from __future__ import annotations

from pathlib import Path

from region.access.log_files import last_lines
from region.machines import bounded_log
from region.machines.cloudinit.output import OutputCopy


def test_a_log_keeps_its_end_within_its_limit(tmp_path: Path):
    log = tmp_path / "log"
    for number in range(1000):
        bounded_log.append(log, f"line {number}\n".encode(), 2000)
        assert log.stat().st_size <= 2000 + 20
    lines = log.read_text().splitlines()
    assert lines[0] == "[the beginning was dropped]"
    assert lines[-1] == "line 999"
    assert all(line.startswith("line ") for line in lines[1:])
    assert list(tmp_path.iterdir()) == [log]


def test_the_tail_of_a_log(tmp_path: Path):
    (tmp_path / "log").write_bytes(b"0123456789")
    assert bounded_log.tail(tmp_path / "log", 4) == b"6789"
    assert bounded_log.tail(tmp_path / "log") == b"0123456789"
    assert bounded_log.tail(tmp_path / "missing") == b""


def test_only_the_end_of_much_output_is_copied(tmp_path: Path):
    source, log = tmp_path / "source", tmp_path / "log" / "copy"
    source.write_text("before\n")
    with OutputCopy(source, log) as copy, source.open("ab") as file:
        file.write(b"x" * 1_000_000 + b"\nthe end\n")
    assert copy.text().endswith("x\nthe end\n")
    assert "before" not in log.read_text()
    assert "bytes are in the instance only" in log.read_text()
    assert log.stat().st_size < 200_000


def test_the_beginning_of_a_log_that_others_write_gives_its_disk_back(tmp_path: Path):
    log, small = tmp_path / "web.log", tmp_path / "small.log"
    small.write_bytes(b"x" * 10_000)
    with log.open("ab") as writer:
        writer.write(b"x" * 3_000_000 + b"\nthe end\n")
        writer.flush()
        bounded_log.trim(tmp_path, 1_000_000)
        writer.write(b"more\n")
    found = log.stat()
    assert found.st_size == 3_000_014
    assert found.st_blocks * 512 < 600_000
    assert bounded_log.tail(log, 20).endswith(b"the end\nmore\n")
    assert last_lines(log, None).startswith(b"xxx")
    assert len(last_lines(log, None)) < 600_000
    assert small.read_bytes() == b"x" * 10_000
