"""Evaluates metric math over time series.

A time series is a dictionary of values by their time in epoch seconds. What CloudWatch has and this
does not, such as anomaly detection, is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from region.services.cloudwatch import expression_functions as functions
from region.services.cloudwatch.expression_functions import NumberArray, Series, SeriesList, Value
from region.services.cloudwatch.expression_parser import (
    Array,
    Call,
    ExpressionError,
    Name,
    Negation,
    Node,
    Number,
    Operation,
    Text,
    parse,
)

__all__ = ["Context", "ExpressionError", "Labelled", "evaluate", "parse"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A query's result.

    Attributes:
        label: Its label.
        value: A time series, several, or a number.
        is_metric: Whether it is a metric and not an expression.
    """

    label: str
    value: Value
    is_metric: bool = True


@dataclass
class Context:
    """What an expression is evaluated in.

    Attributes:
        known: The results of other queries by their id.
        period: Seconds between data points.
        times: When there may be data points, in ascending order, in epoch seconds.
        search: What finds the metrics of a search expression, with their statistic and period.
    """

    known: Mapping[str, Labelled]
    period: int
    times: Sequence[float] = ()
    search: Callable[[str, str, int], SeriesList] | None = None
    periods: Mapping[str, int] = field(default_factory=dict[str, int])


def evaluate(node: Node, context: Context) -> Value:
    """Evaluate an expression.

    Raises:
        ExpressionError: It has no value: a wrong argument, an unknown name or function.
    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return _named(node.value, context)
    if isinstance(node, Negation):
        return functions.each(evaluate(node.operand, context), lambda value: -value)
    if isinstance(node, Operation):
        return functions.combined(
            node.operator, evaluate(node.left, context), evaluate(node.right, context)
        )
    if isinstance(node, Array):
        return _array(node, context)
    if isinstance(node, Text):
        raise ExpressionError(f"The text {node.value!r} is not a time series.")
    return _call(node, context)


def _named(name: str, context: Context) -> Value:
    found = context.known.get(name)
    if found is None:
        raise ExpressionError(f"Undefined id {name!r}.")
    return found.value


def _array(node: Array, context: Context) -> SeriesList:
    items = SeriesList()
    for item in node.items:
        value = evaluate(item, context)
        label = context.known[item.value].label if isinstance(item, Name) else ""
        if isinstance(value, SeriesList):
            items.extend(value)
        elif isinstance(value, dict):
            items.append((label, value))
        else:
            raise ExpressionError("An array has time series only.")
    return items


def _call(node: Call, context: Context) -> Value:
    name, arguments = node.function, node.arguments
    if name in functions.REFUSED:
        raise NotImplementedError(f"{name}: {functions.REFUSED[name]}")
    special = _SPECIAL.get(name)
    if special is not None:
        return special(arguments, context)
    simple = functions.OF_ONE.get(name)
    if simple is None:
        raise ExpressionError(f"Unknown function {name}.")
    if len(arguments) != 1:
        raise ExpressionError(f"{name} has one argument.")
    return simple(evaluate(arguments[0], context), context.period)


def _period(arguments: Sequence[Node], context: Context) -> float:
    if len(arguments) == 1 and isinstance(arguments[0], Name):
        return float(context.periods.get(arguments[0].value, context.period))
    raise ExpressionError("PERIOD has one argument, the id of a metric.")


def _time_series(arguments: Sequence[Node], context: Context) -> Series:
    (value,) = _numbers("TIME_SERIES", arguments, context, 1)
    return dict.fromkeys(context.times, value)


def _if(arguments: Sequence[Node], context: Context) -> Value:
    return functions.choose([evaluate(one, context) for one in arguments])


def _slice(arguments: Sequence[Node], context: Context) -> Value:
    if not 2 <= len(arguments) <= 3:
        raise ExpressionError("SLICE has two or three arguments.")
    numbers = _numbers("SLICE", arguments[1:], context, len(arguments) - 1)
    return functions.part(evaluate(arguments[0], context), [int(one) for one in numbers])


def _numbers(name: str, arguments: Sequence[Node], context: Context, count: int) -> NumberArray:
    values = [evaluate(one, context) for one in arguments]
    numbers = [value for value in values if isinstance(value, float)]
    if len(values) != count or len(numbers) != count:
        raise ExpressionError(f"{name} needs a number.")
    return numbers


def _metrics(arguments: Sequence[Node], context: Context) -> SeriesList:
    wanted = ""
    if arguments:
        if len(arguments) > 1 or not isinstance(arguments[0], Text):
            raise ExpressionError("METRICS has at most one argument, a text.")
        wanted = arguments[0].value
    found = SeriesList()
    for name, one in context.known.items():
        if one.is_metric and isinstance(one.value, dict) and wanted in f"{name} {one.label}":
            found.append((one.label, one.value))
    return found


def _search(arguments: Sequence[Node], context: Context) -> SeriesList:
    if context.search is None:
        raise ExpressionError("An alarm cannot be based on a SEARCH expression.")
    texts = [one.value for one in arguments[:2] if isinstance(one, Text)]
    if len(texts) < 2 or len(arguments) > 3:
        raise ExpressionError("SEARCH has a text, a statistic and optionally a period.")
    period = context.period
    if len(arguments) == 3:
        period = int(_numbers("SEARCH", arguments[2:], context, 1)[0])
    return context.search(texts[0], texts[1], period)


def _fill(arguments: Sequence[Node], context: Context) -> Value:
    if len(arguments) != 2:
        raise ExpressionError("FILL has two arguments.")
    how = arguments[1]
    word = how.value.upper() if isinstance(how, Name) else ""
    filler: str | Series | float
    if word in {"REPEAT", "LINEAR"} and how.value not in context.known:  # type: ignore[union-attr]
        filler = word
    else:
        value = evaluate(how, context)
        if isinstance(value, SeriesList):
            raise ExpressionError("FILL takes a number, REPEAT, LINEAR or a time series.")
        filler = value
    return functions.filled(evaluate(arguments[0], context), filler, context.times)


def _sort(arguments: Sequence[Node], context: Context) -> SeriesList:
    words = [one.value.upper() if isinstance(one, Name) else "" for one in arguments[1:3]]
    if len(words) < 2:
        raise ExpressionError("SORT has an array, AVG, MIN, MAX or SUM, and ASC or DESC.")
    limit = None
    if len(arguments) > 3:
        limit = int(_numbers("SORT", arguments[3:], context, 1)[0])
    return functions.ordered(evaluate(arguments[0], context), words[0], words[1], limit)


_SPECIAL: Final[dict[str, Callable[[Sequence[Node], Context], Value]]] = {
    "FILL": _fill,
    "IF": _if,
    "METRICS": _metrics,
    "PERIOD": _period,
    "SEARCH": _search,
    "SLICE": _slice,
    "SORT": _sort,
    "TIME_SERIES": _time_series,
}
