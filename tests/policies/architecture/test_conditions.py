"""Conditions of listener rules: one rule hides another only if no request is left for it."""

from __future__ import annotations

import fnmatch
import itertools

import pytest
from guardrails.architecture.conditions import conditions, hides, match_everything
from guardrails.resources import Resource
from guardrails.values import UNKNOWN
from hypothesis import given
from hypothesis import strategies as st

LETTERS = "ab"
TEXTS = ["".join(one) for size in range(5) for one in itertools.product(LETTERS, repeat=size)]
PATTERNS = st.text(alphabet="ab*?", max_size=4)
METHODS = st.sampled_from(["GET", "POST"])


def rule(*given, name="rule"):
    properties = {"conditions": list(given)}
    return Resource(type="rule", name=name, urn=f"urn:{name}", properties=properties)


def field(name, *values, **more):
    return {name: {"values": list(values), **more}}


RULES = st.lists(
    st.one_of(
        st.lists(PATTERNS, min_size=1, max_size=2).map(
            lambda values: field("pathPattern", *values)
        ),
        st.lists(METHODS, min_size=1, max_size=2).map(
            lambda values: field("httpRequestMethod", *values)
        ),
    ),
    min_size=1,
    max_size=2,
).map(lambda listed: rule(*listed))


def matched(one):
    """The requests, as path and method, that a rule matches."""
    found = set()
    for path, method in itertools.product(TEXTS, ("GET", "POST")):
        fulfilled = [
            method in given["httpRequestMethod"]["values"]
            if "httpRequestMethod" in given
            else any(fnmatch.fnmatchcase(path, each) for each in given["pathPattern"]["values"])
            for given in one.properties["conditions"]
        ]
        if all(fulfilled):
            found.add((path, method))
    return found


@given(earlier=st.lists(RULES, min_size=1, max_size=3), later=RULES)
def test_what_is_hidden_gets_no_request(earlier, later):
    if hides(earlier, later) is not None:
        left = matched(later) - set().union(*(matched(one) for one in earlier))
        assert not left


@given(RULES)
def test_a_rule_hides_its_equal(one):
    assert hides([one], one) is one


@given(RULES)
def test_what_matches_everything_does(one):
    if match_everything(conditions(one), visits=False):
        assert len(matched(one)) == 2 * len(TEXTS)


@pytest.mark.parametrize(
    "unknown",
    [
        UNKNOWN,
        [UNKNOWN],
        [field("pathPattern", UNKNOWN)],
        [{"pathPattern": UNKNOWN}],
        [field("httpHeader", "a", httpHeaderName=UNKNOWN)],
        [{"queryStrings": [{"key": UNKNOWN, "value": "a"}]}],
        [{"queryStrings": UNKNOWN}],
    ],
)
def test_what_is_not_known_hides_nothing_and_is_hidden_by_what_is_known(unknown):
    doubtful = rule()
    doubtful.properties["conditions"] = unknown
    known = rule(field("pathPattern", "/a"))
    assert hides([doubtful], known) is None
    assert not match_everything(conditions(doubtful), visits=True)
    if isinstance(unknown, list):
        both = rule(*unknown, field("pathPattern", "/a"))
        assert hides([known], both) is known


def test_a_page_for_every_get_is_one_for_visitors():
    gets = conditions(rule(field("httpRequestMethod", "GET")))
    assert match_everything(gets, visits=True)
    assert not match_everything(gets, visits=False)
