"""The catalogues: the same messages in every language, all of them used, none of them missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import jinja2
import pytest
from jinja2 import nodes

import loadtest
import rehearsal
from loadtest.analysis.saturation import FULL, NOT_RECORDED
from loadtest.analysis.sizing import Limit
from loadtest.experiments import files, scaling
from loadtest.experiments.observations import Source
from loadtest.experiments.proof.models import EXIT_CODES, slug
from loadtest.messages.catalogue import LANGUAGES, catalogue
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES
from loadtest.reporting.stack_comparison import Headline
from loadtest.scenario import scenario

OTHERS = [code for code in LANGUAGES if code != "en"]
PACKAGES = [Path(str(package.__file__)).parent for package in (loadtest, rehearsal)]
TEMPLATES = PACKAGES[0] / "reporting" / "templates"
ENDPOINTS = {
    name
    for file in scenario.SCENARIOS.glob("*.yml")
    for journey in scenario.load(file.stem).journeys or []
    for name in journey
}


def assumptions() -> set[str]:
    """The names of the parts that predictions consist of, as the code gives them."""
    source = (PACKAGES[0] / "experiments" / "prediction.py").read_text()
    return set(re.findall(r'(?:Part\(\s*name=|_times\()"([a-z-]+)"', source))


FAMILIES = {
    "outcome": {outcome.value for outcome in Outcome},
    "phase": {phase.name for profile in PROFILES.values() for phase in profile.phases},
    "endpoint": ENDPOINTS,
    "event": {"fault", "deployment", scaling.KIND},
    "scenario": {file.stem for file in scenario.SCENARIOS.glob("*.yml")},
    "stack": {"single", "ha", "single.title", "ha.title"},
    "survival": {slug(outcome) for outcome in EXIT_CODES},
    "experiment-title": set(files.names()),
    "lane": set(get_args(Source)),
    "assumption": assumptions(),
    "resource": {*FULL, *NOT_RECORDED},
    "capacity-axis": {"instances", "in-flight"},
    "size-limit": set(get_args(Limit)),
    "verdict": set(get_args(Headline.model_fields["outcome"].annotation)),
}
"""Ids that are put together in the program from a prefix and a code."""
OPEN = {"endpoint", "event", "experiment-title"}
"""Families of names that anybody may choose: unknown ones are shown as they are."""
HANGUL = re.compile(r"[\uac00-\ud7a3]")


def modules() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for file in package.rglob("*.py"):
            yield ast.parse(file.read_text())


def ids_in_templates() -> set[str]:
    found: set[str] = set()
    for file in TEMPLATES.glob("*.j2"):
        tree = jinja2.Environment(autoescape=True).parse(file.read_text())
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t":
                assert isinstance(call.args[0], nodes.Const), f"{file}: an id that is not a literal"
                found.add(call.args[0].value)
    return found


def ids_in_code() -> set[str]:
    """All string constants that look like an id, and what the few composed ones can be."""
    sections = "|".join(sorted({name.partition(".")[0] for name in catalogue("en")}))
    pattern = re.compile(rf"(?:{sections})\.[a-z0-9.-]+")
    constants = {
        node.value
        for tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    files = (".yml", ".j2", ".json")
    found = {text for text in constants if pattern.fullmatch(text) and not text.endswith(files)}
    # Those that have a form with the name of an endpoint (`slo._of`).
    return found | {f"{text}-of" for text in found if f"{text}-of" in catalogue("en")}


def family_ids() -> set[str]:
    return {f"{family}.{name}" for family, names in FAMILIES.items() for name in names}


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing(language: str):
    assert list(catalogue(language)) == list(catalogue("en"))


def test_every_id_that_is_used_exists():
    known = set(catalogue("en"))
    in_templates = ids_in_templates()
    assert len(in_templates) > 25
    assert in_templates - known == set()
    only_with_endpoint = {name.removesuffix("-of") for name in known if name.endswith("-of")}
    in_code = ids_in_code()
    assert len(in_code) > 200
    assert in_code - known - only_with_endpoint == set()
    closed = {name for name in family_ids() if name.partition(".")[0] not in OPEN}
    assert closed - known == set()


def test_every_id_is_used():
    assert set(catalogue("en")) - ids_in_templates() - ids_in_code() - family_ids() == set()


def test_composed_ids_belong_to_a_family():
    for tree in modules():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            name = (
                call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
            )
            first = call.args[0]
            if name in {"msg", "t", "texts", "_texts"} and isinstance(first, ast.JoinedStr):
                prefix = first.values[0]
                if not isinstance(prefix, ast.Constant):
                    assert ast.unparse(first).endswith("-of'"), ast.unparse(call)
                    continue
                assert prefix.value.removesuffix(".") in FAMILIES, ast.unparse(call)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_loses_a_parameter(language: str):
    for name, entry in catalogue(language).items():
        assert entry.other.strip()
        assert entry.parameters == catalogue("en")[name].parameters, name
        assert entry.one is None or "n" in entry.parameters, name


def test_no_english_is_left_in_korean():
    """A text without Korean letters is a name, a number or a unit."""
    parameter = re.compile(r"\{[^}]*\}")
    same = {"Artillery", "Node", "Python", "Pulumi", "HAProxy", "PostgreSQL", "HA"}
    for name, entry in catalogue("ko").items():
        if HANGUL.search(entry.other):
            continue
        left = parameter.sub("", entry.other).split()
        assert [word for word in left if len(word) > 3 and word not in same] == [], name


def test_no_text_of_the_program_is_prose():
    """What is said in reports is in the catalogue: messages in code have no text of their own."""
    for tree in modules():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "free_text":
                assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), ast.unparse(call)
