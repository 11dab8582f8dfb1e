"""What one virtual user does, as data: the script with everything resolved that is known in advance.

Generators that walk through a script themselves read it as JSON. Templates stay as they are written;
`ifTrue` becomes a tree (`conditions.py`), `expect` a list of statuses, one that may be a list is one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from loadtest.engine.generators.base import Load
from loadtest.engine.generators.translation import conditions
from loadtest.runs import paths
from loadtest.scenario import walk
from loadtest.scenario.payloads import NUMBER
from loadtest.scenario.scenario import is_seeded
from loadtest.scenario.schema import Payload
from loadtest.scenario.steps import METHODS


def make(load: Load, agent: str) -> dict[str, Any]:
    """Return a user's plan.

    Args:
        load: The load; a seeded payload is read from its directory.
        agent: The header `user-agent`, unless the script's defaults set headers.

    Returns:
        `target`: the URL before every path; `timeout_s`; `strict`: whether a capture that finds
        nothing fails its user; `headers` and `cookie`: the defaults; `jitter`: that of every pause, or
        None; `variables`: a user gets one entry of each list; `payloads`: `fields` (or `name`) and
        `order`: the k-th user gets row k of `rows` (sequence), one at random, or all of them (all);
        `scenarios`: `weight` and `flow` of each; `before` and `after`: a flow, or None.
    """
    script = load.scenario.script
    config = walk.mapping(script["config"])
    old = walk.mapping(config.get("defaults"))
    new = walk.mapping(walk.mapping(config.get("http")).get("defaults"))
    both = {**old, **new}
    headers = both.get("headers") or {"user-agent": agent}
    return {
        "target": load.base_url,
        "timeout_s": load.scenario.timeout_s,
        "strict": both.get("strictCapture") is not False,
        "headers": {str(name).lower(): value for name, value in headers.items()},
        "cookie": both.get("cookie") or {},
        "jitter": walk.mapping(both.get("think")).get("jitter"),
        "variables": walk.mapping(config.get("variables")),
        "payloads": [_payload(one) for one in load.scenario.validated.config.payload],
        "scenarios": [
            {"weight": one.weight if one.weight is not None else 1, "flow": list(_steps(flow))}
            for one, (_, flow) in zip(
                load.scenario.validated.scenarios, walk.flows(script), strict=False
            )
        ],
        "before": _around(script, "before"),
        "after": _around(script, "after"),
    }


def rows(load: Load) -> list[list[Any]]:
    """Return the rows of each payload. Those of the seeded one are credentials: write no copy to keep."""
    return list(_rows_of(load))


def _around(script: Mapping[str, Any], key: str) -> list[dict[str, Any]] | None:
    return list(_steps(script[key]["flow"])) if key in script else None


def _steps(flow: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for step in flow:
        one = dict(cast("Mapping[str, Any]", step))
        for key in ("loop", "parallel"):
            if key in one:
                one[key] = list(_steps(one[key]))
        for method in METHODS:
            if method in one:
                one = {"request": _request(method, one[method])}
        yield one


def _request(method: str, request: Mapping[str, Any]) -> dict[str, Any]:
    made = {**request, "method": method.upper()}
    for key in ("capture", "match"):
        made[key] = walk.listed(request.get(key))
    made["expect"] = [
        int(status)
        for one in walk.listed(request.get("expect"))
        for status in walk.listed(one.get("statusCode"))
    ]
    if "ifTrue" in request:
        made["ifTrue"] = conditions.parse(request["ifTrue"])
    return made


def _payload(payload: Payload) -> dict[str, Any]:
    if payload.loadAll:
        return {"name": payload.name, "order": "all"}
    return {"fields": payload.fields, "order": payload.order or "random"}


def _rows_of(load: Load) -> Iterator[list[Any]]:
    for payload in load.scenario.validated.config.payload:
        seeded = is_seeded(payload, load.scenario.directory)
        directory = load.directory if seeded else load.scenario.directory
        read = _rows(payload, directory / (paths.CREDENTIALS if seeded else payload.path))
        if payload.loadAll:
            yield [dict(zip(payload.fields, row, strict=False)) for row in read]
        else:
            yield read


def _rows(payload: Payload, file: Path) -> list[list[Any]]:
    with file.open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.reader(text, delimiter=payload.delimiter) if row]
    used = rows[payload.skipHeader :]
    return [[_cast(one) for one in row] for row in used] if payload.cast else cast("Any", used)


def _cast(text: str) -> str | int | float:
    if not NUMBER.fullmatch(text.strip()):
        return text
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
