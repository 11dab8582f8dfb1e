"""The page of what the region supports."""

from __future__ import annotations

from docgen.documents import DOCUMENTS
from region.provider.resources import all_handlers
from toolchain import paths


def test_the_page_names_every_type() -> None:
    text = (paths.ROOT / DOCUMENTS["emulator-coverage"].path).read_text(encoding="utf-8")
    for token in all_handlers():
        assert f"\n`{token}`\n" in text
