"""The documents name only files that exist, and link only to targets that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")]
    if path.name != "CHANGELOG.md"  # it names files as they were called at the time
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|#)([^)#\s]+)(?:#([^)\s]+))?\)")
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"^(?:\.venv/bin/)?python -m ([a-z_.]+)", re.MULTILINE)


def tracked_directories() -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line.partition("/")[0] for line in listed.stdout.splitlines() if "/" in line}


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return set(plain) | set(re.findall(r'<a id="([^"]+)"', document.read_text(encoding="utf-8")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(document: Path):
    for target, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        file = document.parent / target
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), f"{target}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_in_code_spans_exist(document: Path):
    known = tracked_directories()
    missing = [
        span
        for span in CODE.findall(document.read_text(encoding="utf-8"))
        if re.fullmatch(r"[\w.-]+(/[\w.*-]+)+/?", span)
        and span.partition("/")[0] in known
        and not list(ROOT.glob(span.rstrip("/")))
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_commands_name_modules_that_exist(document: Path):
    text = document.read_text(encoding="utf-8")
    named = set(COMMAND.findall(text)) | set(re.findall(r"`python -m ([a-z_.]+)", text))
    for module in named - {"pytest", "guardrails"}:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_each_decision_has_a_number_of_its_own():
    named = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [path.name.partition("-")[0] for path in named]
    assert len(set(numbers)) == len(numbers), numbers
    for path, number in zip(named, numbers, strict=True):
        assert path.read_text(encoding="utf-8").startswith(f"# {int(number)}. "), path.name
