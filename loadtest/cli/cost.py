"""The command `cost`: what a stack costs a month, item by item."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console

from commandline import disk
from commandline.findings import Findings
from commandline.options import file
from commandline.options import stack as stack_name
from loadtest.cli import output, tools
from loadtest.runs import paths
from loadtest.stack import outputs
from loadtest.stack.outputs import MonthlyCost


def cost_command(
    stack: Annotated[
        str,
        typer.Option(
            "--stack", parser=stack_name, metavar="NAME", help="Pulumi stack, such as `ha`."
        ),
    ],
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            parser=file,
            metavar="PATH",
            help="Also write the table as JSON to this file.",
        ),
    ] = None,
) -> int:
    """Print what a stack costs a month, item by item, from its own estimate.

    Example: `python -m loadtest cost --stack ha --file cost.json`
    """
    findings = Findings()
    estimate = findings.of(outputs.estimate, stack, tools.pulumi())
    if file is not None:
        findings.of(disk.require_writable, file)
    findings.report()
    found = estimate.value
    console = Console()
    show(console, stack, found)
    if file is not None:
        paths.write_json(file, found.model_dump(mode="json", by_alias=True, exclude_none=True))
    return 0


def show(console: Console, stack: str, found: MonthlyCost) -> None:
    """Print the items, the total, and what is not in it."""
    document = found.model_dump(by_alias=True)
    rows = [_row(line) for line in cast("list[dict[str, Any]]", document.get("lines") or [])]
    total = (
        "no total" if found.total is None else f"{found.total:,.2f} {found.currency or ''}".strip()
    )
    title = f"{stack}, {found.region}: {total} a month"
    output.show_table(console, title, ("item", "quantity", "unit", "unit price", "amount"), rows)
    for line in cast("list[dict[str, Any]]", document.get("onUse") or []):
        output.show_lines(
            console, f"on use: {line['item']}, {line['unitPrice']} per {line['unit']}"
        )
    for note in found.notes:
        output.show_lines(console, note)


def _row(line: dict[str, Any]) -> list[str]:
    amount = line.get("monthly")
    return [
        str(line.get("item", "")),
        f"{line.get('quantity', 0):g}",
        str(line.get("unit", "")),
        str(line.get("unitPrice", "")),
        "" if amount is None else f"{amount:,.2f}",
    ]
