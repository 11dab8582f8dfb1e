"""The payload files of a script: whether they are readable, and what their rows do to a run."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandline import files
from loadtest.scenario import credentials, csv_text, nearby, walk
from loadtest.scenario.part import is_template
from loadtest.scenario.schema import Payload
from loadtest.yaml_positions import Location

csv.field_size_limit(sys.maxsize)  # Artillery's reader has no limit either: tokens are long.

SEEDED = "credentials.csv"
"""Name of the payload file that the runner writes: the visitors that the stack has seeded."""
NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
"""What `cast` makes a number of, as csv-parse does."""
_REWRITTEN = re.compile(r"[-+]?(?:0\d+|\d+\.\d*0|\d{17,}|\+\d+|\d+(?:\.\d+)?[eE][-+]?\d+)")
"""Numbers that are not the text they were written as once `cast` has made numbers of them."""


@dataclass(frozen=True)
class PayloadFile:
    """A payload file as it was read; `problem` says why it could not be."""

    location: Location
    payload: Payload
    path: Path
    rows: Sequence[Sequence[str]] = ()
    problem: str | None = None
    at: str = "path"
    """The key that the problem belongs to."""

    @property
    def seeded(self) -> bool:
        """Whether the runner writes it."""
        return self.payload.path == SEEDED and not self.path.exists()

    def columns(self) -> Iterator[tuple[str, Sequence[Any] | None]]:
        """Yield each variable that it sets, with its values where they are known."""
        if self.payload.loadAll:
            if self.payload.name:
                width = self.payload.fields
                yield (
                    self.payload.name,
                    [[dict(zip(width, row, strict=False)) for row in self.rows]],
                )
            return
        for index, name in enumerate(self.payload.fields):
            known = bool(self.rows) and all(index < len(row) for row in self.rows)
            yield name, [row[index] for row in self.rows] if known else None

    def notes(self) -> Iterator[str]:
        """Yield what a user should know about how its rows are used."""
        if self.payload.order is None and not self.payload.loadAll:
            yield (
                "no `order`: users get random rows, as Artillery's default is, so several may share "
                "one; `order: sequence` gives each its own"
            )
        if any(cell[:1] == " " and cell.strip() for row in self.rows for cell in row):
            yield "values that begin with a space keep it: write none behind the delimiter"
        hints = {_other_delimiter(self.payload, row) for row in self.rows}
        if len(self.payload.fields) == 1 and len(hints) == 1 and (hint := hints.pop()):
            yield f"each value may be several columns{hint}"
        if self.payload.cast and (value := self._rewritten()):
            yield f"`cast` makes numbers of texts such as {value}: `cast: false` keeps them as they are"

    def numbers(self) -> Iterator[tuple[str, str]]:
        """Yield each variable of which `cast` makes a number for some user, with the text of the first."""
        for index, name in enumerate(self.payload.fields if self.payload.cast else ()):
            cells = (row[index].strip() for row in self.rows if index < len(row))
            if (found := next(filter(NUMBER.fullmatch, cells), None)) is not None:
                yield name, found

    def _rewritten(self) -> str | None:
        return next(
            (one for row in self.rows for one in row if _REWRITTEN.fullmatch(one.strip())), None
        )


def read(content: Any, directory: Path) -> Iterator[PayloadFile]:
    """Read every payload file that a script names in a way that the schema accepts."""
    given = walk.mapping(walk.mapping(content).get("config")).get("payload")
    for index, entry in enumerate(walk.listed(given)):
        location: Location = ("config", "payload")
        if isinstance(given, list):
            location = (*location, index)
        try:
            payload = Payload.model_validate(entry)
        except ValueError:
            # The schema says what is wrong; what its columns are called is known all the same.
            if (named := _named_in(entry)) is not None:
                yield PayloadFile(location, named, directory)
            continue
        if is_template(payload.path) and "$environment" not in payload.path:
            # What is said of its template says it all.
            yield PayloadFile(location, payload, directory)
        else:
            yield _read(payload, location, directory)


def _named_in(entry: Any) -> Payload | None:
    """Return an entry that the schema refuses with nothing but the variables that it would set."""
    given = walk.mapping(entry)
    fields = [one for one in walk.sequence(given.get("fields")) if isinstance(one, str)]
    name = given.get("name")
    if isinstance(name, str) and given.get("loadAll"):
        return Payload(path="", loadAll=True, name=name)
    if not fields:
        return None
    # Not validated: what is wrong with it has been told.
    return Payload.model_construct(path="", fields=fields, order="random", cast=False)


def _read(payload: Payload, location: Location, directory: Path) -> PayloadFile:
    path = directory / payload.path
    if payload.path == SEEDED and not path.exists():
        if tuple(payload.fields) != credentials.HEADER:
            text = f"the seeded visitors have the fields {', '.join(credentials.HEADER)}"
            return PayloadFile(location, payload, path, problem=text, at="fields")
        return PayloadFile(location, payload, path)
    try:
        text = files.read_text(path, newline="")
        lines = io.StringIO(text, newline="")
        rows = [row for row in csv.reader(lines, delimiter=payload.delimiter) if row]
    except OSError as error:
        problem = f"cannot read the payload {path}: {error.strerror}"
        problem += nearby.remedy(directory, payload.path)
        if "\\" in payload.path:
            problem += "; write `/` between directories, which every system takes"
        if "$environment" in payload.path:
            problem += "; `--environment` sets its `$environment`"
        return PayloadFile(location, payload, path, problem=problem)
    except (UnicodeDecodeError, csv.Error) as error:
        problem = f"the payload {path} is not CSV in UTF-8: {error}"
        return PayloadFile(location, payload, path, problem=problem)
    if text.lstrip()[:1] in ("{", "[") and path.suffix == ".json":
        problem = (
            f"the payload {path} is JSON, and Artillery reads CSV: write it as CSV, or `require` it in a "
            "function of a `processor`"
        )
        return PayloadFile(location, payload, path, problem=problem)
    used = rows[payload.skipHeader :]
    problem = csv_text.problem(text, payload.delimiter, skips_header=payload.skipHeader)
    if problem is not None:
        problem = f"the payload {path}: {problem}"
    return PayloadFile(location, payload, path, used, problem or _fault(payload, path, used))


def _folded(names: Sequence[str]) -> list[str]:
    return [name.strip().casefold() for name in names]


def _other_delimiter(payload: Payload, row: Sequence[str]) -> str:
    """Return a remedy if something else than the delimiter separates the columns of a row."""
    text = payload.delimiter.join(row)
    for one in sorted({";", "\t", "|", ","} - {payload.delimiter}):
        if text.count(one) >= max(1, len(payload.fields) - 1):
            shown = "\\t" if one == "\t" else one
            return f': write `delimiter: "{shown}"`'
    return ""


def _fault(payload: Payload, path: Path, rows: Sequence[Sequence[str]]) -> str | None:
    """Return what is wrong with a payload's rows; None if nothing is."""
    if not rows:
        return f"the payload {path} has no row"
    if rows[0][0].startswith("\ufeff"):
        return f"the payload {path} begins with a BOM, which becomes part of its first value"
    if payload.fields and _folded(rows[0]) == _folded(payload.fields):
        return (
            f"the first row of the payload {path} has the names of its columns, which a user would get as "
            "values: write `skipHeader: true`"
        )
    for number, row in enumerate(rows, 1 + payload.skipHeader):
        if len(row) < len(payload.fields):
            hint = _other_delimiter(payload, row)
            return f"the payload {path} has {len(row)} columns, but {len(payload.fields)} `fields`{hint}"
        if len(row) != len(rows[0]):
            return (
                f"row {number} of the payload {path} has {len(row)} columns, the others have "
                f"{len(rows[0])}: Artillery does not read it"
            )
    return None
