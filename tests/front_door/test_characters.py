"""A shell whose locale has no letters beyond ASCII: files are found, and no text fails or is garbled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.front_door.attempt import ROOT
from tests.front_door.test_streams import typed

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SCRIPT = "config: {http: {timeout: 5}}\nscenarios: [{name: 부하, flow: [{get: {url: /악보}}]}]\n"


@pytest.mark.parametrize("locale", [ASCII, ASCII | {"PYTHONUTF8": "1"}], ids=["ascii", "utf-8"])
def test_files_with_other_letters_are_named_and_read(locale: dict[str, str], tmp_path: Path):
    (tmp_path / "악보").mkdir()
    (tmp_path / "악보" / "부하.yml").write_text(SCRIPT + "한: 1\n", encoding="utf-8")
    done = typed(tmp_path, "loadtest plan --scenario 악보/부하.yml", **locale)
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == "error: the scenario 악보/부하.yml cannot be run:"
    assert "악보/부하.yml:3:1: unknown key `한`" in done.stderr
    (tmp_path / "악보" / "부하.yml").write_text(SCRIPT, encoding="utf-8")
    done = typed(tmp_path, "loadtest plan --scenario 악보/부하.yml --profile smoke", **locale)
    assert (done.returncode, "“smoke”" in done.stdout) == (0, True)


def test_a_terminal_of_ascii_gets_its_signs(tmp_path: Path):
    done = typed(tmp_path, "loadtest plan --profile smoke", **ASCII, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert 'The load "smoke"' in done.stdout
    assert "\\u" not in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        "rehearsal env --root 한글/r", "rehearsal preview --program 한글", "rehearsal run --revision 한글",
        "loadtest report 한글", "loadtest gate 한글", "loadtest compare 한글 다른", "toolchain tool 한글",
        "docgen 한글", "region 한글", "guardrails 한글", "benchmarks.pauses 한글",
        "loadtest experiment run 한글 --outputs 한글", "loadtest recover 한글",
        "loadtest history --topology 한글",
    ],
)  # fmt: skip
def test_every_command_line_tells_what_it_was_given(command: str, tmp_path: Path):
    done = typed(tmp_path, command, **ASCII, PYTHONPATH=f"{ROOT}:{ROOT / 'policies'}")
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert "\\u" not in done.stderr
    assert "한글" in done.stderr or "benchmarks" in command
