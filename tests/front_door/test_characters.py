"""A shell whose locale has no letters beyond ASCII: files are found, and no text fails or is garbled."""

from __future__ import annotations

import os
import subprocess
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


@pytest.fixture(scope="module", params=["ko_KR.EUC-KR", "zh_CN.GB18030", "de_DE.ISO-8859-15"])
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A locale of another encoding than UTF-8, which only these tests have."""
    name: str = request.param
    language, _, encoding = name.partition(".")
    made = tmp_path_factory.mktemp("locales")
    command = ["localedef", "-c", "-i", language, "-f", encoding, str(made / name)]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no localedef, or none of its sources")
    return str(made / name)


def test_files_in_utf_8_are_read_in_a_locale_of_another_encoding(other: str, tmp_path: Path):
    locale = {"LOCPATH": str(Path(other).parent), "LC_ALL": Path(other).name}
    encoding = Path(other).name.partition(".")[2]
    (tmp_path / "악보").mkdir()
    (tmp_path / "악보" / "부하.yml").write_text(SCRIPT + "한: 1\n", encoding="utf-8")

    done = typed(tmp_path, "loadtest plan --scenario 악보/부하.yml", **locale, reading=encoding)

    assert done.returncode == 4
    if encoding == "ISO-8859-15":  # It has no Hangul: its escapes.
        assert r"\uc545\ubcf4/\ubd80\ud558.yml:3:1: unknown key" in done.stderr
    else:
        assert "악보/부하.yml:3:1: unknown key `한`" in done.stderr


def test_a_name_that_is_no_utf_8_is_told_as_it_is(other: str, tmp_path: Path):
    locale = {"LOCPATH": str(Path(other).parent), "LC_ALL": Path(other).name}
    name = os.fsdecode("부하".encode("euc-kr"))
    done = typed(tmp_path, f"loadtest plan --scenario {name}/a.yml", **locale, reading="latin-1")
    assert done.returncode == 4
    assert done.stderr.startswith("error: cannot read the scenario ")
    assert "Traceback" not in done.stderr
