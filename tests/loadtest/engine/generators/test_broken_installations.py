"""A generator that is missing, cannot be started or is another program: one message, with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.engine.generators.registry import DEFAULT, GENERATORS
from loadtest.errors import GeneratorError


@pytest.mark.parametrize("how", ["missing", "not executable", "another program", "fails"])
@pytest.mark.parametrize("name", GENERATORS)
def test_it_is_told_in_one_message(name: str, how: str, tmp_path: Path):
    program = tmp_path / "program"
    if how != "missing":
        program.write_text(f"#!/bin/sh\necho hello\nexit {int(how == 'fails')}\n")
        program.chmod(0o644 if how == "not executable" else 0o755)
    command = [str(program)]
    if name == DEFAULT:
        command += [str(tmp_path / "bin" / "run")]
    elif name == "jmeter":
        command += ["-cp", str(tmp_path / "ApacheJMeter-5.6.3.jar"), "x"]
    with pytest.raises(GeneratorError, match=r"run `.*(make setup|toolchain tool)") as told:
        GENERATORS[name].inspect(command)
    assert "Traceback" not in str(told.value)
