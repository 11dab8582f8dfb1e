"""Every generated document is current, and the command says so or repairs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commandline.errors import UserError
from docgen import __main__ as command
from docgen.documents import DOCUMENTS, Document


@pytest.mark.moto
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_is_current(name: str):
    # In a process of its own: one of them patches moto to see what is patched.
    checked = subprocess.run(
        [sys.executable, "-m", "docgen", name], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert str(DOCUMENTS[name].path) in checked.stdout


@pytest.mark.parametrize("content", [None, "{}\n"])
def test_an_outdated_document_is_an_error_with_the_remedy_and_can_be_written(
    tmp_path: Path, content: str | None
):
    document = Document(Path("page.md"), lambda: "today\n")
    if content is not None:
        (tmp_path / "page.md").write_text(content)
    with pytest.raises(UserError, match=r"page\.md .*python -m docgen --write"):
        document.ensure_current(tmp_path)
    document.write(tmp_path)
    document.ensure_current(tmp_path)


def test_an_unknown_document_is_one_message(capsys: pytest.CaptureFixture[str]):
    assert command.main(["page"]) == 4
    assert "'page'; choose from config-schema" in capsys.readouterr().err
