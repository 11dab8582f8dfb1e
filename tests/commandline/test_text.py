"""Text from outside: what it may not do to a terminal or to a document."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandline.text import visible, xml_text


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("plain, 한국어, é", "plain, 한국어, é"),
        ("red \x1b[31m", "red \\x1b[31m"),
        ("bell \x07", "bell \\x07"),
        ("other way \u202e", "other way \\u202e"),
        ("C1 \x9b31m", "C1 \\x9b31m"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(given_text: str, shown: str):
    assert visible(given_text) == shown


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_becomes_one_that_xml_can_hold(text: str):
    element = ET.Element("text")
    element.text = xml_text(text)
    read = ET.fromstring(ET.tostring(element, encoding="utf-8"))
    assert len(read.text or "") == len(text.replace("\r\n", "\n"))
