from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from commandline.option_groups import with_groups


@dataclass(frozen=True, kw_only=True)
class Size:
    width: Annotated[int, typer.Option("--width", min=1, help="In meters.")] = 3
    tags: Annotated[list[str] | None, typer.Option("--tag")] = None


@dataclass(frozen=True, kw_only=True)
class Large(Size):
    width: Annotated[int, typer.Option("--width", help="In kilometers.")] = 5


app = typer.Typer()


@app.command()
@with_groups
def small(
    name: str, size: Size, *, context: typer.Context, loud: Annotated[bool, typer.Option()] = False
) -> None:
    """Show something small."""
    typer.echo(f"{context.command.name} {name} {size.width} {size.tags} {loud}")


@app.command()
@with_groups
def large(size: Large) -> None:
    """Show something large."""
    typer.echo(str(size))


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["small", "it"], "small it 3 None False"),
        (
            ["small", "it", "--width", "4", "--tag", "a", "--tag", "b"],
            "small it 4 ['a', 'b'] False",
        ),
        (["small", "--loud", "it"], "small it 3 None True"),
        (["large"], "Large(width=5, tags=None)"),
    ],
)
def test_a_command_gets_the_fields_of_its_groups_as_options(arguments: list[str], shown: str):
    assert CliRunner().invoke(app, arguments).output.strip() == shown


def test_an_option_of_a_group_is_checked_and_explained_as_any_other():
    assert (
        "0 is not in the range" in CliRunner().invoke(app, ["small", "it", "--width", "0"]).output
    )
    help_text = CliRunner().invoke(app, ["large", "--help"]).output
    assert "In kilometers." in help_text
    assert "Show something large." in help_text
