"""The pictures of the documents come from one list, and from real pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docgen import pictures
from toolchain import locate
from toolchain.errors import ToolError

ROOT = Path(__file__).parents[2]
PAGE = """<!doctype html><meta charset="utf-8"><style>:root {{ color-scheme: light dark }}
body {{ background: light-dark(#fff, #000); margin: 0 }} div {{ height: 2000px }}</style>
<a lang="ko">한국어</a><div></div><div id="course" style="background: #f00"></div>"""


def pages(results: Path) -> Path:
    for picture in pictures.PICTURES:
        file = results / picture.page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGE.format(), encoding="utf-8")
    return results


def test_each_picture_that_the_documents_show_can_be_remade():
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    shown = {
        name
        for document in documents
        for name in re.findall(r"\]\([^)]*images/([\w.-]+\.png)\)", document.read_text("utf-8"))
    }
    listed = {picture.file for picture in pictures.PICTURES}

    assert shown == listed
    assert {file.name for file in pictures.TARGET.iterdir()} == listed


def test_a_page_that_is_not_there_is_named_with_the_command_that_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pages(tmp_path)
    (tmp_path / "report-quick" / "proof.html").unlink()

    assert pictures.main(["--results", str(tmp_path), "--target", str(tmp_path / "out")]) == 4
    told = capsys.readouterr().err.replace("\n", " ")
    missing = tmp_path / "report-quick" / "proof.html"
    assert f"run `make rehearse` first: there is no {missing}" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.browser
def test_pictures_show_the_page_in_its_colours_from_its_place(tmp_path: Path):
    try:
        locate.chromium()
    except ToolError as error:
        pytest.skip(str(error))
    if not locate.fonts_for("ko"):
        pytest.skip("no font with Hangul")

    assert (
        pictures.main(["--results", str(pages(tmp_path)), "--target", str(tmp_path / "out")]) == 0
    )

    made = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    assert set(made) == {picture.file for picture in pictures.PICTURES}
    for content in made.values():
        assert content.startswith(b"\x89PNG")
        assert int.from_bytes(content[16:20], "big") == pictures.WIDTH
        assert int.from_bytes(content[20:24], "big") == pictures.HEIGHT
    # Light from the top, and dark from the red block: two different pictures of one page.
    assert made["report.png"] != made["report-charts.png"]
