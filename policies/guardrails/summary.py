"""What a preview says about the five questions and the best practices, in a few lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from guardrails.model import Question, Rule
from guardrails.practices import CATALOGUE, PRACTICES

SUMMARY_MARK = "Guardrails: "
"""How the summary begins: the same constant as `rehearsal.policy_report.SUMMARY_MARK`."""

_WIDTH = max(len(question.value) for question in Question)


class Outcome(IntEnum):
    """What became of a rule in one run; where several hold, the largest counts."""

    DISABLED = 0
    NOT_APPLICABLE = 1
    HOLDS = 2
    EXCEPTED = 3
    UNDECIDED = 4
    ADVISED = 5
    BROKEN = 6


# In the order of a line, with the words for one rule and for several.
_WORDS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.HOLDS: ("rule holds", "rules hold"),
    Outcome.BROKEN: ("broken", "broken"),
    Outcome.ADVISED: ("broken but advisory", "broken but advisory"),
    Outcome.UNDECIDED: ("not decidable", "not decidable"),
    Outcome.EXCEPTED: ("excepted", "excepted"),
    Outcome.NOT_APPLICABLE: ("does not apply", "do not apply"),
    Outcome.DISABLED: ("disabled", "disabled"),
}
_NAMED = (Outcome.BROKEN, Outcome.ADVISED, Outcome.UNDECIDED, Outcome.EXCEPTED)
"""Outcomes whose rules a line names."""

_ANSWERS: Mapping[Outcome, str] = {
    Outcome.BROKEN: "no",
    Outcome.ADVISED: "yes, with advice",
    Outcome.UNDECIDED: "not decidable",
    Outcome.EXCEPTED: "by exception",
    Outcome.HOLDS: "yes",
    Outcome.NOT_APPLICABLE: "not asked",
    Outcome.DISABLED: "not asked",
}
"""The answer to a question, by the largest outcome among its rules."""


@dataclass(frozen=True)
class Summary:
    """The outcome of every rule in one run."""

    rules: Sequence[Rule]
    outcomes: Mapping[str, Outcome]
    claim: str
    """What the stack is checked for, and why, as a clause."""

    def lines(self) -> Iterator[str]:
        """Yield a headline, a line per question and what best practices are broken or kept."""
        answers = {question: _answer(self._of(question)) for question in Question}
        asked = [answer for answer in answers.values() if answer != "not asked"]
        good = sum(1 for answer in asked if answer.startswith("yes"))
        if asked:
            yield f"{SUMMARY_MARK}{good} of {len(asked)} questions answered with yes; {self.claim}."
        else:
            yield f"{SUMMARY_MARK}no rule was applied, so nothing is shown; {self.claim}."
        for question, answer in answers.items():
            counts = ", ".join(self._counts(question))
            yield f"  {question.value:<{_WIDTH}} {answer}: {counts}"
        broken, kept = self.practices()
        advised = list[str]()
        for practice, rules in broken.items():
            failed = [rule for rule in rules if self.outcomes[rule] is Outcome.BROKEN]
            if failed:
                name = PRACTICES.get(practice, "")
                yield f"  Well-Architected, broken: {practice} {name} ({', '.join(failed)})"
            else:
                advised.append(practice)
        if advised:
            # One line: the rules are named above, and a stack that does without is not a broken one.
            yield f"  Well-Architected, advice open (nothing is broken): {', '.join(advised)}"
        if kept:
            yield f"  Well-Architected, covered by rules that hold: {', '.join(kept)}"

    def practices(self) -> tuple[dict[str, list[str]], list[str]]:
        """Return the practices with rules that do not hold, with these, and those whose rules all hold."""
        broken: dict[str, list[str]] = {}
        kept: set[str] = set()
        for rule in self.rules:
            outcome = self.outcomes[rule.id]
            for practice in rule.controls.get(CATALOGUE, ()):
                if outcome in (Outcome.BROKEN, Outcome.ADVISED):
                    broken.setdefault(practice, []).append(rule.id)
                elif outcome is Outcome.HOLDS:
                    kept.add(practice)
        return dict(sorted(broken.items())), sorted(kept - broken.keys())

    def _of(self, question: Question) -> dict[str, Outcome]:
        return {one.id: self.outcomes[one.id] for one in self.rules if one.question is question}

    def _counts(self, question: Question) -> Iterator[str]:
        outcomes = self._of(question)
        for outcome, (one, several) in _WORDS.items():
            rules = [rule for rule, found in outcomes.items() if found is outcome]
            if rules:
                named = f" ({', '.join(rules)})" if outcome in _NAMED else ""
                yield f"{len(rules)} {one if len(rules) == 1 else several}{named}"


def _answer(outcomes: Mapping[str, Outcome]) -> str:
    return _ANSWERS[max(outcomes.values(), default=Outcome.NOT_APPLICABLE)]
