"""Writes the proof: for people, for programs and for CI."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtest.errors import ResultsError
from loadtest.experiments.proof import card, history, junit, markdown, page
from loadtest.experiments.proof.models import Proof
from loadtest.reporting.html.page_links import linked
from loadtest.reporting.markdown import publish
from loadtest.reporting.schema import DIALECT
from loadtest.reporting.texts import Texts
from loadtest.runs import paths

DIRECTORY = "proof"
"""Of the proof, below the results."""
JSON = "proof.json"
STEM = "proof"
HTML = f"{STEM}.html"
JUNIT = "proof.junit.xml"
MARKDOWN = "proof.md"
CARD = "proof.svg"


def _json(proof: Proof, texts: Texts) -> str:
    del texts
    return proof.model_dump_json(indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Proof, Texts], str]] = {
    JSON: _json,
    MARKDOWN: markdown.render,
    JUNIT: junit.render,
    CARD: card.render,
}
"""The formats that have one file each. The page has one per language."""


@dataclass(frozen=True)
class Written:
    """A proof and its page; the other files lie beside it."""

    proof: Proof
    html: Path


def write(proof: Proof, target: Path, lang: str = "en") -> Written:
    """Write every file of the proof into `target`, the page in each language.

    It is added to the history beside `target` and, where GITHUB_STEP_SUMMARY names a file, to that.

    Raises:
        ResultsError: a file cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"cannot write a proof to {target}: {error.strerror}") from error
    files = {name: render(proof, Texts(lang)) for name, render in FORMATS.items()}
    for one, other in linked(STEM, lang):
        files[one.file] = page.render(proof, Texts(one.language), other)
    for name, text in files.items():
        paths.write_text(target / name, text)
    history.append(target.parent, proof)
    publish(files[MARKDOWN])
    return Written(proof, target / HTML)


def load(path: Path) -> Proof:
    """Read a `proof.json` back.

    Raises:
        ResultsError: it cannot be read.
    """
    try:
        return Proof.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} is not a proof: {error}") from error


def schema() -> str:
    """Return the JSON Schema of `proof.json`, published as `docs/proof.schema.json`."""
    found = Proof.model_json_schema(mode="serialization")
    return json.dumps({"$schema": DIALECT, **found}, indent=2, ensure_ascii=False) + "\n"
