"""The page `docs/conformance.md`: which of AWS's behaviors the suite shows, from its tests' markers.

The tests are read, not imported: nothing here depends on them.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from commandline.errors import UserError
from toolchain import paths

_OWN: Final = "X-"
"""How rows begin that are not behaviours of the table but drills: they have no line."""
SUITE: Final = paths.ROOT / "tests" / "conformance"

_INTRODUCTION: Final = """\
# The region compared with AWS's behavior

<!-- Written by `python -m docgen --write`; a test checks that it matches the code. -->

The suite in `tests/conformance/` asks for behaviours that AWS documents, with boto3 and HTTP only. Each
test names the rows of the tables below that it shows. The same tests run against AWS itself.

- Against a region, which the suite starts at twenty times AWS's speed and removes: `make conformance`, many
  minutes. `make test` runs all but the slow ones.
- Against AWS: `pytest tests/conformance --aws`, in the account and with the rights of your environment, in
  ap-northeast-2. It needs hours, because nothing there passes faster. It creates VPCs, instances of the
  smallest types, load balancers and databases, a few at a time: some dollars for the whole, most of it for
  databases and load balancers. Each test removes what it made, also if it fails, and the shared network is
  removed at the end. If the run itself is killed, remove what is in the VPC 10.40.0.0/16, and the VPC.

A row is **shown** by the test that it names, **refused** where the region answers with an error instead of
doing something else than AWS, or **open**: then nothing is promised. A row that **differs** counts as open.

{counts}
"""


_CLIENTS: Final = """\
## Clients of others

`tests/conformance/test_clients.py` runs clients that nobody of this project wrote, and installs them. It is
slow and so part of `make conformance`.

| Client | Version | What is run | Result |
| --- | --- | --- | --- |
| AWS CLI | 1.46.3 | the waiters of EC2 and Elastic Load Balancing, from a launch to its end | works |
| Chaos Toolkit, chaostoolkit-aws | 1.19.0, 0.35.1 | stops and terminates instances of a \
group, suspends and resumes its processes | works |
| Ansible, amazon.aws | 12.3.0 | a playbook in the default VPC: lookups, security group, \
instance, load balancer, alarm; the first three again, without a change | works |
| moto's own tests | 5.2.5 | nothing: they reset the server before each test, which the region \
refuses, and expect answers at once and without the checks that AWS makes | - |
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A test that shows a row.

    Attributes:
        file: Its file in the suite.
        name: Its name; empty if the row stands in a list of cases.
        failing: Why it is expected to fail, empty if it passes.
        beside: Why it stands outside the suite; empty if it does not.
    """

    file: str
    name: str
    failing: str = ""
    beside: str = ""


def render(suite: Path = SUITE) -> str:
    """Return the page.

    Raises:
        UserError: A test names a row that the table does not have, or the table a test that is not there.
    """
    table = tomllib.loads((suite / "rows.toml").read_text(encoding="utf-8"))
    rows: Mapping[str, str] = table["rows"]
    shown = _shown(suite) | _beside(table.get("beside", {}))
    unknown = sorted(row for row in shown.keys() - rows.keys() if not row.startswith(_OWN))
    if unknown:
        raise UserError(f"tests name rows that {suite / 'rows.toml'} does not have: {unknown}")
    refused = {row: why for row, why in table["refused"].items() if row not in shown}
    parts = [_INTRODUCTION.format(counts=_counts(table, shown, refused))]
    for family, members in groupby(rows, key=_family):
        parts += [
            f"## {table['title'][family]}\n",
            "| Row | Behaviour | Status |",
            "| --- | --- | --- |",
        ]
        parts += [f"| {row} | {rows[row]} | {_status(row, shown, refused)} |" for row in members]
        parts.append("")
    return "\n".join([*parts, _CLIENTS])


def _family(row: str) -> str:
    return row.partition("-")[0]


def _counts(
    table: Mapping[str, Any], shown: Mapping[str, Shown], refused: Mapping[str, str]
) -> str:
    lines = ["| | Rows | Shown | Refused | Open |", "| --- | ---: | ---: | ---: | ---: |"]
    passing = {row for row, test in shown.items() if not test.failing}
    families = [*table["title"], ""]
    for family in families:
        rows = [row for row in table["rows"] if not family or _family(row) == family]
        good, told = len(passing & set(rows)), len(refused.keys() & set(rows))
        title = table["title"].get(family, "**all**")
        lines.append(f"| {title} | {len(rows)} | {good} | {told} | {len(rows) - good - told} |")
    return "\n".join(lines)


def _status(row: str, shown: Mapping[str, Shown], refused: Mapping[str, str]) -> str:
    if row in shown:
        test = shown[row]
        where = f"`{test.file}`" + (f", `{test.name}`" if test.name else "")
        if test.failing:
            return f"differs: {test.failing} ({where})"
        return f"shown: {where}" + (f", outside the suite: {test.beside}" if test.beside else "")
    return f"refused: {refused[row]}" if row in refused else "open"


def _shown(suite: Path) -> dict[str, Shown]:
    found: dict[str, Shown] = {}
    for path in sorted(suite.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # Tests first: their marks say more than those of a list of cases.
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                failing = next(iter(_failing(node)), "")
                for mark in node.decorator_list:
                    for row in _rows(mark):
                        found.setdefault(row, Shown(path.name, node.name, failing))
        for row in _rows(tree):
            found.setdefault(row, Shown(path.name, ""))
    return found


def _beside(table: Mapping[str, Mapping[str, str]]) -> dict[str, Shown]:
    """Return the rows that tests outside the suite show."""
    found: dict[str, Shown] = {}
    for row, told in table.items():
        file, _, name = told["test"].partition("::")
        if f"def {name}(" not in (paths.ROOT / file).read_text(encoding="utf-8"):
            raise UserError(
                f"row {row} names {name}, which {file} does not have: name another test."
            )
        found[row] = Shown(file, name, beside=told["why"])
    return found


def _rows(tree: ast.AST) -> Iterator[str]:
    for call in _marks(tree, "row"):
        yield from (
            str(argument.value) for argument in call.args if isinstance(argument, ast.Constant)
        )


def _failing(function: ast.FunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        for call in _marks(mark, "xfail"):
            reasons = [word.value for word in call.keywords if word.arg == "reason"]
            yield from (str(reason.value) for reason in reasons if isinstance(reason, ast.Constant))


def _marks(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if node.func.attr == name and isinstance(owner, ast.Attribute) and owner.attr == "mark":
                yield node
