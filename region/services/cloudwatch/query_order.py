"""The order in which queries are answered: what an expression refers to comes before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from region.services.cloudwatch.expression_parser import ExpressionError, names, parse


def in_order(queries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put metrics first, and each expression after those that it names.

    Raises:
        ExpressionError: An expression is invalid, or refers to itself.
    """
    queries = list(queries)
    done = [query for query in queries if query.get("MetricStat")]
    ids = {str(query["Id"]) for query in queries}
    known = {str(query["Id"]) for query in done}
    waiting = {
        str(query["Id"]): (query, names(parse(str(query.get("Expression") or ""))) & ids)
        for query in queries
        if not query.get("MetricStat")
    }
    while waiting:
        ready = [name for name, (_, needs) in waiting.items() if needs <= known]
        if not ready:
            raise ExpressionError(f"The expressions {', '.join(waiting)} refer to each other.")
        for name in ready:
            done.append(waiting.pop(name)[0])
            known.add(name)
    return done
