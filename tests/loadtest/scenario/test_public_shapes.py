"""Over a hundred scripts in the manner of public ones: it runs, or each line that cannot is told.

Beside a line in `public/`: `#!` and what is said of it where it is refused, `#?` where something of it is
replaced or worth knowing; several are separated by `|`. Nothing else is said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from loadtest.errors import LoadTestError
from loadtest.scenario import scenario
from loadtest.scenario.scenario import Choice

SCRIPTS = sorted((Path(__file__).parent / "public").glob("*.yml"))
REFUSED, TOLD = "#!", "#?"


def expected(file: Path, mark: str) -> dict[int, list[str]]:
    """What the remarks beside the lines say, by line."""
    found = dict[int, list[str]]()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        for kind, text in re.findall(r"(#[!?]) ((?:(?!#[!?]).)*)", line):
            if kind == mark:
                found[number] = [one.strip() for one in text.split(" | ")]
    return found


def by_line(file: Path, lines: list[str]) -> dict[int, list[str]]:
    found = defaultdict[int, list[str]](list)
    for line in lines:
        number, _, text = line.strip().removeprefix(f"{file}:").split(":", 2)
        found[int(number)].append(text.strip())
    return found


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_it_runs_or_each_line_says_why_not(file: Path):
    choice = Choice(str(file), own_phases=True)
    try:
        mark, said = TOLD, list(scenario.load(choice=choice).notes)
    except LoadTestError as error:
        mark, said = REFUSED, str(error).splitlines()[1:]

    found, wanted = by_line(file, said), expected(file, mark)
    assert mark == REFUSED or not expected(file, REFUSED), "it is accepted"
    assert sorted(found) == sorted(wanted), found
    for line, texts in wanted.items():
        assert len(found[line]) == len(texts), (line, found[line])
        assert [one for one in texts if not any(one in said for said in found[line])] == [], found[
            line
        ]


def test_there_are_over_a_hundred_of_them():
    assert len(SCRIPTS) >= 110
    refused = sum(bool(expected(file, REFUSED)) for file in SCRIPTS)
    assert 10 < refused < len(SCRIPTS) - 10
