"""Experiment files with one mistake each: one line that names the place, what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.errors import ExperimentError
from loadtest.experiments import engine, files

RIGHT = (files.LIBRARY / "instance-hangs.yaml").read_text(encoding="utf-8")
HANGS = "module: loadtest.experiments.actions.instances, func: hang, arguments: {count: 1, seconds: 600}"
STEADY = RIGHT[RIGHT.index("steady-state-hypothesis:") : RIGHT.index("method:")]
METHOD = RIGHT[RIGHT.index("method:") : RIGHT.index("rollbacks:")]
BECAUSE = RIGHT[RIGHT.index("    because:") : RIGHT.index("    applies_to")]
ALLOWED = "{window_s: 15, failed_share: 0.2}"
BOMB = "\n".join(
    f"{name}: &{name} [{', '.join([of] * 9)}]"
    for name, of in zip("abcdef", ["x", "*a", "*b", "*c", "*d", "*e"], strict=True)
)


def but(*changes: tuple[str, str]) -> str:
    """Return the right file with other texts in it, each in the first place of it."""
    text = RIGHT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def calls(provider: str) -> str:
    return but((f"type: python, {HANGS}", provider))


def own(module: str, function: str, arguments: str) -> str:
    module = f"loadtest.experiments.actions.{module}"
    return calls(f"type: python, module: {module}, func: {function}, arguments: {{{arguments}}}")


def hangs(arguments: str) -> str:
    return own("instances", "hang", arguments)


def after(line: str, more: str) -> str:
    return but((line, f"{line}\n{more}"))


A_LINE = "    name: the service on an instance freezes"
STEP = f"    provider: {{type: python, {HANGS}}}"

WRONG: dict[str, tuple[str, int, str]] = {
    # Not YAML, or not plain YAML.
    "empty": ("", 1, "the file is empty"),
    "a-tab": (but(("  - type: action", "\t- type: action")), 37, "indent with spaces"),
    "not-closed": (but(("0.001]}", "0.001]")), 30, "comma is missing"),
    "a-key-twice": (f"{RIGHT}title: another\n", 48, "already given on line 1; remove one"),
    "a-key-twice-within": (
        after("    recovery_s: 240", "    recovery_s: 10"),
        17,
        "already given on line 16; remove one",
    ),
    "a-bomb": (BOMB, 1, "more than 50,000 values"),
    "an-anchor-in-itself": ("title: x\nmethod: &m [*m]\n", 2, "contains itself"),
    "a-tag-that-runs": (
        but(("[instance]", '!!python/object/apply:os.system ["true"]')),
        5,
        "there is no tag .* write the content itself",
    ),
    "two-documents": (f"{RIGHT}---\n{RIGHT}", 48, "put all into one"),
    "a-control-character": (but(("An instance", "An \x07instance")), 1, r"U\+0007 .* remove it"),
    "half-a-character": (but(("An instance hangs", '"\\ud800"')), 1, "write both halves"),
    # Its form.
    "a-number-for-a-title": (but(("An instance hangs", "5")), 1, 'write "5", in quotes'),
    "no-title": (but(("An instance hangs", '" "')), 1, "`title` is empty: say what fails"),
    "letters-of-another-kind": (but(("title:", "titlé:")), 1, "did you mean 'title'"),
    "a-misspelt-part": (
        but(("steady-state-hypothesis", "steady_state_hypothesis")),
        20,
        "did you mean 'steady-state-hypothesis'",
    ),
    "no-steady-state": (but((STEADY, "")), 1, "steady-state-hypothesis: field required"),
    "no-probes": (
        but((STEADY[STEADY.index("  probes:") :], "  probes: []\n")),
        22,
        "steady-state-hypothesis.probes: is empty: write at least one",
    ),
    "extensions-that-are-none": (
        but(("extensions:\n  - name", "extensions:\n    name")),
        6,
        "extensions: input should be a list",
    ),
    "rollbacks-without-any": (RIGHT[: RIGHT.index("rollbacks:")] + "rollbacks:\n", 44, "a list"),
    # The block of its own.
    "no-block": (but(("name: haproof", "name: haprof")), 6, "0 blocks `name: haproof`"),
    "two-blocks": (
        after("    dies: true", "  - name: haproof\n    because: []\n    recovery_s: 5"),
        6,
        "2 blocks `name: haproof`.*it needs one",
    ),
    "no-reason": (but((BECAUSE, "")), 7, "because: field required"),
    "a-reason-misspelt": (but(("asg-multi-az", "asg-mutli-az")), 12, "did you mean 'asg-multi-az'"),
    "reasons-with-values": (but((BECAUSE, "    because: {a: b}\n")), 8, "because: .* a list"),
    "an-unknown-topology": (but(("[ha]", "[hax]")), 13, "applies_to.0: .*'single' or 'ha'"),
    "a-topology-in-both": (
        but(("[single]", "[ha]")),
        7,
        "ha is in `applies_to` and in `contrast`.*remove it from one",
    ),
    "an-unknown-key": (but(("dies:", "die:")), 18, "die: there is no such key"),
    "no-target-time": (but(("    recovery_s: 240\n", "")), 7, "recovery_s: field required"),
    "no-time-at-all": (but(("recovery_s: 240", "recovery_s: 0")), 16, "greater than 0, not 0"),
    "a-time-below-zero": (but(("recovery_s: 240", "recovery_s: -3")), 16, "not -3"),
    "a-time-in-words": (
        but(("recovery_s: 240", "recovery_s: 4m")),
        16,
        "must be a number, not '4m'",
    ),
    "a-share-in-percent": (
        but(("failed_share: 0.2", "failed_share: 20")),
        15,
        "equal to 1, not 20",
    ),
    "a-share-of-no-time": (but((ALLOWED, "{failed_share: 0.2}")), 15, "`window_s` .* give it"),
    # Its activities.
    "an-unknown-type": (but(("type: action", "type: acton")), 37, "write action or probe"),
    "no-type": (but(("- type: action\n    name", "- name")), 37, "must have a type: action or"),
    "no-name": (but((f"{A_LINE}\n", "")), 37, "write `name: …`"),
    "calls-nothing": (but((f"{STEP}\n", "")), 37, "write what it calls"),
    "an-unknown-provider": (calls("type: pythn"), 37, "write python, process or http"),
    "an-unknown-action": (
        own("instances", "hangs", ""),
        37,
        "no function 'hangs'; did you mean 'hang'",
    ),
    "an-action-like-none": (
        own("instances", "explode", ""),
        37,
        "there are .*answer_errors, .*hang",
    ),
    "an-unknown-module": (own("instance", "hang", ""), 37, "did you mean '.*actions.instances'"),
    "an-unknown-probe": (
        but(("health_answers", "health_answer")),
        23,
        "did you mean 'health_answers'",
    ),
    "an-unknown-way-back": (but(("put_back", "put_bak")), 45, "did you mean 'put_back'"),
    "an-argument-misspelt": (
        hangs("cuont: 1"),
        37,
        "not an argument of hang; did you mean 'count'",
    ),
    "an-argument-in-cyrillic": (hangs("cоunt: 1"), 37, "not an argument of hang"),
    "seconds-below-zero": (hangs("seconds: -5"), 37, "greater than 0, not -5"),
    "seconds-in-words": (hangs("seconds: 10m"), 37, "must be a number, not '10m'"),
    "seconds-without-end": (hangs("seconds: .inf"), 37, "less than or equal to 86400, not inf"),
    "a-year-of-seconds": (hangs("seconds: 31536000"), 37, "less than or equal to 86400"),
    "a-count-below-zero": (hangs("count: -1"), 37, "is -1; give it a number that is not negative"),
    "half-an-instance": (hangs("count: 0.5"), 37, "must be a whole number, not 0.5"),
    "a-number-of-wide-digits": (hangs("count: １"), 37, "must be a whole number"),
    "a-variable-of-nobody": (hangs('seconds: "${nothing}"'), 37, "neither `configuration` nor"),
    "a-way-to-lose-a-zone": (own("network", "lose_zone", "how: loud"), 37, "'silent' or 'refused'"),
    "a-program-that-is-none": (calls("type: process, path: /no/such"), 37, "/no/such.*found"),
    "a-request-to-nowhere": (calls("type: http"), 37, "must have a URL"),
    "a-name-of-nothing": (
        after("method:", "  - ref: the service freezes"),
        37,
        "did you mean 'the serv",
    ),
    "a-pause-below-zero": (
        after(STEP, "    pauses: {after: -3}"),
        40,
        "method.0.pauses.after: .*not -3",
    ),
    "a-control-of-nobody": (
        f"{RIGHT}controls:\n  - name: c\n    provider: {{type: python, module: no.such}}\n",
        49,
        "no module 'no.such'; install it, or remove",
    ),
    # What could never be shown.
    "no-action": (but((METHOD, "method: []\n")), 36, "no step with `type: action`"),
    "no-tolerance": (but(("      tolerance: true\n", "")), 23, "tolerance"),
    "fewer-than-none-missing": (but(("tolerance: 0", "tolerance: -1")), 31, "never returns"),
    "a-share-of-more-than-all": (but(("[0, 0.001]", "[2, 3]")), 27, "failed_share never returns"),
    "bounds-below-zero": (
        but(("tolerance: 0\n", "tolerance: {type: range, range: [-5, -1]}\n")),
        31,
        "missing_instances never returns",
    ),
    "one-bound": (but(("[0, 0.001]", "[0]")), 27, "two values"),
    "an-unknown-tolerance": (
        but(("type: range", "type: rang")),
        27,
        "write regex, jsonpath, range",
    ),
    "a-fault-longer-than-its-load": (
        own("network", "lose_zone", "seconds: 5000"),
        36,
        "takes 5000 s at least.*load goes on for 420 s: shorten them, or raise `recovery_s`",
    ),
    "a-pause-longer-than-its-load": (
        after(STEP, "    pauses: {after: 5000}"),
        36,
        "takes 5000 s at least",
    ),
}


def checked(path: Path) -> None:
    found = files.read(path)
    engine.check(found)
    engine.check_values(found)


def told(path: Path) -> str:
    with pytest.raises(ExperimentError) as said:
        checked(path)
    return str(said.value)


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_one_line_with_its_place_and_a_remedy(tmp_path: Path, case: str) -> None:
    text, line, words = WRONG[case]
    path = tmp_path / f"{case}.yaml"
    path.write_text(text, encoding="utf-8")
    said = told(path)
    assert case in said
    assert f", line {line}: " in said
    assert "\n" not in said
    with pytest.raises(ExperimentError, match=words):
        raise ExperimentError(said)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (RIGHT.replace("instance", "Gerät").encode("latin-1"), "line 1: not UTF-8"),
        (RIGHT.encode("utf-16"), "not UTF-8"),
        (b"- a\n- b\n", "is not an experiment: it needs `title`.*copy one of"),
        (b"hello", "is not an experiment"),
        (b'{"title": "x", "description": "y", "title": "z"}', "line 1: `title` is already given"),
    ],
    ids=["latin-1", "utf-16", "a-list", "a-text", "json-with-a-key-twice"],
)
def test_what_is_no_experiment_at_all_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ExperimentError, match=words):
        raise ExperimentError(told(path))


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        RIGHT.encode("utf-8-sig").decode("utf-8"),
        RIGHT[: RIGHT.index("rollbacks:")],
        but(("tolerance: 0\n", "tolerance: {type: range, range: [-1, 0]}\n")),
        but(("tolerance: 0\n", "tolerance: {type: regex, pattern: '^0$'}\n")),
        hangs("count: 0, seconds: 86400"),
        after("method:", "  - ref: the steady state comes back"),
    ],
    ids=["right", "bom", "no-way-back", "around", "a-pattern", "everybody-for-a-day", "a-name"],
)
def test_what_may_be_meant_is_no_mistake(tmp_path: Path, text: str) -> None:
    path = tmp_path / "right.yaml"
    path.write_text(text, encoding="utf-8")
    checked(path)
