"""The summary of a run: an answer to each question, and the best practices."""

from __future__ import annotations

import pytest
from guardrails.catalogue import RULES
from guardrails.model import Level, Question
from guardrails.practices import CATALOGUE, PRACTICES
from guardrails.resources import Stack

from tests.policies.draft import Draft
from tests.policies.evaluation import configured, exception, one_zone
from tests.policies.wire import bare


def summary(evaluator, draft):
    for resource in draft.build(inputs=True).resources:
        evaluator.evaluate_resource(resource)
    return evaluator.evaluate_stack(draft.build()).summary


def line(evaluator, draft, question):
    lines = list(summary(evaluator, draft).lines())
    return next(one for one in lines if one.strip().startswith(question.value))


def test_the_good_stack_answers_every_question_with_yes():
    lines = list(summary(configured(), Draft()).lines())
    assert lines[0].startswith("Guardrails: 5 of 5 questions answered with yes; ")
    assert [one.split("?")[0].strip() + "?" for one in lines[1:6]] == [q.value for q in Question]
    assert all("yes: " in one for one in lines[1:6])
    assert "broken" not in "".join(lines)


def test_every_rule_is_counted_once():
    found = summary(configured(), Draft())
    assert set(found.outcomes) == {rule.id for rule in RULES}


def test_a_broken_rule_is_named_and_answers_no():
    draft = Draft().set("group", "healthCheckType", "EC2")
    said = line(configured(), draft, Question.SURVIVE)
    assert " no: " in said
    assert "1 broken (asg-elb-health-check)" in said


def test_an_advisory_an_exception_and_a_disabled_rule_are_told_apart():
    advised = line(configured(), one_zone(), Question.SURVIVE)
    assert "yes, with advice: " in advised
    assert "1 broken but advisory (rds-multi-az)" in advised
    accepted = configured(profile="production", exceptions=[exception()])
    assert "by exception: " in line(accepted, one_zone(), Question.SURVIVE)
    off = configured({"rds-multi-az": None})
    assert "1 disabled" in line(off, one_zone(), Question.SURVIVE)


def test_a_single_stack_is_not_asked_whether_it_survives_a_zone():
    evaluator = configured()
    found = evaluator.evaluate_stack(Stack([bare("haproof:service:SingleInstanceService")]))
    lines = list(found.summary.lines())
    assert "checked for security only" in lines[0]
    assert "do not apply" in lines[2]


def test_a_broken_practice_is_not_covered():
    found = summary(configured({"rds-backups": Level.MANDATORY}), one_zone())
    broken, kept = found.practices()
    assert broken["REL10-BP01"] == ["rds-multi-az"]
    assert "REL10-BP01" not in kept
    assert "REL11-BP03" in kept
    assert set(kept) <= set(PRACTICES)


def test_advice_is_one_line_and_not_called_broken():
    lines = list(summary(configured(), one_zone()).lines())
    [advice] = [one for one in lines if "Well-Architected, advice" in one]
    assert advice.startswith("  Well-Architected, advice open (nothing is broken): ")
    assert "REL10-BP01" in advice
    assert not [one for one in lines if "Well-Architected, broken" in one]
    mandatory = list(summary(configured({"rds-multi-az": Level.MANDATORY}), one_zone()).lines())
    [broken] = [one for one in mandatory if "broken: REL10-BP01" in one]
    assert broken.endswith("(rds-multi-az)")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_answers_a_part_of_a_best_practice(rule):
    # What the API refuses is not a practice.
    assert rule.controls.get(CATALOGUE) or rule.question is Question.VALID
    assert set(rule.controls.get(CATALOGUE, ())) <= set(PRACTICES)
