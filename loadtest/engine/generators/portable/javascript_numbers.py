"""Formats numbers as JavaScript does. Self-contained, because generators get a copy of it."""

from __future__ import annotations

from decimal import Decimal

_PLAIN_FROM, _PLAIN_UNTIL = -6, 21
"""Digits before the point, below 0 zeros behind it, of numbers that are written without an exponent."""


def shown(value: float) -> str:
    """Write a finite number: with an exponent only from 1e21 on, and below 1e-6."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + int(exponent)
    if 0 < point <= _PLAIN_UNTIL:
        whole = text.ljust(point, "0")
        made = f"{whole[:point]}.{whole[point:]}".rstrip(".")
    elif _PLAIN_FROM < point <= 0:
        made = f"0.{'0' * -point}{text}"
    else:
        made = f"{text[0]}.{text[1:]}".rstrip(".") + f"e{point - 1:+d}"
    return f"{'-' * sign}{made}"
