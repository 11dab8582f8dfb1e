"""The report as JUnit XML: a test case for each objective and each check, as CI systems show them.

The dialect is the one that GitHub, GitLab and Jenkins read: `testsuites`, `testsuite`, `testcase`
with `failure` or `skipped` (https://github.com/testmoapp/junitxml).
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree import ElementTree as ET

from loadtest.analysis import slo
from loadtest.analysis.slo import Slo
from loadtest.models import RunSummary
from loadtest.reporting.two_runs import Report

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
"""Characters that XML 1.0 cannot hold at all."""


class Case(NamedTuple):
    """One test case. `passed` is None where it does not apply."""

    name: str
    passed: bool | None
    detail: str


def render(report: Report) -> str:
    """The document, with a suite per stack for its promise and one for its validity."""
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
            suite, "testcase", classname=f"haproof.{name}", name=_clean(case.name)
        )
        if case.passed is None:
            ET.SubElement(element, "skipped", message=_clean(case.detail))
        elif case.passed:
            ET.SubElement(element, "system-out").text = _clean(case.detail)
        else:
            failure = ET.SubElement(element, "failure", type=kind, message=_clean(case.detail))
            failure.text = _clean(f"{run.id}: {case.name}: {case.detail}")


def _count(element: ET.Element, cases: list[Case]) -> None:
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.passed is False for case in cases)))
    element.set("skipped", str(sum(case.passed is None for case in cases)))
    element.set("errors", "0")


def objectives(run: RunSummary, promise: Slo | None = None) -> list[Case]:
    """What the run was held to, one case each. `promise` defaults to the project's SLOs.

    A saved run tells its SLOs in words only; where they are others, they are one case together.
    """
    told = run.verdict.slo
    if told is None:
        return [Case("promise", None, f"nothing is promised of {run.topology}")]
    if not run.validity.valid:
        return [Case("promise", None, f"not judged, for the run is not valid: {told}")]
    promise = promise or slo.default()
    if str(promise) != told:
        kept = run.verdict.outcome == "kept"
        return [Case(told, kept, "; ".join(run.verdict.reasons) or "kept")]
    found = slo.evaluate(
        promise,
        users=run.users,
        requests=run.requests,
        latency=run.latency,
        endpoints=run.endpoints,
    )
    # An objective that the run is too short to show is not kept either: a gate must not pass on it.
    return [
        Case(one.name, kept, f"{one.measured}, promised {one.promised}" if kept else one.reason)
        for one in found
        for kept in (one.kept is True,)
    ]


def _checks(run: RunSummary) -> list[Case]:
    return [Case(check.name, check.passed, check.detail) for check in run.validity.checks]


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
