"""Output for its destination: rich tables on a terminal, plain aligned lines in a log or pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commandline.exit_codes import ExitCode
from commandline.text import visible
from loadtest.analysis.verdict import exit_code
from loadtest.engine.runner import RunResult
from loadtest.formatting import line_printer
from loadtest.models import Record
from loadtest.reporting import report

STYLES = {
    "kept": "green",
    "better": "green",
    "equivalent": "green",
    "yes": "green",
    "broken": "red",
    "worse": "red",
    "no": "yellow",
    "invalid": "yellow",
    "undecided": "yellow",
    "inconclusive": "yellow",
}
"""The style of a finding that stands alone in a cell."""


def show_table(
    console: Console,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    least: Sequence[str] = (),
) -> None:
    """Print a table: the first column left-aligned, numbers in the others right-aligned.

    A terminal that is too narrow is not shown the `least` columns, the first of them first.
    """
    if console.is_terminal:
        for name in least:
            if Console(width=1000).measure(_rich("", columns, rows)).maximum <= console.width:
                break
            left = [number for number, column in enumerate(columns) if column != name]
            columns = [columns[number] for number in left]
            rows = [[row[number] for number in left] for row in rows]
        console.print(_rich(title, columns, rows))
        return
    print_line = line_printer(console)
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    print_line(title)
    for row in (columns, *rows):
        print_line(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _rich(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        numeric = number > 0 and all(_is_figure(row[number]) for row in rows)
        # The first column is what other commands take, such as a run's id: it is not cut.
        justify = "right" if numeric else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=number == 0)
    for row in rows:
        # Text, not str: what comes from a file must not be read as markup.
        table.add_row(*(Text(visible(cell), style=STYLES.get(cell, "")) for cell in row))
    return table


def _is_figure(cell: str) -> bool:
    return not cell or cell[0] in "0123456789+-−–≥≤<>"


def show_run(console: Console, result: RunResult, *, json: bool = False) -> int:
    """Print a run, to standard output if as JSON, and return the exit code for it."""
    if json:
        show_json(Console(), result.summary)
    else:
        whole = not console.is_terminal
        report.show(console, report.render_run(result.summary), whole_lines=whole)
        line_printer(console)(f"results: {result.directory}")
    if result.summary.interrupted:
        return ExitCode.INTERRUPTED
    return exit_code(result.summary.verdict)


def show_lines(console: Console, *lines: str) -> None:
    """Print sentences: wrapped on a terminal, one line each elsewhere."""
    for line in lines:
        if console.is_terminal:
            console.print(Text(visible(line)))
        else:
            line_printer(console)(line)


def show_json(console: Console, record: Record) -> None:
    """Print a record as JSON and nothing else."""
    print_json(console, record.model_dump_json(indent=2))


def print_json(console: Console, text: str) -> None:
    """Print text as it is, whatever the console's width."""
    console.file.write(text + "\n")
    console.file.flush()
