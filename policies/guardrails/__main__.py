"""`python -m guardrails`: the rules as JSON, for reports and documentation.

The only module of the pack that needs the project's root on the path, for the command line; the engine
never imports it.
"""

from __future__ import annotations

import json
import sys

import typer

from commandline.run import command_line, run_cli
from guardrails.catalogue import RULES

app = command_line("")


@app.command()
def rules() -> None:
    """Print the policy pack's rules as a JSON list, in the order of the catalogue.

    Example, in the project's root: `PYTHONPATH=policies python -m guardrails`
    """
    listed = [
        {
            "id": rule.id,
            "title": rule.title,
            "level": rule.level.value,
            "severity": rule.severity.value,
            "scope": rule.scope.value,
            "question": rule.question.value,
            "controls": dict(rule.controls),
            "url": rule.url,
            "remedy": rule.remedy,
            "steps": list(rule.steps),
        }
        for rule in RULES
    ]
    typer.echo(json.dumps(listed, indent=2))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_cli(app, "python -m guardrails", arguments)


if __name__ == "__main__":
    sys.exit(main())
