"""The report as JUnit XML: a test case for each objective and each check, as CI systems show them.

The dialect is the one that GitHub, GitLab and Jenkins read: `testsuites`, `testsuite`, `testcase`
with `failure` or `skipped` (https://github.com/testmoapp/junitxml).
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree as ET

from commandline.text import xml_text
from loadtest.messages.message import msg
from loadtest.models import Objective, RunSummary
from loadtest.reporting.evidence import Evidence
from loadtest.reporting.stack_comparison import Report
from loadtest.reporting.texts import Texts


class Case(NamedTuple):
    """One test case. `passed` is None where it does not apply."""

    name: str
    passed: bool | None
    detail: str


def render(report: Report, evidence: Evidence, texts: Texts) -> str:
    """Return the document: per stack, a suite for its promise and one for its validity; in English."""
    del evidence, texts
    suites = ET.Element("testsuites", name="haproof")
    counted: list[Case] = []
    for run in (report.single, report.ha):
        for kind, cases in (("slo", objectives(run)), ("validity", _checks(run))):
            _suite(suites, run, kind, cases)
            counted += cases
    _count(suites, counted)
    ET.indent(suites)
    return ET.tostring(suites, encoding="utf-8", xml_declaration=True).decode() + "\n"


def _suite(suites: ET.Element, run: RunSummary, kind: str, cases: list[Case]) -> None:
    seconds = (run.finished_at - run.started_at).total_seconds()
    name = f"{run.topology}.{kind}"
    suite = ET.SubElement(
        suites, "testsuite", name=name, timestamp=run.started_at.isoformat(), time=f"{seconds:.3f}"
    )
    _count(suite, cases)
    for case in cases:
        element = ET.SubElement(
            suite, "testcase", classname=f"haproof.{name}", name=xml_text(case.name)
        )
        if case.passed is None:
            ET.SubElement(element, "skipped", message=xml_text(case.detail))
        elif case.passed:
            ET.SubElement(element, "system-out").text = xml_text(case.detail)
        else:
            failure = ET.SubElement(element, "failure", type=kind, message=xml_text(case.detail))
            failure.text = xml_text(f"{run.id}: {case.name}: {case.detail}")


def _count(element: ET.Element, cases: list[Case]) -> None:
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.passed is False for case in cases)))
    element.set("skipped", str(sum(case.passed is None for case in cases)))
    element.set("errors", "0")


def objectives(run: RunSummary) -> list[Case]:
    """Return what was required of the run, one case each."""
    verdict = run.verdict
    if verdict.promise is None:
        return [Case("promise", None, f"nothing is promised for {run.topology}")]
    if not run.validity.valid:
        return [Case("promise", None, f"not evaluated, as the run is not valid: {verdict.promise}")]
    # An objective that the run does not show is not kept either: a gate must not pass on it.
    # One that no run of the load profile could show is skipped: it was not asked.
    return [
        _objective(one, kept=one.kept is True)
        if one.judged
        else Case(str(one.name), None, str(one.reason))
        for one in verdict.objectives
    ]


def _objective(one: Objective, *, kept: bool) -> Case:
    detail = f"{one.measured}; promised: {one.promised}" if kept else str(one.reason)
    if one.kept is None:
        detail = "; ".join(
            map(str, filter(None, (msg("verdict.undecided"), one.reason, one.remedy)))
        )
    return Case(str(one.name), kept, detail)


def _checks(run: RunSummary) -> list[Case]:
    return [Case(str(check.name), check.passed, str(check.detail)) for check in run.validity.checks]
