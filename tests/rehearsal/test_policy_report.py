"""The policy report: what the engine's events say, as Markdown that people can act on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandline.exit_codes import ExitCode
from rehearsal.engine_events import parse
from rehearsal.policy_report import (
    COST_MARK,
    REMEDY_MARK,
    SUMMARY_MARK,
    UNDECIDED_MARK,
    Rule,
    StackReport,
    as_json,
    not_applicable,
    read_events,
    render,
)
from rehearsal.preview import exit_code, known_rules

RULES = (
    Rule("asg-multi-az", "A group spans zones", "https://example.org/asg", ("Add subnets.",)),
    Rule("rds-multi-az", "A standby", "https://example.org/rds", ()),
    Rule("ebs-encrypted", "Encrypted volumes", "https://example.org/ebs", ()),
)
URN = "urn:pulumi:ha::haproof::haproof:service:X$aws:rds/instance:Instance::web-database-postgres"
STACK = "urn:pulumi:ha::haproof::pulumi:pulumi:Stack::haproof-ha"


def violation(
    rule: str, level: str = "mandatory", urn: str = URN, text: str | None = None
) -> dict[str, Any]:
    message = text or f'{rule} in general.\nDatabase "x" is wrong. Remedy: put it right.\n'
    return {
        "policyEvent": {
            "policyName": rule,
            "enforcementLevel": level,
            "resourceUrn": urn,
            "message": message,
        }
    }


def summary(passed: list[str], failed: list[str], kind: str = "policyAnalyzeSummaryEvent") -> Any:
    return {kind: {"passed": passed, "failed": failed}}


ENDED = summary([], [], "policyAnalyzeStackSummaryEvent")
"""What the engine reports once the rules about the whole stack have run."""

SUMMARY = """Guardrails: 1 of 2 questions answered with yes; this stack is checked for high availability.
  Can it serve?    yes: 9 rules hold
  Does it survive? no: 3 rules hold, 1 broken (asg-multi-az)
  Well-Architected, broken: REL10-BP01 Deploy to multiple locations (asg-multi-az)
"""


def read(*events: dict[str, Any], failed: str | None = None) -> StackReport:
    return read_lines([json.dumps(event) for event in events], failed)


def read_lines(lines: list[str], failed: str | None = None) -> StackReport:
    return read_events(filter(None, map(parse, lines)), "ha", failed)


def text(*reports: StackReport) -> str:
    return render(reports, RULES, "Previewed somewhere.")


def test_a_clean_stack_passes_and_lists_what_did_not_apply() -> None:
    report = read(
        summary(["ebs-encrypted"], []),
        summary(["asg-multi-az"], [], "policyAnalyzeStackSummaryEvent"),
        {"summaryEvent": {"resourceChanges": {"create": 60, "same": 1}}},
    )
    assert report.applied == {"ebs-encrypted", "asg-multi-az"}
    assert not_applicable(report, RULES) == ["rds-multi-az"]
    page = text(report)
    assert "| `ha` | ✅ passed | 0 | 0 | 0 | 2 | 1 | 61 |" in page
    assert "No violation." in page
    assert "`rds-multi-az`" in page.split("Not applicable")[1]


def test_a_violation_is_reported_with_rule_resource_and_remedy() -> None:
    page = text(read(violation("rds-multi-az"), violation("ebs-encrypted", "advisory")))
    assert "| `ha` | ❌ failed | 1 | 1 | 0 | 2 | 1 | 0 |" in page
    assert (
        "| [`rds-multi-az`](https://example.org/rds) | "
        '`aws:rds/instance:Instance web-database-postgres` | Database "x" is wrong. | '
        "put it right. |" in page
    )
    assert page.index("**Mandatory**") < page.index("**Advisory**")


def test_a_violation_of_the_whole_stack_names_no_resource() -> None:
    (found,) = read(violation("asg-multi-az", urn=STACK)).findings
    assert found.resource == ""
    assert "| the stack |" in text(read(violation("asg-multi-az", urn=STACK)))


def test_the_same_violation_twice_is_one() -> None:
    assert len(read(violation("rds-multi-az"), violation("rds-multi-az")).findings) == 1


def test_a_message_without_a_remedy_and_a_rule_without_metadata_are_shown_as_they_are() -> None:
    report = read(violation("strange", text="It is wrong | really."))
    assert "| `strange` |" in text(report)
    assert "It is wrong \\| really." in text(report)


def test_a_preview_that_failed_is_shown_with_its_reason_and_does_not_pass() -> None:
    page = text(read(summary(["ebs-encrypted"], []), failed="error: haproof:minSize is wrong"))
    assert "❌ failed" in page
    assert "error: haproof:minSize is wrong" in page
    assert "No violation" not in page


def error(urn: str) -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": "error", "message": "no", "urn": urn}}


def test_a_mandatory_violation_is_no_failure_of_the_preview() -> None:
    report = read(violation("rds-multi-az"), error(""), ENDED, failed="error: preview failed")
    assert report.failed is None
    assert exit_code([report]) == ExitCode.BROKEN_PROMISE


def test_a_rejected_resource_is_a_failure_whatever_the_policies_say_of_what_is_left_of_it() -> None:
    report = read(
        error(URN), violation("rds-multi-az"), ENDED, failed="error: does not implement 'x'"
    )
    assert exit_code([report]) == ExitCode.FAILURE
    assert "does not implement 'x'" in text(report)


@pytest.mark.parametrize(
    ("severity", "shown"), [("info", True), ("warning", True), ("debug", False)]
)
def test_the_cost_is_reported(severity: str, shown: bool) -> None:
    message = "<{%reset%}>Monthly cost: about 86.09 USD\n<{%reset%}>"
    report = read({"diagnosticEvent": {"severity": severity, "message": message}})
    assert ("Monthly cost: about 86.09 USD" in text(report)) is shown
    assert "{%" not in text(report)


def test_an_unfinished_line_is_left_out() -> None:
    lines = [json.dumps(violation("rds-multi-az")), '{"policyEvent": {"policyNa', "[1]", ""]
    assert len(read_lines(lines).findings) == 1


def test_the_packs_answers_are_a_table() -> None:
    message = {"diagnosticEvent": {"severity": "info", "message": f"<{{%reset%}}>{SUMMARY}"}}
    report = read(message, ENDED)
    page = text(report)
    assert "| Can it serve? | yes | 9 rules hold |" in page
    assert "| Does it survive? | no | 3 rules hold, 1 broken (asg-multi-az) |" in page
    assert "- Well-Architected, broken: REL10-BP01" in page
    (stack,) = json.loads(as_json([report], RULES))["stacks"]
    assert stack["questions"][0] == {
        "question": "Can it serve?",
        "answer": "yes",
        "rules": "9 rules hold",
    }
    assert stack["complete"]


def test_what_is_not_decidable_is_no_violation() -> None:
    said = "Title.\nNot decidable here: the subnets are looked up. Remedy: name their zones."
    report = read(violation("asg-multi-az", "advisory", text=said), ENDED)
    assert not report.of_level("advisory")
    page = text(report)
    assert "| `ha` | ✅ passed | 0 | 0 | 1 |" in page
    assert "**Not decidable**" in page
    assert "name their zones." in page


def test_a_preview_that_ended_early_says_which_rules_have_not_run() -> None:
    ended_early = read(summary(["ebs-encrypted"], []), failed="error: the program failed")
    assert "The rules about the stack as a whole have not run" in text(ended_early)
    assert "have not run" not in text(read(ENDED))


def test_a_program_that_failed_is_a_failure_even_beside_a_violation() -> None:
    report = read(violation("rds-multi-az"), failed="error: the program failed")
    assert exit_code([report]) == ExitCode.FAILURE


@given(st.text(max_size=80))
def test_no_text_breaks_out_of_its_table(said: str) -> None:
    page = text(read(violation("rds-multi-az", text=f"Title.\nx{said}")))
    rows = [line for line in page.split("\n") if line.startswith("| [`rds-multi-az`]")]
    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 5


def test_the_exit_code_is_the_worst() -> None:
    fine, advised = read(), read(violation("rds-multi-az", "advisory"))
    assert exit_code([fine, advised]) == ExitCode.SUCCESS
    assert exit_code([fine, read(violation("rds-multi-az"))]) == ExitCode.BROKEN_PROMISE
    assert exit_code([read(violation("rds-multi-az")), read(failed="x")]) == ExitCode.FAILURE


def test_the_packs_real_summary_is_read() -> None:
    from guardrails.evaluator import PolicyEvaluator
    from guardrails.model import Question
    from guardrails.resources import Stack

    summarized = PolicyEvaluator().evaluate_stack(Stack([])).summary
    assert summarized is not None
    said = "\n".join(summarized.lines())
    report = read({"diagnosticEvent": {"severity": "info", "message": said}})
    assert [one.question for one in report.answers] == [question.value for question in Question]


def test_the_pack_lists_all_its_rules() -> None:
    from guardrails.catalogue import RULES as CATALOGUE

    known = known_rules()
    assert [rule.id for rule in known] == [rule.id for rule in CATALOGUE]
    assert all(rule.title and rule.url.startswith("https://") and rule.steps for rule in known)


def test_the_marks_are_those_of_the_pack_and_the_program() -> None:
    from guardrails.model import REMEDY_MARK as WRITTEN
    from guardrails.model import UNDECIDED_MARK as UNSURE
    from guardrails.summary import SUMMARY_MARK as SUMMARIZED

    from components.cost.estimate import Estimate

    assert REMEDY_MARK == WRITTEN
    assert UNDECIDED_MARK == UNSURE
    assert SUMMARY_MARK == SUMMARIZED
    unpriced = Estimate(
        region="mars-north-1",
        currency=None,
        table_date=None,
        lines=(),
        on_use=(),
        missing=(),
        notes=("there are no prices",),
    )
    assert unpriced.summary().startswith(COST_MARK)
