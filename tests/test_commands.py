"""Every command block of the documents is a command that exists: its program, its options, its settings."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

import docgen.__main__ as docgen_cli
import loadtest.cli.main as loadtest_cli
import region.cli as region_cli
import rehearsal.cli as rehearsal_cli
import toolchain.__main__ as toolchain_cli
from tests import document_blocks
from tests.document_blocks import DOCUMENTS, ROOT, blocks

PROGRAMS: dict[str, Any] = {
    "docgen": docgen_cli.app,
    "loadtest": loadtest_cli.app,
    "region": region_cli.app,
    "rehearsal": rehearsal_cli.app,
    "toolchain": toolchain_cli.app,
}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SETTINGS: set[str] = set(yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"])


def commands(block: str) -> Iterator[list[str]]:
    """The commands of a block, split into words; `<…>` stands for something."""
    text = re.sub(r"<[^>\n]+>", "PLACEHOLDER", block).replace("\\\n", " ").replace("…", "X")
    for line in text.splitlines():
        words = shlex.split(
            line.removeprefix("$ ").replace("$(", "; ").replace(")", " "), comments=True
        )
        command: list[str] = []
        for word in [*words, ";"]:
            if word in (";", "&&", "||", "|") or word.endswith(";"):
                if command:
                    yield command
                command = []
            else:
                command.append(word)


def known_options(program: str, arguments: list[str]) -> tuple[set[str], list[str]]:
    """The options of the command that the arguments name, and what follows its name."""
    command = get_command(PROGRAMS[program])
    left = list(arguments)
    if isinstance(command, TyperGroup):
        while isinstance(command, TyperGroup) and left and not left[0].startswith("-"):
            name = left.pop(0)
            assert name in command.commands, f"python -m {program} has no command {name}"
            command = command.commands[name]
    options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    return options | {"--help"}, left


def check(command: list[str]) -> None:
    """Hold one command against what exists."""
    words = [word for word in command if not re.fullmatch(r"[A-Z_]+=.*", word) and word != "sudo"]
    if words[:1] == ["make"]:
        assert {one for one in words[1:] if re.fullmatch(r"[a-z-]+", one)} <= TARGETS, command
    if len(words) > 2 and words[0].endswith("python") and words[1] == "-m":
        program, arguments = words[2], words[3:]
        if program in PROGRAMS:
            options, left = known_options(program, arguments)
            left = left[: left.index("--")] if "--" in left else left
            used = {word.partition("=")[0] for word in left if re.match(r"--?[a-z]", word)}
            assert used <= options, f"{' '.join(command)}: {used - options}"
    if words[:1] == ["pulumi"]:
        named = {word.partition("[")[0] for word in words if word.startswith("haproof:")}
        assert named <= SETTINGS, f"{' '.join(command)}: {named - SETTINGS}"
        assert words[1:3] != ["stack", "init"], "fails where the stack exists: select --create"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_command_blocks_can_be_typed(document: Path):
    for block in blocks(document):
        text = re.sub(r"<[^>\n]+>", "PLACEHOLDER", block)
        text = re.sub(r"^\$ ", "", text, flags=re.MULTILINE)
        done = subprocess.run(
            ["bash", "-n"], input=text, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, f"{done.stderr}\n{block}"
        for command in commands(text):
            check(command)


def test_there_are_blocks_to_look_at():
    assert sum(len(blocks(document)) for document in DOCUMENTS) > 25


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_block_is_run_or_has_a_reason(document: Path):
    name = str(document.relative_to(ROOT))
    unsaid = [one for one in blocks(document) if document_blocks.plan_of(name, one) is None]
    assert unsaid == []


def test_each_plan_is_one_of_a_block():
    planned = [
        document_blocks.plan_of(str(document.relative_to(ROOT)), block)
        for document in DOCUMENTS
        for block in blocks(document)
    ]
    every = (document_blocks.BY_HAND, *document_blocks.RUNS, *document_blocks.LEFT)
    assert [one for one in every if one not in planned] == []


def every_command(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(group, TyperGroup):
        for word, command in group.commands.items():
            yield from every_command(command, f"{name} {word}")
    else:
        yield name, group


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_off_by_default_has_no_second_name_that_narrows_its_help(program: str):
    opposites = [
        (name, option.opts)
        for name, command in every_command(get_command(PROGRAMS[program]), program)
        for option in command.params
        if option.default is False and any(one.startswith("--no-") for one in option.secondary_opts)
    ]
    assert opposites == []


@pytest.mark.parametrize(
    "line",
    [
        "make rehearze",
        "python -m rehearsal strat",
        "python -m loadtest run --stak ha",
        "pulumi config set haproof:apPath x",
        "pulumi stack init ha && pulumi up",
    ],
)
def test_a_wrong_command_is_found(line: str):
    with pytest.raises(AssertionError):  # noqa: PT012 - the line may have several
        for command in commands(line):
            check(command)
