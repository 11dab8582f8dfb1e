"""The index of decisions: every one, what changes it later, and numbers that none has."""

from __future__ import annotations

from pathlib import Path

import pytest

from docgen import decisions


def test_the_index_names_what_came_later_and_what_never_came(tmp_path: Path):
    for name, status in (
        ("0001-first", "accepted."),
        ("0003-third", "accepted. Amends [ADR 1](0001-first.md)."),
    ):
        number, title = int(name[:4]), name[5:]
        text = f"# {number}. {title}\n\nStatus: {status}\n\n## Context\n[ADR 4](0004-later.md)\n"
        (tmp_path / f"{name}.md").write_text(text)
    assert decisions.render(tmp_path).splitlines()[-3:] == [
        "| 1 | [first](0001-first.md) | [3](0003-third.md) |",
        "| 2 | *never given to a decision* | |",
        "| 3 | [third](0003-third.md) |  |",
    ]


def test_a_page_without_a_title_is_an_error(tmp_path: Path):
    (tmp_path / "0001-first.md").write_text("First\n")
    with pytest.raises(ValueError, match=r"0001-first\.md does not begin"):
        decisions.render(tmp_path)
