"""The proof as JUnit XML: a suite per stack, a case per experiment."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from commandline.text import xml_text
from loadtest.experiments.proof.models import Entry, Proof
from loadtest.reporting.texts import Texts


def render(proof: Proof, texts: Texts) -> str:
    """Return the document, in English whatever the language of the page.

    What was not shown is an error, not a skipped case: a gate must not pass on it.
    """
    del texts
    suites = ET.Element("testsuites", name="haproof proof")
    for topology in sorted({entry.record.topology for entry in proof.entries}):
        mine = [entry for entry in proof.entries if entry.record.topology == topology]
        suite = ET.SubElement(suites, "testsuite", name=f"{topology}.experiments")
        _count(suite, mine)
        for entry in mine:
            _case(suite, entry)
    _count(suites, proof.entries)
    ET.indent(suites)
    return ET.tostring(suites, encoding="utf-8", xml_declaration=True).decode() + "\n"


def _case(suite: ET.Element, entry: Entry) -> None:
    record = entry.record
    seconds = (record.finished_ms - record.started_ms) / 1000
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"haproof.{record.topology}.experiments",
        name=xml_text(entry.name),
        time=f"{max(seconds, 0.0):.3f}",
    )
    reasons = xml_text("; ".join(map(str, record.reasons)) or record.title)
    match _kind(entry):
        case "failure":
            ET.SubElement(case, "failure", type="experiment", message=reasons).text = reasons
        case "error":
            ET.SubElement(case, "error", type="not shown", message=reasons).text = reasons
        case "skipped":
            ET.SubElement(case, "skipped", message=reasons)
        case _:
            ET.SubElement(case, "system-out").text = reasons


def _kind(entry: Entry) -> str:
    """Return how a case ends; what is there for contrast promised nothing."""
    record = entry.record
    if record.outcome == "survived":
        return "passed"
    if not entry.promised:
        return "skipped"
    return "failure" if record.outcome == "not survived" else "error"


def _count(element: ET.Element, entries: list[Entry]) -> None:
    kinds = [_kind(entry) for entry in entries]
    element.set("tests", str(len(entries)))
    element.set("failures", str(kinds.count("failure")))
    element.set("errors", str(kinds.count("error")))
    element.set("skipped", str(kinds.count("skipped")))
