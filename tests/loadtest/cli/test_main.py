"""Wrong usage and missing things are reported as such, and every command's help has an example."""

from __future__ import annotations

import pytest

from loadtest.cli import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "either --stack NAME or --outputs FILE"),
        (["run", "--outputs", "absent.json"], "cannot read the stack outputs absent.json"),
        (["run", "--nonsense"], "No such option"),
        (["dance"], "No such command"),
        (["report"], "no finished run of 'single'"),
    ],
)
def test_wrong_usage_is_never_reported_as_a_broken_slo(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main.main(arguments) == 4
    assert message in capsys.readouterr().err.replace("\n", " ")


COMMANDS = [str(command.name) for command in main.app.registered_commands]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]):
    assert main.main([*command, "--help"]) == 0
    assert f"python -m loadtest {' '.join(command)}".strip() in capsys.readouterr().out
