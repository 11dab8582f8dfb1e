"""The options for what users do and when they arrive, as a profile or phase by phase.

Light to import: the rehearsal's command line has the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand

from loadspec.phases import KINDS, Kind, Word
from loadspec.setting import PROFILES
from loadtest.errors import LoadTestError

DASHES = "--"
"""What precedes a kind of phase as an option."""
_ORDER = "loadtest.order"

Ramp = Annotated[
    list[str] | None,
    typer.Option(
        "--ramp",
        metavar="LOW:HIGH:TIME",
        help="A phase whose arrival rate goes from LOW to HIGH a second, such as 5:125:300s.",
    ),
]
Hold = Annotated[
    list[str] | None,
    typer.Option(
        "--hold",
        metavar="[RATE:]TIME",
        help="A phase of RATE arrivals a second; by default, the rate that the last phase ended with.",
    ),
]
Pause = Annotated[
    list[str] | None, typer.Option("--pause", metavar="TIME", help="A phase without arrivals.")
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        help=f"Load profile: {', '.join(PROFILES)}; by default, the script's own phases, else the stack's."
    ),
]


ScenarioName = Annotated[
    str, typer.Option("--scenario", help="What a user does: api, login, or an Artillery script.")
]
EnvironmentName = Annotated[
    str | None,
    typer.Option("--environment", help="One of the script's `config.environments`."),
]
PassEnv = Annotated[
    list[str] | None,
    typer.Option(
        "--pass-env",
        metavar="NAME",
        help="An environment variable that the script may read; may be repeated.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """The options of a load, for `commandline.option_groups.with_groups`."""

    profile: ProfileName = None
    ramp: Ramp = None
    hold: Hold = None
    pause: Pause = None
    scenario: ScenarioName = "login"
    environment: EnvironmentName = None
    pass_env: PassEnv = None

    def phases(self, context: typer.Context) -> list[Word]:
        """Return the phases of `--ramp`, `--hold` and `--pause` in the order in which they were given.

        `context` is that of an `InOrder` command.

        Raises:
            LoadTestError: A profile is named as well.
        """
        given = (self.ramp, self.hold, self.pause)
        left: dict[Kind, list[str]] = {
            kind: list(values or ()) for kind, values in zip(KINDS, given, strict=True)
        }
        order = cast("list[str]", context.meta.get(_ORDER, []))
        words: list[Word] = [
            (kind, left[kind].pop(0)) for one in order for kind in KINDS if kind == one
        ]
        if words and self.profile is not None:
            raise LoadTestError(
                f"--profile {self.profile} and --{words[0][0]} both describe a load: "
                "give only one of them"
            )
        return words


class InOrder(TyperCommand):
    """A command that remembers in which order its options were given: phases follow each other."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as usual, and keep the order of the options."""
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        ctx.meta[_ORDER] = [one.name for one in order]
        return super().parse_args(ctx, args)
