"""What kind of computer a run is made on."""

from __future__ import annotations

from pathlib import Path

from loadtest.runs import computer


def test_a_processor_is_named_by_its_model_or_by_its_part(tmp_path: Path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: Intel(R)  Xeon(R)\nprocessor\t: 1\n")
    assert computer.describe(file).startswith("Intel(R) Xeon(R) (")
    file.write_text("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\nCPU part\t: 0xd0c\n")
    assert computer.describe(file).startswith("0x41 0xd0c (")
    assert computer.describe(tmp_path / "none").startswith("unknown CPU (")
    assert " CPUs, " in computer.describe()
